"""A purged article is on no file of the collection any more: every byte is looked at, compressed ones too."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from service.backends.embedded.remake import Remaking
from service.engine import Engine
from service.errors import ArticleNotFound, InputError

from .conftest import articles, flip, shown

Reports = Callable[..., Path]
SECRET = {
    "id": "qzid-7",
    "title": "Vexqtitle of the matter",
    "text": "The wozzlebrack near Hawija was told by Yaqqurian on 3 May 2020.",
    "source": "Plunkquist",
    "url": "https://example.org/qzurl",
}
TRACES = ["qzid-7", "vexqtitle", "wozzlebrack", "yaqqurian", "plunkquist", "qzurl", "qzcopy", "qzcopytitle"]


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file's name and bytes, and whatever a zlib stream in it unpacks to."""
    for path in sorted(folder.rglob("*")):
        yield path, str(path.relative_to(folder)).encode()
        if path.is_file():
            whole = path.read_bytes()
            yield path, whole
            start = whole.find(b"\x78")
            while start >= 0:
                with suppress(zlib.error):
                    yield path, zlib.decompressobj().decompress(whole[start:])
                start = whole.find(b"\x78", start + 1)


def traces(folder: Path, vector: bytes) -> dict[str, list[str]]:
    """{what: files it is in}; words in any case, in UTF-8 and UTF-16, the passage's vector as stored."""
    found: dict[str, list[str]] = {}
    for path, content in contents(folder):
        lower = content.lower()
        for word in TRACES:
            if word.encode() in lower or word.encode("utf-16-le") in lower:
                found.setdefault(word, []).append(str(path.relative_to(folder)))
        if vector in content:
            found.setdefault("vector", []).append(str(path.relative_to(folder)))
    return found


def vector_of(engine: Engine, article: dict[str, object]) -> bytes:
    return engine.encoder.encode_passages([f"{article['title']}\n{article['text']}"])[0].astype(np.float16).tobytes()


@pytest.mark.parametrize("history", ["published", "deleted", "updated"])
def test_no_byte_of_a_purged_article_is_left(engine: Engine, reports: Reports, history: str) -> None:
    folder, vector = engine.indexes / "c", vector_of(engine, SECRET)
    engine.ingest("c", [reports(*articles()[:4])])
    before = shown(engine)
    copy = {**SECRET, "id": "qzcopy", "title": "qzcopytitle"}
    engine.ingest("c", [reports(*articles()[4:6], SECRET, copy)])
    if history == "deleted":
        engine.delete("c", ["qzid-7", "qzcopy"])
    elif history == "updated":
        engine.ingest("c", [reports({**SECRET, "text": "Wozzlebrack again."}, {**copy, "text": "No."})], update=True)
    engine.delete("c", ["r4", "r5"])
    (folder / "staging" / "0-1").mkdir(parents=True)
    (folder / "staging" / "0-1" / "store.sqlite").write_bytes(b"wozzlebrack left by a writer that died")
    assert {"qzid-7", "wozzlebrack", "vexqtitle", "qzcopy", "vector"} <= set(traces(folder, vector))

    engine.purge("c", ["qzid-7", "qzcopy"])
    assert traces(folder, vector) == {}
    assert engine.verify("c").damages == ()
    assert sorted(engine.article_ids("c")) == ["r0", "r1", "r2", "r3"]
    assert shown(engine) == before


@pytest.mark.parametrize("damaged", [False, True])
def test_the_neighbours_in_its_segment_are_as_if_it_had_never_come(
    engine: Engine, reports: Reports, damaged: bool
) -> None:
    folder, vector = engine.indexes / "c", vector_of(engine, SECRET)
    first, rest = articles()[:3], articles()[3:]
    engine.ingest("c", [reports(*first)])
    engine.ingest("c", [reports(*rest[:2], SECRET, *rest[2:], {**SECRET, "id": "qzcopy", "title": "qzcopytitle"})])
    engine.ingest("never", [reports(*first)])
    engine.ingest("never", [reports(*rest)])
    if damaged:  # what is copied would get new checksums: it is made again of its texts instead
        segment = folder / "segments" / str(engine.status("c").segments[1]["id"])
        flip(segment / "terms.counts.npy", 0.9)
    with mock.patch.object(Remaking, "again", autospec=True, side_effect=Remaking.again) as again:
        engine.purge("c", ["qzid-7", "qzcopy"])
    assert again.called == damaged
    assert traces(folder, vector) == {}
    assert engine.verify("c").damages == ()
    assert engine.status("c").statistics == engine.status("never").statistics
    assert shown(engine) == shown(engine, "never")
    assert engine.article_ids("c") == engine.article_ids("never")
    files = [
        {path.name: path.read_bytes() for path in (top / "segments" / str(entry["id"])).iterdir()}
        for top in (folder, engine.indexes / "never")
        for entry in engine.status(top.name).segments[1:]
    ]
    differing = {name for name in files[0] if files[0][name] != files[1].get(name)}
    assert files[0].keys() == files[1].keys() and differing <= {"store.sqlite"}, "origins of the articles differ"


def test_a_text_that_another_id_keeps_is_not_purged_by_halves(care: Engine) -> None:
    for article_id, other in (("r0", "copy-of-r0"), ("copy-of-r0", "r0")):
        with pytest.raises(InputError, match=f"also kept under {other}"):
            care.purge("c", [article_id])
    assert care.version("c") == "v000003"
    care.purge("c", ["copy-of-r0", "r0"])
    assert sorted(care.article_ids("c")) == ["r1", "r2", "r3", "r5", "r6", "r7"]


def test_an_unknown_id_changes_nothing(care: Engine) -> None:
    with pytest.raises(ArticleNotFound, match="'nobody'"):
        care.purge("c", ["r0", "copy-of-r0", "nobody"])
    assert care.version("c") == "v000003"


def test_a_purged_sample_report_is_not_remembered_by_its_id(engine: Engine) -> None:
    engine.prepare_sample()
    engine.purge("seeds", ["seed-001"])
    assert not [path for path in engine.indexes.rglob("*") if path.is_file() and b"seed-001" in path.read_bytes()]
    assert engine.prepare_sample() is None, "and does not come back by itself"
