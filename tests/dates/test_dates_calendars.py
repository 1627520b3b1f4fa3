from __future__ import annotations

from datetime import date

import pytest

from service.dates import calendars


def test_umm_al_qura_days_and_months() -> None:
    assert calendars.hijri(1441, 9, 21) == (date(2020, 5, 14), date(2020, 5, 14))
    assert calendars.hijri(1436, 9) == (date(2015, 6, 18), date(2015, 7, 16))
    assert calendars.hijri_year_of(date(2015, 8, 10)) == 1436


@pytest.mark.parametrize("year, month, day", [(1436, 13, 1), (1436, 9, 31), (1200, 1, 1), (1600, 1, 1)])
def test_a_hijri_day_that_there_is_not_is_none(year: int, month: int, day: int) -> None:
    assert calendars.hijri(year, month, day) is None


def test_parts_weeks_and_shifts() -> None:
    assert calendars.part(2, 4, 2014) == (date(2014, 4, 1), date(2014, 6, 30))
    assert calendars.part(-1, 2, 2014) == (date(2014, 7, 1), date(2014, 12, 31))
    assert calendars.week(date(2015, 8, 9), monday_first=True) == (date(2015, 8, 3), date(2015, 8, 9))
    assert calendars.week(date(2015, 8, 9), monday_first=False) == (date(2015, 8, 9), date(2015, 8, 15))
    assert calendars.shifted_month(date(2015, 1, 31), -1) == (date(2014, 12, 1), date(2014, 12, 31))
    assert calendars.day(2015, 2, 29) is None
