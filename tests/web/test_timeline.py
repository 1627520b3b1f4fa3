from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.records import Facets
from service.web.timeline import WIDTH, draw, ends


def facets(*days: tuple[str, int]) -> Facets:
    return Facets(days=days)


def test_a_few_weeks_are_days_some_years_months_and_decades_years() -> None:
    days = draw(facets(("2020-05-01", 1), ("2020-05-14", 4)), rtl=False)
    months = draw(facets(("2014-12-28", 2), ("2014-12-31", 2), ("2021-12-10", 1)), rtl=False)
    years = draw(facets(("1980-01-01", 1), ("2021-12-10", 1)), rtl=False)

    assert days and months and years
    assert [(bar.label, bar.count) for bar in days.bars] == [("2020-05-01", 1), ("2020-05-14", 4)]
    assert [(bar.label, bar.count) for bar in months.bars] == [("2014-12", 4), ("2021-12", 1)]
    assert [bar.label for bar in years.bars] == ["1980", "2021"]
    assert (days.slots, months.slots, years.slots) == (14, 85, 42)
    assert [bar.height for bar in days.bars] == [25.0, 100.0]


def test_time_runs_in_reading_direction() -> None:
    found = facets(("2020-05-01", 1), ("2020-05-14", 4))
    left, right = draw(found, rtl=False), draw(found, rtl=True)

    assert left and right
    assert left.bars[0].x < left.bars[1].x
    assert right.bars[0].x > right.bars[1].x


def test_one_day_alone_draws_nothing() -> None:
    assert draw(facets(("2020-05-01", 9)), rtl=False) is None
    assert draw(Facets(), rtl=False) is None


def test_ends() -> None:
    assert ends("2020") == ("2020-01-01", "2020-12-31")
    assert ends("2020-02") == ("2020-02-01", "2020-02-29")
    assert ends("2020-02-03") == ("2020-02-03", "2020-02-03")


@given(st.dictionaries(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(1, 99), min_size=2), st.booleans())
def test_every_bar_is_within_the_drawing_and_every_article_counted(days: dict[date, int], rtl: bool) -> None:
    drawn = draw(facets(*((day.isoformat(), days[day]) for day in sorted(days))), rtl)

    assert drawn
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.01 and 0 < bar.height <= 100 for bar in drawn.bars)
    if max(days) - min(days) < timedelta(365 * 100):
        assert sum(bar.count for bar in drawn.bars) == sum(days.values())
