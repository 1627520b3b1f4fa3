from __future__ import annotations

from datetime import date

import pytest

from service.dates.asked import ask, day
from service.errors import QueryError

NOW = date(2015, 8, 10)


@pytest.mark.parametrize(
    "question, first, last",
    [
        ("strikes in May 2020", "2020-05-01", "2020-05-31"),
        ("غارات في أيار 2020", "2020-05-01", "2020-05-31"),
        ("since last week", "2015-08-03", ""),
        ("منذ الأسبوع الماضي", "2015-08-02", ""),
        ("until yesterday", "", "2015-08-09"),
        ("before 2014", "", "2013-12-31"),
        ("strikes after 5 August 2015", "2015-08-06", ""),
        ("غارات بعد 5 آب 2015", "2015-08-06", ""),
        ("قبل آب 2015", "", "2015-07-31"),
        ("in the last three days", "2015-08-07", "2015-08-10"),
        ("from August 3 to 7, 2015", "2015-08-03", "2015-08-07"),
        ("بين 1 آب 2015 و10 آب 2015", "2015-08-01", "2015-08-10"),
        ("in the past 24 hours", "2015-08-09", "2015-08-10"),
        ("خلال الأيام الثلاثة الماضية", "2015-08-07", "2015-08-10"),
        ("آخر ٣ أيام", "2015-08-07", "2015-08-10"),
        ("في الأسبوعين الماضيين", "2015-07-27", "2015-08-10"),
        ("خلال الشهرين الماضيين", "2015-06-10", "2015-08-10"),
        ("حتى عام 2014", "", "2014-12-31"),
        ("بين 3 و7 أغسطس 2015", "2015-08-03", "2015-08-07"),
        ("between 3 and 7 August 2015", "2015-08-03", "2015-08-07"),
        ("from 3 May to 7 June 2015", "2015-05-03", "2015-06-07"),
        ("بين مايو 2015 ويونيو 2015", "2015-05-01", "2015-06-30"),
        ("عدد الضحايا سنة ٢٠١٤", "2014-01-01", "2014-12-31"),
        ("strikes near Hawija", "", ""),
    ],
)
def test_a_question_asks_for_an_interval(question: str, first: str, last: str) -> None:
    assert ask(question, NOW).period == (first, last)


@pytest.mark.parametrize(
    "question, relative",
    [
        ("last month", True),
        ("أمس", True),
        ("3 days ago", True),
        ("آخر ٣ أيام", True),
        ("في 14 أيار 2020", False),
        ("in 2014", False),
    ],
)
def test_relative_words_are_told_from_dates(question: str, relative: bool) -> None:
    assert ask(question, NOW).relative is relative


@pytest.mark.parametrize("question, recent", [("latest strikes", True), ("آخر الغارات", True), ("strikes", False)])
def test_a_question_may_ask_for_the_latest(question: str, recent: bool) -> None:
    assert ask(question, NOW).recent is recent


@pytest.mark.parametrize(
    "given, first, last",
    [
        ("2015-08-07", "2015-08-07", "2015-08-07"),
        ("2015-08", "2015-08-01", "2015-08-31"),
        ("2014", "2014-01-01", "2014-12-31"),
        ("yesterday", "2015-08-09", "2015-08-09"),
        ("أيار 2020", "2020-05-01", "2020-05-31"),
    ],
)
def test_a_filter_takes_days_months_years_and_words(given: str, first: str, last: str) -> None:
    assert (day(given, "from", NOW), day(given, "to", NOW, last=True)) == (first, last)


def test_a_filter_that_is_no_date_is_refused() -> None:
    with pytest.raises(QueryError, match=r"from is a date such as 2015-08-07, .* found 'soon'"):
        day("soon", "from", NOW)
