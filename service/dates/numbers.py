"""Dates in figures: 14/5/2020, 2020-05-14, ranges of years, "between 26 and 30 March", and years that stand alone.

Patterns begin with a class of characters: the re module then skips quickly to where they may match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.dates import calendars, months, words
from service.dates.calendars import HIJRI_YEARS, Period
from service.dates.page import YEAR, Expression, Page

_NUMERIC = re.compile(r"[0-9]{1,4}( ?[/\-.] ?)([0-9]{1,2})\1([0-9]{2,4})(?![0-9/\-]|\.[0-9])")
_LEADING = re.compile("[0-9]+")
_YEARS = re.compile(r"[12][0-9]{3}(?![0-9/]|[.,][0-9]|-[0-9])")
_RANGE = re.compile(r"[12][0-9]{3} ?[-\u2013\u2014/] ?([12][0-9]{3})(?![0-9])م?")
_BETWEEN_WORD = re.compile("between |بين ")
_BETWEEN = re.compile(
    r"(?<= )(?:between (\S+) and (\S+)|بين (?:عامي |عام )?(\S+) +و(?:عام )?(\S+))(?: (?:من )?([^ ]+))?(?= )"
)
_DAYS_OF = re.compile(
    r"(?<= )(?P<first>[0-9]{1,2})(?:st|nd|rd|th)? (?P<word>(?:to|until|till|الي|حتي) )?"
    r"(?P<last>[0-9]{1,2})(?:st|nd|rd|th)?(?= )"
)
_DASHES = frozenset("-\u2013\u2014")
_IN_NUMBER = "0123456789/.-"
_BEFORE_NO_YEAR = "0123456789.,/-+$"
_HIJRI_MARKS = frozenset({"ه", "هجري", "هجريه"})
_CENTURY_OF_TWO_DIGITS = 70  # 69 is 2069, 70 is 1970
_LONGEST_RANGE = 400  # years


def numeric(page: Page) -> Iterator[Expression]:
    """Day, month and year in either order; month first only where that is asked or cannot be otherwise."""
    for match in _NUMERIC.finditer(page.plain):
        leading = _LEADING.match(match[0])
        if leading is None or page.plain[match.start() - 1] in _IN_NUMBER:
            continue
        period = _of_numbers(page, leading[0], int(match[2]), match[3])
        if period:
            yield Expression(match.start(), match.end(), period)


def _of_numbers(page: Page, first: str, b: int, last: str) -> Period | None:
    a, c = int(first), int(last)
    if len(first) == 4:
        return calendars.hijri(a, b, c) if a in HIJRI_YEARS else calendars.day(a, b, c)
    if len(first) > 2 or len(last) not in (2, 4):
        return None
    year = c if len(last) == 4 else c + (2000 if c < _CENTURY_OF_TWO_DIGITS else 1900)
    if year in HIJRI_YEARS:
        return calendars.hijri(year, b, a)
    day, month = (b, a) if (page.month_first and a <= 12) or b > 12 else (a, b)
    return calendars.day(year, month, day)


def ranges(page: Page) -> Iterator[Expression]:
    """ "1965 - 1970", "between 2005 and 2010", "بين 3 و7 أغسطس"."""
    for match in _RANGE.finditer(page.plain):
        first, last = sorted((int(match[0][:4]), int(match[1])))
        if not page.plain[match.start() - 1].isdigit() and last - first <= _LONGEST_RANGE:
            yield Expression(match.start(), match.end(), (calendars.year(first)[0], calendars.year(last)[1]))
    yield from _of_one_month(page)
    if not _BETWEEN_WORD.search(page.text):
        return
    for match in _BETWEEN.finditer(page.text):
        left, right = match[1] or match[3], match[2] or match[4]
        if YEAR.fullmatch(left) and YEAR.fullmatch(right) and left <= right:
            end = match.end(4 if match[4] else 2)
            period = calendars.year(int(left[:4]))[0], calendars.year(int(right[:4]))[1]
            yield Expression(match.start(), end, period)
        elif left.isdigit() and right.isdigit() and (month := words.MONTHS.get(match[5] or "")):
            year, end, relation = page.after_month(match.end(), page.right(match.end()))
            until = (
                calendars.day(year, month, int(right)) if year else months.nearest(page, month, int(right), relation)
            )
            since = calendars.day(until[0].year, month, int(left)) if until else None
            if since and until:
                yield Expression(match.start(), end, (since[0], until[0]))


def _of_one_month(page: Page) -> Iterator[Expression]:
    """ "3-7 August 2015", "3 to 7 August", "August 3 to 7, 2015", "من 3 إلى 7 آب"."""
    if not page.has_digit(0, len(page.text)):
        return
    for match in _DAYS_OF.finditer(page.text):
        if not match["word"] and page.plain[match.end("first") : match.start("last")].strip() not in _DASHES:
            continue
        before, after = page.left(match.start(), 1), page.right(match.end(), 3)
        first, last = int(match["first"]), int(match["last"])
        if first >= last:
            continue
        if after and (number := words.MONTHS.get(after[0].text)):  # before the English form: "in May 3 to 7 August"
            start, month_end, rest_at = match.start(), after[0].end, after[0].end
        elif len(after) > 1 and after[0].text in ("من", "of") and (number := words.MONTHS.get(after[1].text)):
            start, month_end, rest_at = match.start(), after[1].end, after[1].end
        elif before and before[0].text.isascii() and (number := words.MONTHS.get(before[0].text)):
            start, month_end, rest_at = before[0].start, match.end(), match.end()
        else:
            continue
        year, end, relation = page.after_month(rest_at, page.right(rest_at))
        until = calendars.day(year, number, last) if year else months.nearest(page, number, last, relation)
        since = calendars.day(until[0].year, number, first) if until else None
        if since and until:
            yield Expression(start, max(end, month_end), (since[0], until[0]))


def years(page: Page) -> Iterator[Expression]:
    """Years that stand alone: "(1971)", "in 1962", "وفي 2013", "1436هـ"."""
    plain = page.plain
    for match in _YEARS.finditer(plain):
        before = plain[match.start() - 1]
        if before in _BEFORE_NO_YEAR:
            continue
        number, end = int(match[0]), match.end()
        right = page.right(end, 1)
        after = right[0].text if right else ""
        if after in _HIJRI_MARKS and right[0].start - end <= 2:
            period = calendars.hijri(number)
            end = right[0].end
            end += plain[end : end + 1] == "\u0640"  # هـ
            if period:
                yield Expression(match.start(), end, period)
            continue
        end += plain[end : end + 1] == "م"
        if (end == match.end() and plain[end : end + 1].isalpha()) or after in words.NOT_AFTER_YEAR:
            continue
        if _is_year(page, number, match.start(), end, after):
            yield Expression(match.start(), end, calendars.year(number))


def _is_year(page: Page, number: int, start: int, end: int, after: str) -> bool:
    """By a word before it, brackets around it or, less surely, by what does not follow it."""
    if not 1700 <= number <= 2100:
        return False
    if page.plain[start - 1] == "(" and page.plain[end : end + 1] == ")":
        return True
    left = page.left(start, 1)
    before = left[0].text if left and start - left[0].end <= 2 else ""
    if before in words.BEFORE_YEAR_AR or before in words.BEFORE_YEAR_EN:
        return True
    if page.plain[start - 1] not in " (" and not before:
        return False
    if page.arabic:
        closed = not after or page.plain[end : end + 1] in tuple("،.,؛:")
        return 1900 <= number <= 2050 and closed and not after.endswith(("ا", "ين"))
    return 1800 <= number <= 2050 and bool(after) and not after.endswith("s")
