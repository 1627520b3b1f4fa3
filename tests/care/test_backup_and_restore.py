"""One file holds a whole version; what comes back is the same, or is refused with the reason."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.engine import Engine
from service.errors import CollectionNotFound, IndexDamaged, IndexMismatch, InputError
from service.settings import Settings

from .conftest import flip, shown

Reports = Callable[..., Path]


def packed(engine: Engine) -> bytes:
    out = io.BytesIO()
    engine.backup("c", out)
    return out.getvalue()


class Pipe(io.RawIOBase):
    """Bytes that can be read once and not sought in."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._content.readinto(buffer)


def test_what_comes_back_is_the_same(care: Engine, tmp_path: Path) -> None:
    before, ids = shown(care), care.article_ids("c")
    whole = packed(care)
    with closing(Engine(Settings(indexes=tmp_path / "elsewhere"))) as other:
        made = other.restore(Pipe(whole), None, False, False)
        assert (made.collection, made.articles) == ("c", 7)
        assert shown(other) == before
        assert other.article_ids("c") == ids
        assert other.verify("c").damages == ()
        assert not (other.indexes / "c" / "staging").exists()
        assert other.ingest("c", [_report(tmp_path)]).added == 1, "and can be written to"


def _report(folder: Path) -> Path:
    path = folder / "later.txt"
    path.write_text("A later report of a convoy.")
    return path


def test_under_another_name_beside_the_first(care: Engine) -> None:
    before = shown(care)
    care.restore(io.BytesIO(packed(care)), "d", False, False)
    assert shown(care, "d") == before == shown(care)
    assert care.status("d").collection == "d"


def test_a_collection_that_is_there_is_replaced_only_when_told(care: Engine) -> None:
    before, whole = shown(care), packed(care)
    care.delete("c", ["r1", "r2", "r5"])
    assert shown(care) != before
    with pytest.raises(InputError, match="'c' is there already"):
        care.restore(io.BytesIO(whole), None, False, False)
    assert care.version("c") == "v000004"
    care.restore(io.BytesIO(whole), None, True, False)
    assert care.version("c") == "v000005", "a reader sees that it is another one"
    assert shown(care) == before
    assert care.verify("c").damages == ()


def test_every_cut_and_every_flip_is_refused_with_nothing_made(care: Engine) -> None:
    whole = packed(care)
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        members = [(member.name, member.offset_data, member.size) for member in archive]
    assert members[-1][0] == "SHA256SUMS"
    for cut in (0, 100, 600, len(whole) // 2, members[-1][1] - 600, members[-1][1]):
        with pytest.raises((InputError, IndexMismatch)):
            care.restore(io.BytesIO(whole[:cut]), "cut", False, False)
    for name, start, size in [*members[:4], *members[4:-1:9], members[-1]]:
        spoilt = bytearray(whole)
        if size:
            spoilt[start + size // 2] ^= 1
            with pytest.raises((InputError, IndexMismatch)) as refused:
                care.restore(io.BytesIO(bytes(spoilt)), "spoilt", False, False)
            assert name == "rasad-backup.json" or name in str(refused.value) or name == "SHA256SUMS"
    assert care.collections() == ["c"]
    assert not any(path.is_file() for path in (care.indexes / "spoilt").rglob("*") if path.name != "LOCK")


def test_what_is_no_backup_is_refused(care: Engine, tmp_path: Path) -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.add(_report(tmp_path), "../../escaped.txt")
    for content in (b"", b"no tar at all" * 100, tar.getvalue()):
        with pytest.raises(InputError):
            care.restore(io.BytesIO(content), "x", False, False)


def test_a_member_that_does_not_belong_there_is_refused(care: Engine, tmp_path: Path) -> None:
    whole, spoilt = io.BytesIO(packed(care)), io.BytesIO()
    with tarfile.open(fileobj=whole) as old, tarfile.open(fileobj=spoilt, mode="w") as new:
        for member in old:
            if member.name == "SHA256SUMS":
                new.add(_report(tmp_path), "segments/../../escaped.txt")
            new.addfile(member, old.extractfile(member))
    with pytest.raises(InputError, match="escaped"):
        care.restore(io.BytesIO(spoilt.getvalue()), "x", False, False)
    assert list(tmp_path.rglob("escaped*")) == []


def test_a_damaged_collection_is_not_backed_up(care: Engine) -> None:
    path = care.indexes / "c" / "segments" / "s000001-0" / "store.sqlite"
    flip(path)
    with pytest.raises(IndexDamaged, match=str(path)):
        packed(care)
    with pytest.raises(CollectionNotFound):
        care.backup("none", io.BytesIO())


def test_the_version_is_pinned_while_others_are_published(care: Engine, tmp_path: Path) -> None:
    before = shown(care)

    class Slow(io.BytesIO):
        """Changes the collection three times while it is being written to."""

        changes = iter(["r1", "r2", "r3"])

        def write(self, content: bytes) -> int:  # type: ignore[override]
            if article_id := next(self.changes, None):
                care.delete("c", [article_id])
            return super().write(content)

    out = Slow()
    assert care.backup("c", out).version == "v000003"
    assert care.version("c") == "v000006"
    care.restore(io.BytesIO(out.getvalue()), "d", False, False)
    assert shown(care, "d") == before


def test_the_state_of_the_web_service_is_part_of_it(indexes: Path, care: Engine, tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(state)) as writing:
        writing.execute("pragma journal_mode=wal")
        writing.execute("create table notes (text)")
        writing.execute("insert into notes values ('kept')")
        writing.commit()
        with closing(Engine(Settings(indexes=indexes, state=str(state)))) as engine:
            out = io.BytesIO()
            assert engine.backup("c", out).state, "while it is open, with the row still in its log"

    def kept(path: Path) -> list[tuple[str]]:
        with closing(sqlite3.connect(path)) as reading:
            return reading.execute("select text from notes").fetchall()

    new = tmp_path / "new" / "state.sqlite"
    with closing(Engine(Settings(indexes=indexes, state=str(new)))) as engine:
        assert engine.restore(io.BytesIO(out.getvalue()), "d", False, False).state
        assert kept(new) == [("kept",)]
        with closing(sqlite3.connect(new)) as writing:
            writing.execute("update notes set text = 'later'")
            writing.commit()
        assert not engine.restore(io.BytesIO(out.getvalue()), "e", False, False).state
        assert kept(new) == [("later",)]
        assert engine.restore(io.BytesIO(out.getvalue()), "f", False, True).state
        assert kept(new) == [("kept",)]
