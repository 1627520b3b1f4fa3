"""Days, months and years named in running text, in both languages and both Arabic series of month names.

Only what is written out: nothing is resolved against a date of publication here, beyond yesterday and today.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from service import analyzer
from service.dates.calendars import iso_day

_ENGLISH = "january february march april may june july august september october november december".split()
_GULF = "يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس سبتمبر اكتوبر نوفمبر ديسمبر".split()
_LEVANT = "كانون_الثاني شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين_الاول تشرين_الثاني كانون_الاول".split()
_MAGHREB = {"جانفي": 1, "فيفري": 2, "افريل": 4, "ماي": 5, "جوان": 6, "جويليه": 7, "جويليا": 7, "اوت": 8}
MONTHS = {
    **{name: i for i, name in enumerate(_ENGLISH, 1)},
    **{name[:3]: i for i, name in enumerate(_ENGLISH, 1) if name != "may"},
    "sept": 9,
    **{name: i for i, name in enumerate(_GULF, 1)},
    **{name: i for i, name in enumerate(_LEVANT, 1)},
    **_MAGHREB,
}
_ORDINALS = "الاول الثاني الثالث الرابع الخامس السادس السابع الثامن التاسع العاشر".split()
_ORDINAL_DAYS = {
    **{word: i for i, word in enumerate(_ORDINALS, 1)},
    **{word.replace("الاول", "الحادي") + "_عشر": i + 10 for i, word in enumerate(_ORDINALS[:9], 1)},
    "العشرون": 20, "العشرين": 20, "الثلاثون": 30, "الثلاثين": 30,
    **{
        f"{word.replace('الاول', 'الحادي')}_{tens}": i + 20
        for i, word in enumerate(_ORDINALS[:9], 1)
        for tens in ("والعشرين", "والعشرون")
    },
}  # fmt: skip
WEEKDAYS = {
    **{name: i for i, name in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())},
    **{name: i for i, name in enumerate("الاثنين الثلاثاء الاربعاء الخميس الجمعه السبت الاحد".split())},
    "الثلاثا": 1, "الاربعا": 2,
}  # fmt: skip
_RELATIVE = {"امس": -1, "yesterday": -1, "اليوم": 0, "today": 0, "غدا": 1, "tomorrow": 1}
_TOKEN = re.compile(r"[0-9\u0660-\u0669]+|[^\W\d_](?:[^\W\d_]|[\u064b-\u065f\u0670\u0640])*")
_HINT = re.compile(  # what every date has: most sentences have none of it
    r"\d|(?:يناير|فبراير|مارس|[أا]بريل|مايو|يونيو|يوليو|[أا]غسطس|سبتمبر|[أا]كتوبر|نوفمبر|ديسمبر|كانون|شباط|[آاأ]ذار|نيسان|[أا]يار"
    r"|حزيران|تموز|[آا]ب|[أا]يلول|تشرين|جانفي|فيفري|[أا]فريل|جوان|جويلي|[أا]وت|الاثنين|الإثنين|الثلاثا|الأربعا|الاربعا|الخميس|الجمع|السبت|الأحد"
    r"|الاحد|[أا]مس|اليوم|غد)|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|day|tomorrow)"
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Day:
    """A mention of a date; 0 for a part that is not named. ``weekday`` is 0 for Monday, -1 when none is named."""

    year: int
    month: int
    day: int
    start: int
    end: int
    weekday: int = -1
    relative: int | None = None  # days from the day of publication, for yesterday, today and tomorrow


@dataclass(frozen=True, slots=True)
class _Word:
    plain: str
    start: int
    end: int

    @property
    def number(self) -> int:
        return int(self.plain) if self.plain.isdecimal() and len(self.plain) <= 4 else -1


def find(text: str) -> list[Day]:
    """The dates that a text names, in order, disjoint."""
    return list(_find(text)) if may_be_in(text) else []


@lru_cache(maxsize=2048)
def _find(text: str) -> tuple[Day, ...]:
    words = [_Word(_plain(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    found: list[Day] = []
    i = 0
    while i < len(words):
        day, used = _at(words, i, text)
        if day is not None:
            found.append(day)
        i += max(used, 1)
    for m in _NUMERIC.finditer(text):
        a, b, c = (int(m.group(n)) for n in (1, 3, 4))
        year, month, day_ = (a, b, c) if a > 31 else (c, b, a)
        if 1800 <= year <= 2100 and 1 <= month <= 12 and 1 <= day_ <= 31:
            found = [d for d in found if d.end <= m.start() or d.start >= m.end()]
            found.append(Day(year, month, day_, m.start(), m.end()))
    return tuple(sorted(found, key=lambda d: d.start))


def may_be_in(text: str) -> bool:
    """A quick look: False where no date is named."""
    return _HINT.search(text) is not None


def agreement(asked: Day, published: str, mentioned: list[Day]) -> float:
    """How well a text fits the date asked for, 1.0 to 0.0: by the dates it names, else by its day of publication."""
    best = max((_same(asked, day, published) for day in mentioned), default=0.0)
    day = iso_day(published)
    if day is None:
        return best
    return max(best, 0.9 * _near(asked, day))


def _near(asked: Day, day: dt.date) -> float:
    """1.0 for a report of the day asked for or of the three after it, falling to 0.0 over two months."""
    year = asked.year or day.year
    try:
        first = dt.date(year, asked.month or 1, asked.day or 1)
    except ValueError:
        return 0.0
    if asked.day:
        last = first
    elif asked.month:
        last = dt.date(year + asked.month // 12, asked.month % 12 + 1, 1) - dt.timedelta(days=1)
    else:
        last = dt.date(year, 12, 31)
    late = (day - last).days
    off = (first - day).days if day < first else max(0, late - 3)
    return max(0.0, 1.0 - off / (20.0 if asked.day else 60.0))


def _same(asked: Day, day: Day, published: str) -> float:
    if not asked.month:
        return 1.0 if asked.year and asked.year == day.year else 0.0
    if day.month != asked.month or (asked.year and day.year and asked.year != day.year):
        return 0.0
    if not asked.day or not day.day:
        return 1.0 if not asked.day else 0.6
    return 1.0 if asked.day == day.day else 0.2


@lru_cache(maxsize=50_000)
def _plain(word: str) -> str:
    return analyzer.normalize(word)


def _at(words: list[_Word], i: int, text: str) -> tuple[Day | None, int]:
    """A date that begins at word i, and how many words it takes."""
    month, used = _month(words, i)
    if month and _is_month_here(words, i, text):
        return _after_month(words, i, i, month, used, 0)
    number, taken = _day_number(words, i)
    if number:
        at = i + taken
        if at < len(words) and words[at].plain in ("من", "of", "st", "nd", "rd", "th"):
            at += 1
        if at < len(words) and words[at].plain in ("شهر", "of"):
            at += 1
        month, used = _month(words, at)
        if month and words[at].start - words[i + taken - 1].end <= 10:
            return _after_month(words, i, at, month, used, number)
    word = words[i]
    if 1900 <= word.number <= 2100 and _is_year_here(words, i, text):
        return Day(word.number, 0, 0, word.start, word.end), 1
    if word.plain in WEEKDAYS and (
        word.plain[0] in "mtwfs" or (i and words[i - 1].plain in ("يوم", "فجر", "صباح", "مساء", "ليله"))
    ):
        return Day(0, 0, 0, word.start, word.end, WEEKDAYS[word.plain]), 1
    if word.plain in _RELATIVE:
        return Day(0, 0, 0, word.start, word.end, relative=_RELATIVE[word.plain]), 1
    return None, 1


def _after_month(words: list[_Word], first: int, at: int, month: int, used: int, day: int) -> tuple[Day, int]:
    """What may follow a month: the same month in the other series, the day in English order, the year."""
    end = at + used
    again, more = _month(words, end)
    if again == month and more:
        end += more
    if (
        not day
        and end < len(words)
        and 1 <= words[end].number <= 31
        and words[at].plain.isascii()
        and words[end].start - words[end - 1].end <= 2
    ):
        day, end = words[end].number, end + 1
        if end < len(words) and words[end].plain in ("st", "nd", "rd", "th"):
            end += 1
    year = 0
    if end < len(words):
        skip = 1 if words[end].plain in ("عام", "سنه", "من", "of") else 0
        if (
            end + skip < len(words)
            and 1800 <= words[end + skip].number <= 2100
            and words[end + skip].start - words[end - 1].end <= 8
        ):
            year, end = words[end + skip].number, end + skip + 1
    return Day(year, month, day, words[first].start, words[end - 1].end), end - first


def _month(words: list[_Word], i: int) -> tuple[int, int]:
    """(month, words taken) or (0, 0)."""
    if i >= len(words):
        return 0, 0
    plain = words[i].plain
    if i + 1 < len(words) and plain in ("كانون", "تشرين"):
        return MONTHS.get(f"{plain}_{words[i + 1].plain}", 0), 2
    return (MONTHS[plain], 1) if plain in MONTHS else (0, 0)


def _is_month_here(words: list[_Word], i: int, text: str) -> bool:
    """آب, مارس, may and march are also other words: they count only beside a number or after a word for month."""
    if words[i].plain not in ("اب", "مارس", "ماي", "may", "mar", "march", "jan", "sat"):
        return True
    around = [words[j] for j in (i - 1, i + 1, i + 2) if 0 <= j < len(words)]
    return any(w.number > 0 for w in around) or (i > 0 and words[i - 1].plain in ("شهر", "in", "of", "early", "late"))


def _day_number(words: list[_Word], i: int) -> tuple[int, int]:
    word = words[i]
    if 1 <= word.number <= 31:
        return word.number, 1
    if i + 1 < len(words) and (double := _ORDINAL_DAYS.get(f"{word.plain}_{words[i + 1].plain}")):
        return double, 2
    return (_ORDINAL_DAYS[word.plain], 1) if word.plain in _ORDINAL_DAYS else (0, 0)


def _is_year_here(words: list[_Word], i: int, text: str) -> bool:
    """A four-digit number is a year after a word for it or a preposition, and where no counted noun could follow."""
    before = words[i - 1].plain if i else ""
    if before in ("عام", "سنه", "العام", "year", "منذ", "since", "حتي", "until"):
        return True
    after = text[words[i].end : words[i].end + 1]
    return before in ("في", "in", "of", "from") and (
        after in ("", ".", ",", "،", ")", "؛", "-", "?", "؟") or after.isspace()
    )
