"""Files -> Article: what can be read becomes an Article, what cannot becomes a Rejection, and nothing stops the rest.

paths -> discovery -> opening -> one reader per kind of file -> Entry -> fields -> Article
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from textwrap import shorten
from typing import BinaryIO

from service.corpus import csvfile, feed, jsonlines, pdf, plain, webpage, word
from service.corpus.decoding import check_encoding
from service.corpus.discovery import STDIN, check_paths, discover
from service.corpus.entry import Entry, Flaw, Reader, Source, Unfit, Unreadable
from service.corpus.fields import to_article
from service.corpus.found import Found
from service.corpus.opening import open_file, open_stdin
from service.records import Article, Rejection

__all__ = ["read", "read_feed"]

MAX_REASON_CHARS = 500

STREAMED: dict[str, Reader] = {  # these may also be gzipped
    ".txt": plain.entries,
    ".md": plain.entries,
    ".jsonl": jsonlines.entries,
    ".json": jsonlines.entries,
    ".csv": csvfile.entries,
    ".html": webpage.entries,
    ".htm": webpage.entries,
    ".xml": feed.entries,
    ".rss": feed.entries,
    ".atom": feed.entries,
}
SEEKABLE: dict[str, Reader] = {".pdf": pdf.entries, ".docx": word.entries}


def read(
    paths: Sequence[str | Path],
    *,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    max_text_bytes: int = 10_000_000,
) -> Iterator[Article | Rejection]:
    """Articles and rejections in the order of ``paths``; folders in the order of their names; ``-`` is standard input.

    A path or an encoding that does not exist raises InputError at once. Texts are as received: decoded, nothing else.
    ``encoding`` is used for every file instead of finding it out; ``stdin`` stands in for the process's own.
    ``max_text_bytes`` bounds one article's text in UTF-8, and with it the memory that reading takes.
    """
    check_encoding(encoding)
    check_paths(paths)
    return _read(paths, encoding, stdin, max_text_bytes)


def read_feed(data: bytes, origin: str, *, max_text_bytes: int = 10_000_000) -> Iterator[Article | Rejection]:
    """The entries of an RSS or Atom feed that was fetched from ``origin``."""
    source = Source(origin, io.BufferedReader(io.BytesIO(data)), sha256(data).hexdigest(), None, max_text_bytes)
    return _articles(source, feed.entries)


def _read(
    paths: Sequence[str | Path], encoding: str | None, stdin: BinaryIO | None, max_text_bytes: int
) -> Iterator[Article | Rejection]:
    for found in discover(paths):
        if isinstance(found, Rejection):
            yield found
        elif found.origin == STDIN:
            with open_stdin(stdin, encoding, max_text_bytes) as source:
                yield from _articles(source, _entries_of_stdin)
        else:
            yield from _read_file(found, encoding, max_text_bytes)


def _read_file(file: Found, encoding: str | None, max_text_bytes: int) -> Iterator[Article | Rejection]:
    reader = _reader_for(file.path)
    if reader is None:
        known = " ".join([*STREAMED, *SEEKABLE])
        kind = f"the unknown kind {file.path.suffix}" if file.path.suffix else "no suffix to tell its kind"
        yield Rejection(file.origin, 0, f"this file has {kind}: convert or rename it to one of {known}")
        return
    try:
        with open_file(file, encoding, max_text_bytes) as source:
            yield from _articles(source, reader)
    except OSError as error:
        yield Rejection(
            file.origin, 0, f"cannot be opened ({error.strerror or error}): see that it exists and may be read"
        )


def _entries_of_stdin(source: Source) -> Iterator[Entry | Flaw]:
    return jsonlines.entries(source) if jsonlines.starts_here(source) else plain.entries(source)


def _reader_for(path: Path) -> Reader | None:
    name = path.name.lower()
    if name.endswith(".gz"):
        return STREAMED.get(Path(name.removesuffix(".gz")).suffix)
    return (STREAMED | SEEKABLE).get(Path(name).suffix)


def _articles(source: Source, reader: Reader) -> Iterator[Article | Rejection]:
    now = datetime.now(UTC)
    empty = True
    try:
        for entry in reader(source):
            empty = False
            if isinstance(entry, Flaw):
                yield Rejection(source.origin, entry.line, entry.reason)
                continue
            try:
                yield to_article(entry, source, now)
            except Unfit as error:
                yield Rejection(source.origin, entry.line, str(error))
        if empty:
            yield Rejection(source.origin, 0, "nothing in it: no record was found; leave the file out or fill it")
    except Unreadable as error:
        yield Rejection(
            source.origin, 0, shorten(str(error), MAX_REASON_CHARS)
        )  # libraries quote files in their errors
    except OSError as error:
        yield Rejection(source.origin, 0, f"reading stopped ({error.strerror or error}): ingest it again")
