"""Days as numbers that a period can be looked up by: every day stands for itself and for 21 spans that hold it.

A span of 2**level days is written level x 2**24 + day // 2**level. Any period is a few of these spans end to end, so
"names a day of the period" is one look-up of some twenty numbers, however long the period is.
"""

from __future__ import annotations

from collections.abc import Iterable

LEVELS = 22  # 2**22 days are beyond the year 9999
_SHIFT = 24


def codes(days: Iterable[tuple[int, int]]) -> list[int]:
    """All spans that hold a day of some periods (first, last), each once, ascending."""
    found: set[int] = set()
    for first, last in days:
        for level in range(LEVELS):
            found.update((level << _SHIFT) | day for day in range(first >> level, (last >> level) + 1))
    return sorted(found)


def spans(first: int, last: int) -> list[int]:
    """The fewest spans that make up a period."""
    found = []
    day = first
    while day <= last:
        level = 0
        while level + 1 < LEVELS and day % (2 << level) == 0 and day + (2 << level) - 1 <= last:
            level += 1
        found.append((level << _SHIFT) | (day >> level))
        day += 1 << level
    return found
