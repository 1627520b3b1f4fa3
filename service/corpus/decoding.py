"""Bytes -> text, strictly: UTF-8, UTF-16, then Windows-1256 if the letters agree; no character is ever replaced."""

from __future__ import annotations

import codecs
import re

from service.corpus.entry import Unfit, Unreadable
from service.corpus.windows1256 import reads_as_arabic
from service.errors import InputError

WINDOWS_1256 = "windows-1256"
MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
USUAL = re.compile("[\t\n\r -~\xa0-\xff\u0600-\u06ff\u2000-\u206f\ufb50-\ufdff\ufe70-\ufefc]")
WESTERN = {"ascii", "iso8859-1", "cp1252"}  # what software declares that never looked at the text


def check_encoding(encoding: str | None) -> None:
    """InputError unless Python has a text encoding of that name."""
    if encoding is None:
        return
    try:
        "a".encode(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(f"unknown encoding {encoding!r}: name one such as utf-8, utf-16, windows-1256") from error


def decode_whole(data: bytes, forced: str | None, declared: str = "") -> str:
    """A whole file as text, without its byte order mark. ``declared`` is what the file says of itself."""
    try:
        if forced:
            return strictly(data, forced).removeprefix("\ufeff")
        mark, encoding = mark_of(data)
        encoding = encoding or wide(data)
        if encoding:
            return strictly(data[len(mark) :], encoding)
        return data.decode(encoding_of(data, python_name(declared)))
    except Unfit as error:
        raise Unreadable(str(error)) from error


def encoding_of(data: bytes, declared: str = "", habit: str = "") -> str:
    """The encoding that ``data`` surely has, or Unfit; ``habit`` is that of the file around it, for short records."""
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        where = f"byte 0x{data[error.start]:02X} at offset {error.start}"
    if declared and declared not in WESTERN and _fits(data, declared):
        return declared
    verdict = reads_as_arabic(data)
    if verdict is True or (verdict is None and habit == WINDOWS_1256):
        return WINDOWS_1256
    if declared and _fits(data, declared):
        return "cp1252" if declared in WESTERN and _fits(data, "cp1252") else declared
    if b"\0" in data:
        raise Unfit(f"binary data, not text ({where} is not UTF-8, and there are NUL bytes): convert it to text first")
    doubt = "is too short to tell" if verdict is None else "does not read as Arabic"
    raise Unfit(f"not UTF-8 ({where}), and as Windows-1256 it {doubt}: name its encoding with --encoding")


def mark_of(data: bytes) -> tuple[bytes, str]:
    return next(((mark, encoding) for mark, encoding in MARKS if data.startswith(mark)), (b"", ""))


def wide(data: bytes) -> str:
    """utf-16-le or utf-16-be without a mark, "" otherwise: every other byte is then 0x00 or, in Arabic, 0x06."""
    sample = data[: min(len(data), 4096) // 2 * 2]
    if b"\0" not in sample and b"\x06" not in sample:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        if len(USUAL.findall(text)) >= 0.95 * len(text):
            return encoding
    return ""


def strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise Unfit(f"not {encoding} ({error}): correct it, or name its encoding with --encoding") from error


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def python_name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""
