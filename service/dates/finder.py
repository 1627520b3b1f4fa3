"""Expressions of dates in a text, with what they mean given the day of its publication.

A word that starts an expression (a month, a weekday, "yesterday", "عام") is found first; its neighbours are then read
as words, so that long texts cost little. Without a reference date, what is relative stays unfound. Weeks begin on
Sunday in Arabic and on Monday in English texts. A bare month or day is the nearest one, the past preferred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from service.dates import months, numbers, relative, words
from service.dates.calendars import iso_day
from service.dates.page import CLITICS, Expression, Page
from service.folding import Folded, fold
from service.matching import Matcher
from service.records import DateMention

FINDER_ID = "dates-2"  # change it with every change of what is found: an index made with another one refuses to open
_OPENING = 200  # characters in which a report that has no date elsewhere may give it
_YEARS = range(1000, 2201)

Read = Callable[[Page, str, int, int], Expression | None]


def find(text: str, published: str = "", month_first: bool = False) -> list[DateMention]:
    """Dates and periods in text order, without overlaps. ``published``: ISO 8601, "" when unknown."""
    return find_in(fold(text), published, month_first)


def find_in(folded: Folded, published: str = "", month_first: bool = False, skipped: int = 0) -> list[DateMention]:
    """As ``find``, in a text that is folded already; offsets count from after its first ``skipped`` characters."""
    found = []
    for expression in expressions(Page(folded, iso_day(published), month_first)):
        start, end = folded.span(expression.start, expression.end)
        if start >= skipped:
            first, last = expression.period
            found.append(DateMention(start - skipped, end - skipped, first.isoformat(), last.isoformat()))
    return found


def published_in(text: str) -> str:
    """The full date that a report opens with, ISO 8601; "" when it does not say."""
    days = (mention.first for mention in find(text[:_OPENING]) if mention.first == mention.last)
    return next(days, "")


def expressions(page: Page) -> list[Expression]:
    """In text order; of two that overlap the longer."""
    found = sorted(_all(page), key=lambda e: (e.start, -e.end))
    kept: list[Expression] = []
    for expression in found:
        first, last = expression.period
        if first > last or first.year not in _YEARS:
            continue
        if kept and expression.start < kept[-1].end:
            if expression.end - expression.start > kept[-1].end - kept[-1].start:
                kept[-1] = expression
            continue
        kept.append(expression)
    return kept


def _all(page: Page) -> Iterator[Expression]:
    yield from numbers.numeric(page)
    matcher, listed = _starts()
    last = 0
    for start, negative, number in sorted((start, -end, number) for number, start, end in matcher.find(page.text)):
        name, read = listed[number]
        if start < last or not _begins(page.text, start):
            continue
        last = -negative
        expression = read(page, name, start, last)
        if expression:
            if read in (months.gregorian, months.hijri):
                page.year = expression.period[0].year
            yield expression
    yield from numbers.ranges(page)
    yield from numbers.years(page)


def _begins(text: str, start: int) -> bool:
    """Whether a word begins there, a conjunction or preposition before it allowed ("بالأمس")."""
    if text[start - 1] == " ":
        return True
    prefix = text[text.rfind(" ", 0, start) + 1 : start]
    return len(prefix) == 1 and prefix in CLITICS


@lru_cache(maxsize=1)
def _starts() -> tuple[Matcher, list[tuple[str, Read]]]:
    """The words that expressions grow from, and how each is read."""
    tables: tuple[tuple[dict[str, int] | dict[str, str], Read], ...] = (
        (words.MONTHS, months.gregorian), (words.HIJRI, months.hijri), (words.WEEKDAYS, relative.weekday),
        (words.DAYS, relative.day), (words.THE_UNIT, relative.unit), (words.PARTS, relative.part),
        (words.UNITS, relative.count),
    )  # fmt: skip
    reads: dict[str, Read] = {}
    for table, read in tables:
        for name in table:
            reads.setdefault(name, read)
    listed = sorted(reads.items())
    return Matcher([name for name, _ in listed]), listed
