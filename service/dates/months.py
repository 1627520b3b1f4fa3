"""Dates that name a month: of either Arabic series, English or Hijri, with or without day and year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from service.dates import calendars, words
from service.dates.calendars import Period
from service.dates.page import Expression, Page, Word, bare, relation_of

_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_BEFORE_FIGURES = re.compile("[وفبل]?(?:ال)?(?=[0-9])")  # "و10 آب"
_HIJRI_YEAR = re.compile(r"(1[345]\d\d)(?:ه)?")
_FUTURE = 2.5  # a day ahead counts as far as this many days back, when the nearest is taken
_PARTS = frozenset({"الاسبوع", "النصف", "الربع", "الثلث", "العقد"})  # "the first week of ..." names no day
_HIJRI_ERA = frozenset({"ه", "هجري", "هجريه", "للهجره"})
_HONORIFICS = frozenset({"المبارك", "الحرام", "المعظم"})
_BEFORE_HIJRI_YEAR = frozenset({"من", "عام", "لعام", "سنه"})
_PERSONS = frozenset({"صفر", "رجب", "شعبان", "محرم"})  # also a number and names of people
_UNTIL = frozenset({"حتي", "حلول", "by", "until", "till"})  # before a month that is still to come
_OF_MONTH = frozenset({"شهر", "لشهر", "بشهر", "وشهر"})
_LOCATES = frozenset(
    {"في", "خلال", "منذ", "شهر", "بدايه", "نهايه", "مطلع", "اواخر", "اوايل", "منتصف", "in", "since", "during", "until"}
    | {"last", "early", "late", "mid"}
)


def gregorian(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "14 أيار/مايو 2020", "May 14, 2020", "in May", "مايو المقبل"."""
    if name.isascii() and not page.is_capital(start):
        return None
    number, right = words.MONTHS[name], page.right(end)
    twin = _twin(number, right)
    if twin:
        end, right = right[twin - 1].end, right[twin:]
    day, start, left = day_before(start, page.left(start))
    sure = day > 0 or twin > 0 or bool(left and left[-1].text in _OF_MONTH)
    if not day and name.isascii() and right and right[0].start - end <= 2 and (day := _day(right[0].text)):
        end, right, sure = right[0].end, right[1:], True
    year, end, relation = page.after_month(end, right)
    if left and not day and not relation and bare(left[-1].text) in _UNTIL:
        relation = "next"
    if not (sure or year or relation) and name in words.DOUBTFUL and not _is_located(left):
        return None
    start = _with_weekday(start, left) if day else start
    period = _of_year(year, number, day) if year else nearest(page, number, day, relation)
    return Expression(start, end, period) if period else None


def hijri(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "21 رمضان 1441 هـ", "شهر ذي القعدة القادم", "رمضان الماضي"."""
    number, right = words.HIJRI[name], page.right(end)
    day, start, left = day_before(start, page.left(start))
    named = bool(left and bare(left[-1].text) == "شهر")
    if right and right[0].text in _HONORIFICS:
        end, right = right[0].end, right[1:]
    if len(right) > 1 and right[0].text in _BEFORE_HIJRI_YEAR and right[1].text[:4].isdigit():
        right = right[1:]
    year, relation = 0, ""
    if right and right[0].start - end <= 4 and (match := _HIJRI_YEAR.fullmatch(right[0].text)):
        year, end = int(match[1]), right[0].end
        if len(right) > 1 and right[1].text in _HIJRI_ERA and right[1].start - end <= 2:
            end = right[1].end
    elif right and (relation := relation_of(right[0].text)):
        end = right[0].end
    if not (day or year or named) and (name in _PERSONS or not (relation or _is_located(left))):
        return None
    if year:
        period = calendars.hijri(year, number, day)
    elif page.reference:
        this = calendars.hijri_year_of(page.reference)
        found = (calendars.hijri(candidate, number, day) for candidate in (this - 1, this, this + 1))
        period = _closest(found, page.reference, relation)
    else:
        return None
    return Expression(start, end, period) if period else None


def nearest(page: Page, number: int, day: int, relation: str) -> Period | None:
    """The month or day of that name nearest to the reference date, or in the year last named."""
    reference = page.reference
    if reference is None:
        return _of_year(page.year, number, day) if page.year else None
    found = (_of_year(year, number, day) for year in (reference.year - 1, reference.year, reference.year + 1))
    return _closest(found, reference, relation)


def _of_year(year: int, number: int, day: int) -> Period | None:
    return calendars.day(year, number, day) if day else calendars.month(year, number)


def _closest(periods: Iterable[Period | None], reference: date, relation: str) -> Period | None:
    choices = []
    for period in periods:
        if period is None:
            continue
        first, last = period
        month_now = first != last and first <= reference <= last
        if (relation == "next" and last <= reference) or (relation == "last" and (first >= reference or month_now)):
            continue
        ahead, behind = (first - reference).days, (reference - last).days
        choices.append((ahead * _FUTURE if ahead > 0 else float(max(0, behind)), period))
    return min(choices)[1] if choices else None


def _twin(number: int, right: list[Word]) -> int:
    """How many words repeat the month in the other series: "أيار (مايو)", "كانون الثاني/يناير"."""
    for size in (2, 1):
        if len(right) >= size and words.MONTHS.get(" ".join(word.text for word in right[:size])) == number:
            return size
    return 0


def _day(text: str) -> int:
    """Day of the month in figures, 0 for anything else."""
    match = _DAY.fullmatch(text)
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 else 0


def day_before(start: int, left: list[Word]) -> tuple[int, int, list[Word]]:
    """(day of the month or 0, where the expression begins, what is left before it)."""
    i = len(left)
    if i and left[i - 1].text in ("من", "شهر", "of", "the"):
        i -= 1
        i -= i > 0 and left[i].text == "شهر" and left[i - 1].text == "من"
    if not i:
        return 0, start, left
    word = left[i - 1]
    figures = _BEFORE_FIGURES.sub("", word.text)
    if start - word.end <= 12 and (day := _day(figures)):
        return day, word.end - len(figures), left[: i - 1]
    before = left[i - 2] if i > 1 else None
    if before and before.text in words.ORDINALS and (tens := words.TENS.get(word.text)):
        return words.ORDINALS[before.text] + tens, before.start, left[: i - 2]
    if before and before.text in words.ORDINALS and word.text in words.TEENS:
        return words.ORDINALS[before.text] + 10, before.start, left[: i - 2]
    if before and bare(before.text) in _PARTS:
        return 0, start, left
    ordinal = word.text.removeprefix("و") if word.text.startswith("وال") else word.text
    if ordinal in words.ORDINALS:
        return words.ORDINALS[ordinal], word.end - len(ordinal), left[: i - 1]
    return 0, start, left


def _with_weekday(start: int, left: list[Word]) -> int:
    """Where "Thursday, " or "اليوم الخميس، " before a date begins."""
    i = len(left)
    while i and left[i - 1].text in ("الموافق", "ال", "من"):
        i -= 1
    if not i:
        return start
    name = left[i - 1].text.removeprefix("و")
    if name in words.WEEKDAYS and start - left[i - 1].end <= 14:
        start = left[i - 1].end - len(name)
        if i > 1 and left[i - 2].text in ("اليوم", "امس") and start - left[i - 2].end <= 2:
            start = left[i - 2].start
    return start


def _is_located(left: list[Word]) -> bool:
    return bool(left) and left[-1].text in _LOCATES
