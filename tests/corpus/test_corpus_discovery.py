"""Which files are read, in which order, and what happens with those that cannot be."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from pathlib import Path

import pytest

from service.corpus import opening, read
from service.errors import InputError
from service.records import Article, Rejection


def names(found: list[Article | Rejection]) -> list[str]:
    return [Path(f.origin).name for f in found]


def test_folders_are_read_by_name_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/B.TXT", "c/d/e.jsonl", ".hidden.txt", ".git/x.txt", "a/.b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('{"text": "a"}')
    found = list(read([tmp_path]))
    assert all(isinstance(f, Article) for f in found)
    assert names(found) == ["B.TXT", "z.md", "b.txt", "e.jsonl:1"]


def test_a_hidden_file_is_read_when_named_and_order_is_as_given(tmp_path: Path) -> None:
    for name in (".hidden.txt", "a.txt"):
        (tmp_path / name).write_text("text")
    found = list(read([str(tmp_path / "a.txt"), tmp_path / ".hidden.txt"]))
    assert names(found) == ["a.txt", ".hidden.txt"]


@pytest.mark.parametrize("name", ["a.doc", "a.zip", "README", "a.pdf.gz", "a.gz"])
def test_an_unknown_kind_is_rejected_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"text")
    (tmp_path / "z.txt").write_bytes(b"text")
    rejected, taken = read([tmp_path])
    assert isinstance(rejected, Rejection) and isinstance(taken, Article)
    assert rejected.origin == str(tmp_path / name) and rejected.line == 0
    assert "kind" in rejected.reason and ".docx" in rejected.reason


def test_a_missing_path_raises_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match=r"missing\.txt \(No such file"):
        read([tmp_path / "a.txt", tmp_path / "missing.txt"])


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (rejected,) = read([tmp_path])
    assert isinstance(rejected, Rejection)
    assert "holds no files" in rejected.reason


def test_a_file_that_goes_away_or_is_not_allowed_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("text")
    found = read([tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.txt"])
    (tmp_path / "a.txt").unlink()
    really_open = Path.open

    def refuse_b(path: Path, mode: str = "r") -> object:
        if path.name == "b.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, mode)

    monkeypatch.setattr(Path, "open", refuse_b)
    gone, refused, taken = found
    assert isinstance(gone, Rejection) and "No such file" in gone.reason
    assert isinstance(refused, Rejection) and "Permission denied" in refused.reason
    assert isinstance(taken, Article)


def test_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.txt").write_text("text")
    files = tmp_path / "files"
    os.symlink(tmp_path / "nowhere.txt", files / "a-broken.txt")
    os.symlink(tmp_path / "elsewhere" / "x.txt", files / "b-file.txt")
    os.symlink(files, files / "c-loop")
    os.mkfifo(files / "d-pipe.txt")
    broken, taken, loop, pipe = read([files])
    assert isinstance(broken, Rejection) and "No such file" in broken.reason
    assert isinstance(taken, Article)
    assert isinstance(loop, Rejection) and "link to a folder" in loop.reason
    assert isinstance(pipe, Rejection) and "standard input" in pipe.reason
    (named,) = read([files / "d-pipe.txt"])
    assert isinstance(named, Rejection)


def test_a_name_that_is_not_utf8_gives_an_origin_that_is(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb") as out:
        out.write(b"text")
    (found,) = read([tmp_path])
    assert isinstance(found, Article)
    assert found.origin.endswith("caf\ufffd.txt")


def test_gzip_of_streamed_kinds_and_the_hash_of_the_file(tmp_path: Path) -> None:
    for name in ("a.txt.gz", "b.jsonl.gz", "c.JSON.GZ"):
        (tmp_path / name).write_bytes(gzip.compress(b'{"text": "a"}'))
    found = list(read([tmp_path]))
    assert [f.text for f in found if isinstance(f, Article)] == ['{"text": "a"}', "a", "a"]
    for f in found:
        assert isinstance(f, Article)
        file = Path(f.origin.removesuffix(":1"))
        assert f.origin_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert f.sha256 == hashlib.sha256(f.text.encode()).hexdigest()


LINES = b"".join(b'{"text": "line %d %s"}\n' % (n, os.urandom(200).hex().encode()) for n in range(500))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[: len(data) // 2], "breaks off"),
        (lambda data: data[:-4], "breaks off"),
        (lambda data: data[:-8] + b"\0" * 8, "damaged"),
        (lambda data: data + b"garbage", "damaged"),
        (lambda data: data[: len(data) // 2] + b"\xff" * 100 + data[len(data) // 2 + 100 :], "damaged"),
    ],
)
def test_damaged_gzip_gives_what_came_before(tmp_path: Path, damage: object, reason: str) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(damage(gzip.compress(LINES)))  # type: ignore[operator]
    *before, last = read([file])
    taken = [f for f in before if isinstance(f, Article)]
    assert len(taken) > 100
    assert all(f.text.startswith(f"line {n} ") for n, f in enumerate(taken))
    assert isinstance(last, Rejection)
    assert reason in last.reason


@pytest.mark.parametrize("content", [b"", b"not gzip at all"])
def test_what_is_no_gzip_is_rejected(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(content)
    (rejected,) = read([file])
    assert isinstance(rejected, Rejection)


def test_a_zip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MIN_EXPANDED_BYTES", 2**20)
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"text": "a"}\n' + b" " * 20_000_000 + b"\n"))
    taken, rejected = read([file])
    assert isinstance(taken, Article)
    assert isinstance(rejected, Rejection)
    assert "zip bomb" in rejected.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_standard_input_is_json_lines_after_an_opening_brace(encoding: str) -> None:
    first, second = read(["-"], stdin=io.BytesIO('\n {"text": "a"}\n{"text": "b"}'.encode(encoding)))
    assert isinstance(first, Article) and isinstance(second, Article)
    assert (first.text, first.origin, first.origin_sha256) == ("a", "-:2", "")
    assert (second.text, second.origin) == ("b", "-:3")


@pytest.mark.parametrize("text", ["\n نص\r\n", "[1] {x}", "text {"])
def test_standard_input_is_text_otherwise(text: str) -> None:
    (found,) = read(["-"], stdin=io.BytesIO(text.encode()))
    assert isinstance(found, Article)
    assert (found.text, found.origin, found.origin_sha256) == (text, "-", "")


def test_standard_input_of_the_process_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"text"))
    monkeypatch.setattr("sys.stdin", stdin)
    (found,) = read(["-"])
    assert isinstance(found, Article)
    assert not stdin.buffer.closed


def test_empty_and_failing_standard_input_are_rejections() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    for stdin, reason in ((io.BytesIO(), "empty text"), (Failing(), "Input/output error")):
        (found,) = read(["-"], stdin=stdin)
        assert isinstance(found, Rejection)
        assert found.origin == "-" and reason in found.reason
