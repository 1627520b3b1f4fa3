from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dates.finder import find, published_in

MONDAY = "2015-08-10"  # a Monday


def meant(text: str, published: str = MONDAY) -> list[tuple[str, str]]:
    """(first day or the one day, last day) of each expression; one day is given once."""
    return [(d.first, d.last) for d in find(text, published)]


def days(text: str, published: str = MONDAY) -> list[str]:
    return [first for first, last in meant(text, published) if first == last]


@pytest.mark.parametrize(
    "written",
    [
        "14 أيار 2020",
        "14 مايو 2020",
        "١٤ أيار/مايو ٢٠٢٠",
        "الرابع عشر من أيار 2020",
        "الخميس الرابعَ عشرَ من أيّار 2020",
        "14 مايو (أيار) 2020",
        "14/5/2020",
        "١٤/٠٥/٢٠٢٠",
        "2020-05-14",
        "14.5.2020",
        "14 May 2020",
        "May 14, 2020",
        "14th of May 2020",
        "21 رمضان 1441 هـ",
        "21/9/1441",
    ],
)
def test_one_day_in_many_spellings(written: str) -> None:
    assert days(f"وقع ذلك في {written} وفق البيان") == ["2020-05-14"]


@pytest.mark.parametrize(
    "written, first, last",
    [
        ("في كانون الثاني 2015", "2015-01-01", "2015-01-31"),
        ("في يناير 2015", "2015-01-01", "2015-01-31"),
        ("في كانون الثاني/يناير 2015", "2015-01-01", "2015-01-31"),
        ("in May 2020", "2020-05-01", "2020-05-31"),
        ("في شباط 2016", "2016-02-01", "2016-02-29"),
        ("عام 2014", "2014-01-01", "2014-12-31"),
        ("في رمضان 1436", "2015-06-18", "2015-07-16"),
        ("عام 1436 هـ", "2014-10-25", "2015-10-13"),
        ("خلال النصف الأول من عام 2014", "2014-01-01", "2014-06-30"),
        ("the third quarter of 2014", "2014-07-01", "2014-09-30"),
        ("between 2005 and 2010", "2005-01-01", "2010-12-31"),
        ("بين عامي 2005 و2010", "2005-01-01", "2010-12-31"),
        ("Between 26 and 30 March 2020", "2020-03-26", "2020-03-30"),
        ("(1970 - 1965)", "1965-01-01", "1970-12-31"),
    ],
)
def test_periods(written: str, first: str, last: str) -> None:
    assert meant(written) == [(first, last)]


@pytest.mark.parametrize(
    "written, day",
    [
        ("أمس", "2015-08-09"),
        ("مساء أمس الأول", "2015-08-08"),
        ("أول من أمس", "2015-08-08"),
        ("اليوم", "2015-08-10"),
        ("غدا", "2015-08-11"),
        ("يوم الخميس", "2015-08-06"),
        ("الاثنين", "2015-08-10"),
        ("أمس الأحد", "2015-08-09"),
        ("أول من أمس (السبت)", "2015-08-08"),
        ("الخميس المقبل", "2015-08-13"),
        ("قبل يومين", "2015-08-08"),
        ("قبل ثلاثة أيام", "2015-08-07"),
        ("12 من الشهر الجاري", "2015-08-12"),
        ("yesterday", "2015-08-09"),
        ("three days ago", "2015-08-07"),
        ("on Friday", "2015-08-07"),
        ("20 يوليو الماضي", "2015-07-20"),
        ("31 آذار/مارس المقبل", "2016-03-31"),
        ("3 December", "2014-12-03"),
    ],
)
def test_words_are_read_against_the_day_of_publication(written: str, day: str) -> None:
    assert days(f"قالوا {written} ذلك" if written[0] > "\u0600" else f"They said {written} that") == [day]


@pytest.mark.parametrize(
    "written, first, last",
    [
        ("الأسبوع الماضي", "2015-08-02", "2015-08-08"),
        ("last week", "2015-08-03", "2015-08-09"),
        ("الشهر الماضي", "2015-07-01", "2015-07-31"),
        ("next month", "2015-09-01", "2015-09-30"),
        ("العام الجاري", "2015-01-01", "2015-12-31"),
        ("هذا العام", "2015-01-01", "2015-12-31"),
        ("last year", "2014-01-01", "2014-12-31"),
        ("شهر رمضان الماضي", "2015-06-18", "2015-07-16"),
        ("شهر ذي القعدة القادم", "2015-08-16", "2015-09-13"),
    ],
)
def test_relative_periods(written: str, first: str, last: str) -> None:
    assert meant(f"منذ {written} وهم" if written[0] > "\u0600" else f"since {written} they") == [(first, last)]


@pytest.mark.parametrize(
    "written",
    ["3-7 August 2015", "August 3 to 7, 2015", "3 to 7 August", "من 3 إلى 7 آب 2015", "بين 3 و7 أغسطس"],
)
def test_days_of_one_month(written: str) -> None:
    assert meant(f"there {written}, then") == [("2015-08-03", "2015-08-07")]


@pytest.mark.parametrize(
    "text",
    [
        "قتل 2015 شخصا",
        "بقيمة 2000 ريال",
        "you may march on",
        "عمره 33 عاما",
        "صلاة الجمعة",
        "صحيفة عين اليوم",
        "وفي اليوم ذاته قال",
        "فاز 3-7 في المباراة",
        "about 1500 people",
        "version 1.2.3",
        "31/31/2015",
        "call 2015551234",
        "",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert meant(text) == []


def test_without_a_reference_date_what_is_relative_stays_unknown() -> None:
    assert meant("أمس الخميس، last week, next May", published="") == []
    assert days("في 14 أيار 2020 ثم 16 أيار", published="") == ["2020-05-14", "2020-05-16"]


def test_offsets_are_of_the_text_as_received() -> None:
    text = "🛰 الخميسُ الرابعَ عشرَ من أيّار ٢٠٢٠."

    [found] = find(text)

    assert text[found.start : found.end].startswith("الخميس")
    assert text[found.start : found.end].endswith("٢٠٢٠")


def test_numbers_are_read_month_first_where_that_is_said() -> None:
    assert [d.first for d in find("5/6/2015", month_first=True)] == ["2015-05-06"]
    assert [d.first for d in find("5/6/2015")] == ["2015-06-05"]
    assert [d.first for d in find("5/16/2015")] == ["2015-05-16"]


@pytest.mark.parametrize(
    "text, day",
    [
        ("الرياض 26 شوال 1436 هـ الموافق 11 اغسطس 2015 م واس\nدشن", "2015-08-11"),
        ("LONDON, 3 May 2020 - The", "2020-05-03"),
        ("قال أمس", ""),
        ("x" * 300 + " 3 May 2020", ""),
    ],
)
def test_a_report_may_open_with_its_date(text: str, day: str) -> None:
    assert published_in(text) == day


@given(st.text(alphabet=st.sampled_from("12015/-. منعامأيارمايوالخميس\u064eMay,of"), max_size=60))
def test_any_text_gives_periods_in_order_without_overlap(text: str) -> None:
    found = find(text, MONDAY)

    assert all(d.first <= d.last for d in found)
    assert all(0 <= d.start < d.end <= len(text) for d in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
