"""Text as a matcher wants it: one spelling for letters that writers confuse, everything else a space.

A folded text is as long as the text without its marks (diacritics, tatweel, zero-width signs), so that every match has
its place in the text as received. Unlike the analyzer's terms, words stay whole and in order: names and dates are found
in it, nothing is indexed.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_MARKS = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0300-\u036f\u200b-\u200f\u2060\ufeff\u00ad]"
)
_LETTERS = {
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ێ": "ي", "ے": "ي", "ئ": "ي", "ؤ": "و",
    "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه", "ک": "ك", "ڪ": "ك", "گ": "ك", "ۆ": "و", "ۇ": "و", "ۋ": "و",
    "ڤ": "ف", "پ": "ب", "چ": "ج", "ژ": "ج", "ڕ": "ر", "ڵ": "ل", "ڎ": "د", "ß": "s", "æ": "a", "ø": "o", "ł": "l",
    "đ": "d", "ð": "d", "þ": "t", "ı": "i", "ə": "a", "œ": "o",
}  # fmt: skip
_APOSTROPHES = "'\u2019\u2018\u02bc\u02bb\u02be\u02bf`\u2032"


@dataclass(frozen=True, slots=True)
class Folded:
    """``text`` begins and ends with a space. ``origin(i)`` is the place of ``text[i]`` in the text as received."""

    text: str
    received: str
    marks: tuple[int, ...]  # for each mark left out: its place among the letters that were kept

    def origin(self, i: int) -> int:
        return i - 1 + bisect.bisect_right(self.marks, i - 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text as received that ``text[start:end]`` stands for, marks inside it included."""
        return self.origin(start), self.origin(end - 1) + 1


def fold(text: str) -> Folded:
    """The text with a space before and after it."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    plain = _table()[codes]
    marks: tuple[int, ...] = ()
    if not plain.all():
        kept = plain != 0
        places = np.flatnonzero(~kept)
        marks = tuple((places - np.arange(len(places))).tolist())
        plain = plain[kept]
    return Folded(f" {plain.tobytes().decode('utf-32-le')} ", text, marks)


def punctuated(folded: Folded) -> str:
    """The text in the folded text's places, with its punctuation; digits are western."""
    codes = _digits()[np.frombuffer(folded.received.encode("utf-32-le", "replace"), np.uint32)]
    return f" {codes[codes != 0].tobytes().decode('utf-32-le')} "


def fold_name(name: str) -> str:
    """A name's words, folded, one space between them."""
    return " ".join(fold(unicodedata.normalize("NFC", name)).text.split())


@lru_cache(maxsize=1)
def _table() -> npt.NDArray[np.uint32]:
    """Code point -> code point, 0 for a mark: numpy maps a text many times faster than str.translate."""
    table = np.arange(0x110000, dtype=np.uint32)
    for code in (*range(0x3000), *range(0xFB50, 0xFEFD), *range(0xFF00, 0xFF5F)):
        table[code] = 0 if _MARKS.match(chr(code)) else ord(_plain(chr(code)))
    table[0x1F000:0x1FB00] = ord(" ")  # pictures
    table[0xFEFF] = 0
    return table


@lru_cache(maxsize=1)
def _digits() -> npt.NDArray[np.uint32]:
    """As ``_table``, but only for digits and marks."""
    table = np.arange(0x110000, dtype=np.uint32)
    plain = _table()
    table[plain == 0] = 0
    digits = np.isin(plain, np.arange(ord("0"), ord("9") + 1, dtype=np.uint32))
    table[digits] = plain[digits]
    return table


def _plain(char: str) -> str:
    """One character for one: a letter, a digit, an apostrophe or a space."""
    plain = char if char in _LETTERS else unicodedata.normalize("NFKC", char)
    plain = plain if len(plain) == 1 else plain.strip()[:1] or " "
    if plain in _APOSTROPHES or char in _APOSTROPHES:
        return "'"
    if not plain.isascii() and plain not in _LETTERS and not "\u0600" <= plain <= "\u06ff":
        plain = unicodedata.normalize("NFKD", plain)[:1]
    plain = _LETTERS.get(plain, plain)
    lower = plain.lower()
    plain = _LETTERS.get(lower, lower) if len(lower) == 1 else plain
    if plain.isdecimal():
        return str(unicodedata.decimal(plain))
    return plain if plain.isalnum() else " "
