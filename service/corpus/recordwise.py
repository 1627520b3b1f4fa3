"""A stream of records: cut as bytes, decoded one by one, so that bad bytes cost one record and not the file."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

from service.corpus.decoding import WINDOWS_1256, encoding_of, mark_of, python_name, strictly, wide
from service.corpus.entry import Source, Unreadable
from service.corpus.windows1256 import reads_as_arabic


@dataclass(frozen=True, slots=True)
class Records:
    """A stream of which records are cut as bytes, ASCII at the cuts, and decoded one by one."""

    stream: io.BufferedReader
    encoding: str  # "" when each record must show its own
    habit: str  # the encoding that the beginning of the stream has, "" when not clear

    def encoding_of(self, record: bytes) -> str:
        """The encoding in which the record can be decoded, or Unfit."""
        if not self.encoding:
            return encoding_of(record, habit=self.habit)
        strictly(record, self.encoding)
        return self.encoding


def open_records(source: Source) -> Records:
    """The source for record-wise reading: no byte order mark, UTF-16 and UTF-32 turned into UTF-8."""
    head = source.stream.peek(1)
    encoding = source.encoding or mark_of(head)[1] or wide(head)
    name = python_name(encoding)
    if name.startswith(("utf-16", "utf-32")):
        return Records(io.BufferedReader(_Recoded(source.stream, encoding)), "utf-8", "")
    if name in ("utf-8", "utf-8-sig"):
        encoding = "utf-8"
        source.stream.read(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    return Records(source.stream, encoding, WINDOWS_1256 if reads_as_arabic(head) else "")


def decode_start(source: Source) -> str:
    """The beginning of the stream, which stays unread, for a look at its kind: only its ASCII can be relied on."""
    head = source.stream.peek(1)
    encoding = source.encoding or mark_of(head)[1] or wide(head) or "utf-8"
    return head.decode(encoding, "replace").removeprefix("\ufeff")


class _Recoded(io.RawIOBase):
    """The stream as UTF-8; half a character in it becomes bytes that are not UTF-8, so that its record is rejected."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._mark = codecs.BOM_UTF8  # until the first text has come
        self._ready = b""
        self._done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._done:
            data = self._stream.read1(len(buffer))
            self._done = not data
            try:
                text = self._decoder.decode(data, self._done)
                self._ready = text.encode("utf-8", "surrogatepass").removeprefix(self._mark)
                self._mark = self._mark if not text else b""
            except UnicodeDecodeError as error:
                if not self._done:
                    raise Unreadable(f"broken {error.encoding}, what came before was read: {error.reason}") from error
                self._ready = b"\xff"
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
