"""JSON Lines: fields under their names, broken lines one by one, memory that does not grow."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.corpus import read
from service.records import Article, Rejection

SURROGATES = ("Cs",)


def write(path: Path, *records: object) -> Path:
    lines = (r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode() for r in records)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize(
    ("alias", "field", "value"),
    [
        *((name, "article_id", "x/1") for name in ("id", "_id", "guid", "doc_id")),
        *((name, "text", " نص \r\n") for name in ("text", "body", "content")),
        *((name, "published", "2015-07-21") for name in ("published", "date", "pubDate")),
        *((name, "source", "وكالة") for name in ("source", "publisher")),
        *((name, "url", "http://example.org/ا") for name in ("url", "link")),
        *((name, "language", "en") for name in ("language", "lang")),
        ("title", "title", " عنوان "),
    ],
)
def test_every_name_of_a_field(tmp_path: Path, alias: str, field: str, value: str) -> None:
    record = {alias: value} if field == "text" else {"text": "نص", alias: value}
    (found,) = read([write(tmp_path / "a.jsonl", record)])
    assert isinstance(found, Article)
    assert getattr(found, field) == value


def test_an_empty_alias_gives_way_to_the_next(tmp_path: Path) -> None:
    record = {"text": " ", "body": None, "content": "this", "id": "", "guid": 12, "source": None, "date": ""}
    (found,) = read([write(tmp_path / "a.jsonl", record)])
    assert isinstance(found, Article)
    assert (found.text, found.article_id, found.source, found.published) == ("this", "12", "", "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a', "broken JSON at column"),
        (b"not json", "broken JSON at column 1"),
        (b'["text"]', "not a JSON object but ['text']"),
        (b'"text"', "not a JSON object"),
        (b"3", "not a JSON object"),
        (b"[" * 50_000, "cannot be read"),
        (b'{"text": ' + b"[" * 900 + b"]" * 900 + b"}", "text is a list"),
        (b'{"id": ' + b"9" * 5000 + b"}", "cannot be read"),
        (b"{}", "no text"),
        (b'{"id": "x", "headline": "y"}', "fields found are 'id, headline'"),
        (b'{"text": null}', "no text"),
        (b'{"text": ""}', "empty text"),
        (b'{"text": " \\u200f- "}', "empty text"),
        (b'{"text": ["a"]}', "text is a list"),
        (b'{"text": {"ar": "a"}}', "text is an object"),
        (b'{"text": 5}', "text is a number"),
        (b'{"text": "a\\u0000b"}', "NUL character at 1"),
        (b'{"text": "a\\ud800b"}', "surrogate pair (\\ud800) at 1"),
        (b'{"text": "a", "title": "\\udc00"}', "title has half a surrogate pair"),
        (b'{"text": "a", "title": "\\u0000"}', "title has a NUL"),
        (b'{"text": "a", "title": ["t"]}', "title is a list"),
        (b'{"text": "a", "source": {"name": "x"}}', "source is an object"),
        (b'{"text": "a", "id": true}', "id is true or false"),
        (b'{"text": "a", "id": "a\\nb"}', "control characters"),
        (b'{"text": "a", "id": "a\\u0085"}', "control characters"),
        (b'{"text": "a", "id": "a\\u2028"}', "line breaks"),
        (b'{"text": "a", "id": "' + b"x" * 513 + b'"}', "513 characters"),
        (b'{"text": "a", "title": "' + b"x" * 10_001 + b'"}', "title has 10,001 characters"),
        (b'{"text": "a", "date": "soon"}', "the date 'soon' cannot be read"),
        (b'{"text": "' + b"a" * 3000 + b'"}', "3,000 bytes"),
        (b'{"text": "' + b"a" * 80_000 + b'"}', "a line of more than"),
        (b'{"text": "\xff"}', "not UTF-8"),
        (b"\0\0\0\0", "broken JSON"),
    ],
)
def test_a_bad_line_is_rejected_with_its_place_and_reason(tmp_path: Path, line: bytes, reason: str) -> None:
    file = write(tmp_path / "a.jsonl", {"id": "1", "text": "first"}, b"", line, {"id": "2", "text": "last"})
    first, rejected, last = read([file], max_text_bytes=2500)
    assert isinstance(first, Article) and isinstance(last, Article)
    assert (first.article_id, last.article_id) == ("1", "2")
    assert (first.origin, last.origin) == (f"{file}:1", f"{file}:4")
    assert isinstance(rejected, Rejection)
    assert (rejected.origin, rejected.line) == (str(file), 3)
    assert reason in rejected.reason
    assert "\n" not in rejected.reason and len(rejected.reason) < 400


def test_an_id_of_512_characters_is_taken(tmp_path: Path) -> None:
    (found,) = read([write(tmp_path / "a.jsonl", {"text": "a", "id": "x" * 512})])
    assert isinstance(found, Article)
    assert found.article_id == "x" * 512


@pytest.mark.parametrize("document", ['{\n "text": "a"\n}', '[\n {"text": "a"}\n]'])
def test_a_pretty_printed_document_is_one_rejection(tmp_path: Path, document: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(document)
    (found,) = read([file])
    assert isinstance(found, Rejection)
    assert found.line == 0 and "jq -c" in found.reason


def test_a_file_without_records_is_said(tmp_path: Path) -> None:
    (found,) = read([write(tmp_path / "a.jsonl", b"", b"  ")])
    assert isinstance(found, Rejection)
    assert "no record" in found.reason


def test_numbers_in_metadata_are_kept_as_their_digits(tmp_path: Path) -> None:
    record = {"text": "a", "id": 20150721001, "title": 1.5, "date": 20150721}
    (found,) = read([write(tmp_path / "a.jsonl", record)])
    assert isinstance(found, Article)
    assert (found.article_id, found.title, found.published) == ("20150721001", "1.5", "2015-07-21")


def test_a_long_line_is_skipped_without_holding_it(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.write(b'{"text": "')
        for _ in range(30):
            out.write(b"abcdefgh" * 131_072)
        out.write(b'"}\n{"text": "after"}\n')
    tracemalloc.start()
    rejected, after = read([file], max_text_bytes=10_000)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(rejected, Rejection) and rejected.line == 1
    assert isinstance(after, Article) and after.text == "after"
    assert peak_bytes < 3_000_000


def test_articles_come_before_the_stream_has_ended() -> None:
    class Endless(io.RawIOBase):
        count = 0

        def read(self, size: int = -1) -> bytes:
            self.count += 1
            return (b'{"text": "one"}\n' * (size // 16))[:size].ljust(size)

    stream = Endless()
    found = read(["-"], stdin=stream)  # type: ignore[arg-type]
    assert isinstance(next(found), Article)
    assert stream.count < 4
    found.close()  # type: ignore[attr-defined]


@given(
    st.lists(st.text(st.characters(exclude_categories=SURROGATES, exclude_characters="\0")), max_size=5), st.booleans()
)
def test_text_survives_jsonl(tmp_path_factory: pytest.TempPathFactory, texts: list[str], ascii_only: bool) -> None:
    file = tmp_path_factory.getbasetemp() / "property.jsonl"
    file.write_bytes("".join(json.dumps({"text": t}, ensure_ascii=ascii_only) + "\n" for t in texts).encode())
    found = list(read([file]))
    wanted = [t for t in texts if any(map(str.isalnum, t))]
    assert [f.text for f in found if isinstance(f, Article)] == wanted
    assert sum(isinstance(f, Rejection) for f in found) == (len(texts) - len(wanted) if texts else 1)
