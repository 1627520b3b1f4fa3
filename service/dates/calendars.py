"""Days and periods: months of the Gregorian and the Hijri (Umm al-Qura) calendar, weeks, parts of a year.

A period is a pair of days, both included. The hijridate library converts; it knows the years 1343 to 1500.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

Period = tuple[date, date]
HIJRI_YEARS = range(1343, 1501)
_DAYS_PER_HIJRI_YEAR = 354.367


def iso_day(written: str) -> date | None:
    """The day of an ISO 8601 date, with a time or without; None for what is none."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None


def day(year: int, month: int, number: int) -> Period | None:
    """None for a day that there is not."""
    try:
        found = date(year, month, number)
    except ValueError:
        return None
    return found, found


def month(year: int, number: int) -> Period:
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def year(number: int) -> Period:
    return date(number, 1, 1), date(number, 12, 31)


def part(number: int, size: int, of_year: int) -> Period:
    """The ``number``-th of ``size`` equal parts of a year; -1 is the last."""
    months = 12 // size
    first = 1 + months * ((number if number > 0 else size) - 1)
    return date(of_year, first, 1), month(of_year, first + months - 1)[1]


def week(of: date, monday_first: bool) -> Period:
    """The week of a day: from Monday (ISO 8601), or from Sunday as in most Arab countries."""
    first = of - timedelta(days=of.weekday() if monday_first else (of.weekday() + 1) % 7)
    return first, first + timedelta(days=6)


def shifted_month(of: date, by: int) -> Period:
    number = of.year * 12 + of.month - 1 + by
    return month(number // 12, number % 12 + 1)


def hijri(hijri_year: int, number: int = 0, hijri_day: int = 0) -> Period | None:
    """A Hijri year, month or day; None for one that there is not or outside of the years that are known."""
    from hijridate import Hijri

    if hijri_year not in HIJRI_YEARS:
        return None
    try:
        first = Hijri(hijri_year, number or 1, hijri_day or 1)
        last_month = Hijri(hijri_year, number or 12, 1)
        last = first if hijri_day else Hijri(hijri_year, last_month.month, last_month.month_length())
        return date(*first.to_gregorian().datetuple()), date(*last.to_gregorian().datetuple())
    except (ValueError, OverflowError):
        return None


def hijri_year_of(when: date) -> int:
    """The Hijri year of a day; an estimate outside of the years that are known."""
    from hijridate import Gregorian

    try:
        return int(Gregorian(when.year, when.month, when.day).to_hijri().year)
    except (ValueError, OverflowError):
        return int((when - date(622, 7, 19)).days / _DAYS_PER_HIJRI_YEAR) + 1
