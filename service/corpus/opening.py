"""Opening: a file's hash and its bytes, with gzip undone under a bound."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from service.corpus.discovery import STDIN
from service.corpus.entry import Source, Unreadable
from service.corpus.found import Found

BUFFER_BYTES = 65_536
# Text compresses 3 to 20 times, the same report over and over some 100 times, a zip bomb 1000 times.
MAX_EXPANSION = 250
MIN_EXPANDED_BYTES = 64 * 2**20


@contextmanager
def open_file(file: Found, encoding: str | None, max_text_bytes: int) -> Iterator[Source]:
    with file.path.open("rb") as raw:
        sha256 = hashlib.file_digest(raw, "sha256").hexdigest()
        size_bytes = raw.tell()
        raw.seek(0)
        stream = _gunzip(raw, size_bytes) if file.path.suffix.lower() == ".gz" else raw
        yield Source(file.origin, stream, sha256, encoding, max_text_bytes)


@contextmanager
def open_stdin(stdin: BinaryIO | None, encoding: str | None, max_text_bytes: int) -> Iterator[Source]:
    given = stdin if stdin is not None else sys.stdin.buffer
    yield Source(STDIN, io.BufferedReader(_Unclosed(given), BUFFER_BYTES), "", encoding, max_text_bytes)


class _Unclosed(io.RawIOBase):
    """A stream of which only the reading is ours, not the closing."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _gunzip(raw: io.BufferedReader, size_bytes: int) -> io.BufferedReader:
    limit = max(MIN_EXPANDED_BYTES, MAX_EXPANSION * size_bytes)
    return io.BufferedReader(_Gunzipped(raw, limit), BUFFER_BYTES)


class _Gunzipped(io.RawIOBase):
    """Decompressed bytes; says Unreadable where they break off, are damaged or grow past the limit."""

    def __init__(self, raw: io.BufferedReader, limit: int) -> None:
        self._gzip = gzip.GzipFile(fileobj=raw)
        self._limit = limit
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            # read1 hands over what there is before the error that follows it.
            data = self._gzip.read1(len(buffer))
        except EOFError as error:
            raise Unreadable(
                "the gzip data breaks off before its end, what came before was read: fetch the file again"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Unreadable(f"damaged gzip data ({error}), what came before was read: fetch the file again") from error
        self._count += len(data)
        if self._count > self._limit:
            raise Unreadable(
                f"expands to more than {self._limit:,} bytes, {MAX_EXPANSION} times its size, as a zip bomb would: "
                "if it is real, unpack it and ingest the unpacked file"
            )
        buffer[: len(data)] = data
        return len(data)
