"""The interval that a question asks for: "in May 2020", "since last week", "بين 3 و7 أغسطس", "أمس".

Relative words are read against a reference date, the day of the question unless --now says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from service.complaints import both
from service.dates import rolling, words
from service.dates.finder import expressions
from service.dates.page import Expression, Page
from service.errors import QueryError
from service.folding import fold

_SINCE = re.compile(r" (?:since|from|after|as of|starting|منذ|من|بعد|ابتداء من|اعتبارا من)(?: يوم| شهر| عام| the)? *$")
_UNTIL = re.compile(r" (?:until|till|before|up to|حتي|قبل)(?: يوم| شهر| عام| the)? *$")
_BETWEEN = re.compile(r" (?:between|from|بين|من|ما بين)(?: يوم| شهر| عامي| شهري| عام)? *$")
_DAYS_TO = re.compile(r"(?<![0-9])[0-9]{1,2}(?:st|nd|rd|th)? (?:(?:to|until|till|الي|حتي) )?[0-9]{1,2}(?![0-9])")
_JOINED = re.compile(r"^ *(?:and|to|until|till|و|الي|وحتي|حتي)? *(?:يوم|شهر|عام)? *$")
_RECENT = re.compile(
    r" (?:latest|recent|recently|newest|most recent|احدث|اخر|اخر الاخبار|مستجدات|الاخيره|مؤخرا|موخرا)(?= )"
)


_YEAR = timedelta(days=364)
_AFTER = frozenset({"after", "بعد"})  # the day itself left out
_BEFORE = frozenset({"before", "قبل"})


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """``first`` and ``last`` are ISO 8601, "" for open. ``relative``: it depends on the reference date.

    ``span`` is where it stands in the question as typed, ``named`` where
    days, months and whatever is shorter than a year are named, ``newest`` where the newest are asked for.
    """

    first: str = ""
    last: str = ""
    relative: bool = False
    recent: bool = False  # "latest", "آخر": newer passages are preferred
    span: tuple[int, int] = (0, 0)
    spans: tuple[tuple[int, int], ...] = ()  # of all dates in the question
    named: tuple[tuple[int, int], ...] = ()
    newest: tuple[int, int] = (0, 0)

    @property
    def period(self) -> tuple[str, str]:
        return self.first, self.last


def ask(text: str, now: date) -> AskedPeriod:
    """The first period that a question names, with the second end of a range."""
    folded = fold(text)
    asked = _RECENT.search(folded.text)
    recent, newest = bool(asked), folded.span(asked.start() + 1, asked.end()) if asked else (0, 0)
    found = expressions(Page(folded, now))
    spans = tuple(folded.span(one.start, one.end) for one in found)
    named = tuple(span for span, one in zip(spans, found, strict=True) if one.period[1] - one.period[0] < _YEAR)
    if counted := rolling.find(folded.text, now):
        start, last = counted.period
        span = folded.span(counted.start, counted.end)
        return AskedPeriod(
            start.isoformat(), last.isoformat(), True, recent, span, (*spans, span), (*named, span), newest
        )
    if not found:
        return AskedPeriod(recent=recent, newest=newest)
    first = found[0]
    before = folded.text[: first.start]
    start, last = first.period
    end = first.end
    relative = _is_relative(folded.text[first.start : first.end])
    opening, closing = start.isoformat(), last.isoformat()
    if len(found) > 1 and _BETWEEN.search(before) and _JOINED.match(folded.text[first.end : found[1].start]):
        second = found[1]
        bounds = sorted([*first.period, *second.period])
        opening, closing, end = bounds[0].isoformat(), bounds[-1].isoformat(), second.end
        relative = relative or _is_relative(folded.text[second.start : second.end])
    elif _DAYS_TO.search(folded.text[first.start : first.end]):
        pass  # "from August 3 to 7"
    elif _SINCE.search(before) and not _is_plain_of(before):
        opening, closing = (_next_day(last) if _ends_with(before, _AFTER) else opening), ""
    elif _UNTIL.search(before):
        opening, closing = "", (_next_day(start, -1) if _ends_with(before, _BEFORE) else closing)
    return AskedPeriod(opening, closing, relative, recent, folded.span(first.start, end), spans, named, newest)


def day(text: str, option: str, now: date, last: bool = False) -> str:
    """A day given to from=, to= or --now: ISO 8601, a month or year, or words. Raises QueryError."""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    found: list[Expression] = expressions(Page(fold(_iso_month(text.strip())), now))
    if len(found) != 1:
        raise QueryError(both("day_no_date", option=option, text=text))
    return found[0].period[1 if last else 0].isoformat()


def _iso_month(text: str) -> str:
    """2015-08 -> 8/2015 in words; 2015 -> the year 2015."""
    if match := re.fullmatch(r"(\d{4})-(\d\d)", text):
        names = [name for name, number in words.MONTHS.items() if number == int(match[2]) and name.isascii()]
        return f"{names[0].capitalize()} {match[1]}" if names else text
    return f"in {text}" if re.fullmatch(r"\d{4}", text) else text


def _is_relative(written: str) -> bool:
    parts = set(written.split())
    if parts & {"ago", "قبل"}:
        return True
    told = words.LAST | words.THIS | words.NEXT | set(words.DAYS) | set(words.WEEKDAYS)
    return bool(parts & told) and not any(char.isdigit() for char in written)


def _ends_with(before: str, prepositions: frozenset[str]) -> bool:
    """Whether one of these is the last word, but for a word such as "day"."""
    return any(word in prepositions for word in before.split()[-2:])


def _next_day(day: date, by: int = 1) -> str:
    try:
        return (day + timedelta(days=by)).isoformat()
    except OverflowError:
        return day.isoformat()


def _is_plain_of(before: str) -> bool:
    """ "تقارير من مايو 2020" is of May, not since May."""
    return before.rstrip().endswith(" من")
