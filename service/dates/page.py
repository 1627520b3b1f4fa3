"""One text being read for dates: its words around a place, the reference date, and the year last named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from service.dates import calendars, words
from service.dates.calendars import Period
from service.folding import Folded, punctuated

CLITICS = "وفبلك"
YEAR = re.compile(r"(1[0-9]{3}|20[0-9]{2})(?:م|ه)?")
_DIGIT = re.compile("[0-9]")
_TOKEN = re.compile(r"[^ ]+")
_CHARS_PER_WORD = 11  # looked at for each neighbour wanted
_BEFORE_YEAR = frozenset({"من", "عام", "العام", "لعام", "سنه", "of", "in"})
_ERA = frozenset({"م", "ميلاديه", "ميلادي", "ه", "هجري"})
_CURRENT = frozenset({"الحالي", "الجاري", "الحاليه", "الجاريه"})


@dataclass(frozen=True, slots=True)
class Expression:
    """A period and where it stands in the folded text."""

    start: int
    end: int
    period: Period


class Word(NamedTuple):
    """A word of the folded text; punctuation is no part of words and stands between them."""

    text: str
    start: int
    end: int


class AfterMonth(NamedTuple):
    """What follows a month or the word year: a year (0 for none) or a relation, and where the expression ends."""

    year: int
    end: int
    relation: str


class Page:
    """``reference`` is the day of publication, None when unknown; ``year`` that of the last date that named one."""

    def __init__(self, folded: Folded, reference: date | None, month_first: bool = False) -> None:
        self.folded, self.text = folded, folded.text.replace("'s ", "   ")
        self.plain = punctuated(folded) if _DIGIT.search(self.text) else self.text  # with punctuation
        self.reference, self.month_first = reference, month_first
        self.year = reference.year if reference else 0
        self.arabic = any("\u0620" <= char <= "\u064a" for char in self.text[:200])

    def left(self, start: int, most: int = 6) -> list[Word]:
        """The last words before a place, in text order."""
        first = max(0, start - _CHARS_PER_WORD * most)
        return [Word(m[0], m.start(), m.end()) for m in _TOKEN.finditer(self.text, first, start)][-most:]

    def right(self, end: int, most: int = 6) -> list[Word]:
        """The first words after a place."""
        found = []
        for match in _TOKEN.finditer(self.text, end, end + _CHARS_PER_WORD * most):
            found.append(Word(match[0], match.start(), match.end()))
            if len(found) == most:
                break
        return found

    def is_capital(self, start: int) -> bool:
        return self.folded.received[self.folded.origin(start)].isupper()

    def has_digit(self, start: int, end: int) -> bool:
        return _DIGIT.search(self.text, start, end) is not None

    def shifted(self, unit: str, relation: str) -> Period:
        """The week, month or year before, of or after the reference date, which must be known."""
        assert self.reference is not None
        by = {"last": -1, "this": 0, "next": 1}[relation]
        if unit == "week":
            return calendars.week(self.reference + timedelta(days=7 * by), not self.arabic)
        if unit == "month":
            return calendars.shifted_month(self.reference, by)
        return calendars.year(self.reference.year + by)

    def after_month(self, end: int, right: list[Word]) -> AfterMonth:
        """Of "أيار من العام الماضي", "May of 2020", "مايو المقبل": what stands after the month."""
        skipped = 0
        while skipped < 2 and skipped < len(right) and right[skipped].text in _BEFORE_YEAR:
            skipped += 1
        rest = right[skipped:]
        if not rest or rest[0].start - (right[skipped - 1].end if skipped else end) > 3:
            return AfterMonth(0, end, "")
        word = rest[0]
        if match := YEAR.fullmatch(word.text):
            era = len(rest) > 1 and rest[1].text in _ERA and rest[1].start - word.end <= 2
            return AfterMonth(int(match[1]), rest[1].end if era else word.end, "")
        relation = relation_of(word.text)
        if relation and not skipped and (relation != "this" or word.text in _CURRENT):
            return AfterMonth(0, word.end, relation)
        if relation and skipped and right[skipped - 1].text == "العام" and self.reference:
            return AfterMonth(self.shifted("year", relation)[0].year, word.end, "")
        return AfterMonth(0, end, "")


def relation_of(word: str) -> str:
    """last | this | next, "" for another word."""
    return "last" if word in words.LAST else "this" if word in words.THIS else "next" if word in words.NEXT else ""


def bare(word: str) -> str:
    """A word without its conjunction or preposition."""
    return word.lstrip(CLITICS)
