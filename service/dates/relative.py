"""Expressions that need the day of publication: weekdays, "yesterday", "last week", "قبل يومين", parts of a year."""

from __future__ import annotations

from datetime import timedelta

from service.dates import calendars, months, words
from service.dates.calendars import HIJRI_YEARS, Period
from service.dates.page import CLITICS, YEAR, Expression, Page, Word, bare, relation_of

_NO_WEEKDAY = frozenset({"صلاه", "خطبه", "خطيب", "جامع", "عطله", "ايام", "مسجد", "سوق", "جمعه"})  # before one
_NO_TODAY = frozenset(  # before "today": newspapers, and "the day of"
    {"عين", "صحيفه", "جريده", "المصري", "اخبار", "روسيا", "قناه", "موقع", "وطن", "اوروبا", "في"}
)
_OF_DAY = frozenset(  # after the word for day, which then is not today
    {
        "ذاته",
        "عينه",
        "المذكور",
        "الموالي",
        "السابق",
        "الاول",
        "الثاني",
        "الثالث",
        "الرابع",
        "الاخير",
        "التالي",
        "الواحد",
        "الوطني",
        "العالمي",
        "الدراسي",
        "نفسه",
    }
)
_IN = frozenset({"في", "وفي", "ففي"})
_THIS = frozenset({"هذا", "هذه"})
_SINGULAR = frozenset({"يوم", "اسبوع", "شهر", "عام", "سنه"})  # "قبل شهر" is one month ago, "قبل أشهر" says too little


def weekday(page: Page, name: str, start: int, end: int) -> Expression | None:
    """The last such day, the day of publication included; "last" and "next" are heard."""
    left, right = page.left(start, 1), page.right(end, 1)
    if page.reference is None or (name.isascii() and not page.is_capital(start)):
        return None
    if left and bare(left[0].text) in _NO_WEEKDAY:
        return None
    back = (page.reference.weekday() - words.WEEKDAYS[name]) % 7
    found = page.reference - timedelta(days=back)
    relation = relation_of(right[0].text) if right else ""
    if left and left[0].text in ("last", "next", "this") and start - left[0].end <= 2:
        relation, start = relation_of(left[0].text), left[0].start
    elif relation:
        end = right[0].end
    if relation == "next":
        found += timedelta(days=7)
    elif relation == "last" and back == 0:
        found -= timedelta(days=7)
    return Expression(start, end, (found, found))


def day(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "أمس", "اليوم الخميس", "أول من أمس (السبت)", "tomorrow": where the two disagree the weekday decides."""
    if page.reference is None:
        return None
    left, right = page.left(start, 1), page.right(end, 1)
    previous, following = left[0].text if left else "", right[0].text if right else ""
    if name == "اليوم" and (previous.lstrip(CLITICS) in _NO_TODAY or previous in _IN or following in _OF_DAY):
        return None
    if previous in ("هذا", "لهذا", "بهذا"):
        start = left[0].end - len("هذا")
    found = page.reference + timedelta(days=words.DAYS[name])
    if following in words.WEEKDAYS and right[0].start - end <= 3:
        end = right[0].end
        end += page.plain[end : end + 1] == ")"
        around = [found + timedelta(days=by) for by in (0, -1, 1, -2, 2, -3, 3)]
        found = next(that for that in around if that.weekday() == words.WEEKDAYS[following])
    return Expression(start, end, (found, found))


def unit(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "الأسبوع الماضي", "هذا العام", "12 من الشهر الجاري", "العام الحالي 2015م"."""
    kind = words.THE_UNIT[name]
    left, right = page.left(start, 2), page.right(end, 2)
    relation = relation_of(right[0].text) if right and right[0].start - end <= 2 else ""
    if not relation:
        this = left and bare(left[-1].text) in _THIS and start - left[-1].end <= 2 and page.reference
        return Expression(left[-1].end - 3, end, page.shifted(kind, "this")) if this else None
    to = right[0].end
    if kind == "year" and len(right) > 1 and right[1].start - to <= 2 and (match := YEAR.fullmatch(right[1].text)):
        return Expression(start, right[1].end, calendars.year(int(match[1])))
    if page.reference is None:
        return None
    if kind == "month" and left and left[-1].text == "من":
        number, begins, _ = months.day_before(start, page.left(start))
        if number:
            first = page.shifted("month", relation)[0]
            one = calendars.day(first.year, first.month, number)
            return Expression(begins, to, one) if one else None
    return Expression(start, to, page.shifted(kind, relation))


def count(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "عام 2014", "قبل يومين", "three days ago", "last year"."""
    if not _may_count(page, name, start, end):
        return None
    kind = words.UNITS[name]
    right = page.right(end)
    if name in ("عام", "سنه", "year"):
        year, to, _ = page.after_month(end, right)
        if year:
            is_hijri = year in HIJRI_YEARS and "ه" in page.text[end:to]
            period = calendars.hijri(year) if is_hijri else calendars.year(year)
            return Expression(start, to, period) if period else None
    if page.reference is None:
        return None
    left = page.left(start)
    if left and name in ("week", "month", "year") and left[-1].text != "past" and relation_of(left[-1].text):
        return Expression(left[-1].start, end, page.shifted(kind, relation_of(left[-1].text)))
    number, first = _number(name, start, left)
    if not number:
        return None
    if name.isascii():
        ago = right and right[0].text == "ago"
        return Expression(first, right[0].end, _back(page, kind, number)) if ago else None
    before = next((word for word in reversed(left) if word.end <= first), None)
    if before is None or before.text not in ("قبل", "وقبل") or first - before.end > 2:
        return None
    if right and right[0].text in ("من", "ان"):
        return None  # before something else than now
    return Expression(before.end - len("قبل"), end, _back(page, kind, number))


def part(page: Page, name: str, start: int, end: int) -> Expression | None:
    """ "النصف الأول من العام الحالي", "the second quarter of 2014"."""
    left, right = page.left(start, 1), page.right(end)
    of = [word.text for word in right[:2]]
    if name.isascii():
        if not left or left[0].text not in words.PART_NUMBERS or of[:1] != ["of"]:
            return None
        number, start, rest = words.PART_NUMBERS[left[0].text], left[0].start, right[1:]
    else:
        if not of or of[0] not in words.PART_NUMBERS or of[1:] != ["من"]:
            return None
        number, rest = words.PART_NUMBERS[of[0]], right[2:]
    size = words.PARTS[name]
    year, to = _year(page, rest)
    return Expression(start, to, calendars.part(number, size, year)) if year and number <= size else None


def _year(page: Page, rest: list[Word]) -> tuple[int, int]:
    """(year, where it ends) of "عام 2014", "العام", "العام الماضي", "this year", "2014"; (0, 0) for others."""
    if not rest:
        return 0, 0
    if match := YEAR.fullmatch(rest[0].text):
        return int(match[1]), rest[0].end
    following = rest[1] if len(rest) > 1 else None
    if rest[0].text in ("عام", "سنه", "العام", "السنه") and following and (match := YEAR.fullmatch(following.text)):
        return int(match[1]), following.end
    if page.reference is None or (following and following.text == "المالي"):
        return 0, 0
    if following and following.text == "year" and (relation := relation_of(rest[0].text)):
        return page.shifted("year", relation)[0].year, following.end
    if rest[0].text in ("العام", "السنه"):
        relation = relation_of(following.text) if following else ""
        to = following.end if following and relation else rest[0].end
        return page.shifted("year", relation or "this")[0].year, to
    return 0, 0


def _may_count(page: Page, name: str, start: int, end: int) -> bool:
    """A quick look, as words like day and year are frequent."""
    if name in ("عام", "سنه", "year") and page.has_digit(end, end + 8):
        return True
    before = page.text[max(0, start - 20) : start]
    return "قبل " in before or " ago " in page.text[end : end + 6] or before.endswith(("last ", "next ", "this "))


def _number(name: str, start: int, left: list[Word]) -> tuple[int, int]:
    """(how many, where that begins) before a unit: a number, a dual, or one by itself in Arabic."""
    if name in words.DUALS:
        return 2, start
    if left:
        text = left[-1].text
        number = int(text) if text.isdigit() and len(text) < 3 else words.NUMBERS.get(text, 0)
        if number:
            return number, left[-1].start
    return (1 if name in _SINGULAR else 0), start


def _back(page: Page, kind: str, number: int) -> Period:
    assert page.reference is not None
    if kind == "month":
        return calendars.shifted_month(page.reference, -number)
    if kind == "year":
        return calendars.year(page.reference.year - number)
    found = page.reference - timedelta(days=number * (7 if kind == "week" else 1))
    return calendars.week(found, not page.arabic) if kind == "week" else (found, found)
