"""Periods that a question counts back from its own day: "in the last three days", "آخر 24 ساعة", "الشهرين الماضيين"."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from service.dates import calendars, words
from service.dates.page import Expression

_HOURS = {"hour": "hour", "hours": "hour", "ساعه": "hour", "ساعات": "hour", "ساعتين": "hour"}
_UNITS = {**words.UNITS, **_HOURS, "يوما": "day", "اسبوعا": "week", "شهرا": "month"}
_DUALS = words.DUALS | {"ساعتين"}
_COUNT = rf"[0-9]{{1,3}}|{'|'.join(sorted(words.NUMBERS))}|couple of|few"
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_GONE = "الماضيه|الماضيين|الاخيره|الاخيرين|الماضي|السابقه|الفايته|المنصرمه"
_ENGLISH = re.compile(rf" (?:last|past|previous) (?P<count>{_COUNT}) (?P<unit>[a-z]+)(?= )")
_ARABIC = re.compile(
    rf" (?:اخر (?P<count>{_COUNT})? ?(?P<unit>{_UNIT})"
    rf"|ال(?P<unit2>{_UNIT}) ال(?P<count2>{_COUNT}) (?:{_GONE})"
    rf"|ال(?P<count3>{_COUNT}) (?P<unit3>{_UNIT}) (?:{_GONE})"
    rf"|ال(?P<unit4>{'|'.join(sorted(_DUALS))}) (?:{_GONE}))(?= )"
)
_FEW = {"couple of": 2, "few": 3}


def find(text: str, now: date) -> Expression | None:
    """The first such period of a folded text; it ends with ``now``."""
    match = _ENGLISH.search(text) or _ARABIC.search(text)
    if match is None:
        return None
    groups = match.groupdict()
    unit = next((value for name, value in groups.items() if name.startswith("unit") and value), "")
    if unit not in _UNITS:
        return None
    counted = next((value for name, value in groups.items() if name.startswith("count") and value), "")
    number = 2 if unit in _DUALS else _number(counted)
    return Expression(match.start() + 1, match.end(), (_back(now, _UNITS[unit], number), now))


def _number(counted: str) -> int:
    return int(counted) if counted.isdigit() else _FEW.get(counted) or words.NUMBERS.get(counted, 1)


def _back(now: date, unit: str, number: int) -> date:
    if unit in ("month", "year"):
        first, last = calendars.shifted_month(now, -number * (12 if unit == "year" else 1))
        return min(last, first.replace(day=1) + timedelta(days=now.day - 1))
    days = {"hour": math.ceil(number / 24), "day": number, "week": 7 * number}[unit]
    return now - timedelta(days=days)
