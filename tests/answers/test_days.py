"""Dates in running text, and how well a report fits the date that is asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.days import agreement, find


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on 10 August 2015, in July 2015", [(2015, 8, 10), (2015, 7, 0)]),
        ("August 10, 2015", [(2015, 8, 10)]),
        ("يوم 10 أغسطس 2015", [(2015, 8, 10)]),
        ("24 يوليو تموز والتقى", [(0, 7, 24)]),
        ("الثامن من أيلول/سبتمبر المقبل", [(0, 9, 8)]),
        ("الحادي عشر من آب", [(0, 8, 11)]),
        ("الخامس والعشرين من أيار", [(0, 5, 25)]),
        ("كانون الثاني 2014", [(2014, 1, 0)]),
        ("مرسوم في 1912", [(1912, 0, 0)]),
        ("14/5/2020", [(2020, 5, 14)]),
        ("الأحد ٢٩ آذار", [(0, 3, 29)]),
        ("قال أب لستة أطفال", []),
        ("it may rain", []),
        ("3 آلاف شخص", []),
    ],
)
def test_dates(text: str, dates: list[tuple[int, int, int]]) -> None:
    assert [(day.year, day.month, day.day) for day in find(text) if day.year or day.month] == dates


def test_weekdays_and_yesterday() -> None:
    assert [day.weekday for day in find("صباح الثلاثاء")] == [1]
    assert [day.relative for day in find("yesterday")] == [-1]


@pytest.mark.parametrize(
    ("asked", "published", "text", "low", "high"),
    [
        ("10 August 2015", "2015-08-11", "", 0.85, 0.95),  # the next day's paper
        ("10 August 2015", "2015-07-01", "", 0.0, 0.0),
        ("10 August 2015", "", "in a strike on 10 August", 1.0, 1.0),
        ("10 August 2015", "", "on 12 August", 0.1, 0.3),
        ("June 2017", "2015-08-01", "", 0.0, 0.0),
        ("in 2015", "2015-08-01", "", 0.85, 1.0),
    ],
)
def test_agreement(asked: str, published: str, text: str, low: float, high: float) -> None:
    assert low <= agreement(find(asked)[0], published, find(text)) <= high


@given(st.text(alphabet="0123456789٠١٢/ -.August من آبأيلول\n", max_size=60))
def test_any_text_gives_disjoint_dates(text: str) -> None:
    found = find(text)
    assert all(0 <= day.start < day.end <= len(text) and 0 <= day.month <= 12 for day in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
