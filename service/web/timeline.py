"""The date histogram: bars over days, months or years, each a link to its own time."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.records import Facets

WIDTH, HEIGHT = 1000, 100  # of the drawing, in its own units
_MAX_BARS = 120
_GAP = 0.16  # of a bar's width


@dataclass(frozen=True)
class Bar:
    """One day, month or year; ``x`` is where it begins in reading direction."""

    label: str  # 2015-08-07, 2015-08 or 2015
    first: str
    last: str
    count: int
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class Timeline:
    bars: tuple[Bar, ...]
    slots: int  # days, months or years from the first to the last, empty ones included
    highest: int


def draw(facets: Facets, rtl: bool) -> Timeline | None:
    """None where fewer than two different days are known: a single bar tells nothing."""
    if len(facets.days) < 2:
        return None
    days = [(date.fromisoformat(day), count) for day, count in facets.days]
    first, last = days[0][0], days[-1][0]
    cut = next(
        cut for cut in (10, 7, 4) if cut == 4 or len(list(_slots(first, last, cut))) <= (62 if cut == 10 else _MAX_BARS)
    )
    slots = list(_slots(first, last, cut))[-_MAX_BARS:]
    counts: Counter[str] = Counter()
    for day, count in days:
        counts[day.isoformat()[:cut]] += count
    return Timeline(tuple(_bars(slots, counts, rtl)), len(slots), max(counts[slot] for slot in slots))


def _bars(slots: Sequence[str], counts: Counter[str], rtl: bool) -> Iterator[Bar]:
    step, highest = WIDTH / len(slots), max(counts[slot] for slot in slots)
    for number, slot in enumerate(slots):
        if not counts[slot]:
            continue
        place = len(slots) - 1 - number if rtl else number
        height = max(4.0, HEIGHT * counts[slot] / highest)
        first, last = ends(slot)
        x, width = round(step * (place + _GAP / 2), 2), round(step * (1 - _GAP), 2)
        yield Bar(slot, first, last, counts[slot], x, width, round(height, 2))


def ends(slot: str) -> tuple[str, str]:
    """First and last day of a day, month or year."""
    if len(slot) == 4:
        return f"{slot}-01-01", f"{slot}-12-31"
    if len(slot) == 7:
        year, month = map(int, slot.split("-"))
        return f"{slot}-01", f"{slot}-{calendar.monthrange(year, month)[1]:02d}"
    return slot, slot


def _slots(first: date, last: date, cut: int) -> Iterator[str]:
    """Every day (cut 10), month (7) or year (4) from the first to the last."""
    if cut == 10:
        for number in range((last - first).days + 1):
            yield (first + timedelta(number)).isoformat()
    elif cut == 7:
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
            yield f"{number // 12:04d}-{number % 12 + 1:02d}"
    else:
        for year in range(first.year, last.year + 1):
            yield f"{year:04d}"
