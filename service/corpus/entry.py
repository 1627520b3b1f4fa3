"""What passes between opening a file, reading its kind and making articles of it."""

from __future__ import annotations

import io
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from service.errors import InputError


class Unreadable(InputError):
    """A whole file, or the rest of it, cannot be read; the message becomes a Rejection."""


class Unfit(InputError):
    """One record cannot become an article; the message becomes a Rejection."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: its bytes after decompression, and the limits to keep while reading them."""

    origin: str
    stream: io.BufferedReader
    sha256: str  # of the file as it lies on disk, "" for standard input
    encoding: str | None  # forced by the user
    max_text_bytes: int

    @property
    def max_record_bytes(self) -> int:
        """No acceptable record is longer: JSON may write one Arabic letter, 2 bytes of UTF-8, as 6 bytes (\\u0627)."""
        return 3 * self.max_text_bytes + 65_536

    def whole(self) -> bytes:
        """All bytes, for the kinds that cannot be streamed."""
        data = self.stream.read(self.max_record_bytes + 1)
        if len(data) > self.max_record_bytes:
            raise Unreadable(
                f"larger than {self.max_record_bytes:,} bytes, the most that one article may take: split it, "
                "or convert it to JSON Lines, which may be of any size"
            )
        return data


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as found: its place and its fields, nothing checked yet."""

    line: int  # 1-based line, row or entry; 0 when the file is the record
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place in a file where no record could be read, and why."""

    line: int
    reason: str


SHOWN_CHARS = 80
Reader = Callable[[Source], Iterator[Entry | Flaw]]


def shown(value: object) -> str:
    """The value for a message, on one line and not too long."""
    short = reprlib.Repr()  # which neither writes out a value of megabytes nor goes down one that is nested deeply
    short.maxstring = short.maxother = SHOWN_CHARS
    return short.repr(value)
