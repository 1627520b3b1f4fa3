"""Numbers in running text: digits of both kinds, number words of both languages, thousands or millions after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from service import analyzer

_UNITS = {
    **dict.fromkeys(("one", "واحد", "واحده", "احدي", "احد"), 1),
    **dict.fromkeys(("two", "both", "اثنان", "اثنين", "اثنتان", "اثنتين", "اثنا", "اثني", "اثنتا", "اثنتي"), 2),
    **dict.fromkeys(("three", "ثلاثه", "ثلاث"), 3),
    **dict.fromkeys(("four", "اربعه", "اربع"), 4),
    **dict.fromkeys(("five", "خمسه", "خمس"), 5),
    **dict.fromkeys(("six", "سته", "ست"), 6),
    **dict.fromkeys(("seven", "سبعه", "سبع"), 7),
    **dict.fromkeys(("eight", "ثمانيه", "ثماني", "ثمان"), 8),
    **dict.fromkeys(("nine", "تسعه", "تسع"), 9),
    **dict.fromkeys(("ten", "عشره", "عشر"), 10),
    **dict(
        zip(
            "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
            range(11, 20),
            strict=True,
        )
    ),
}
_TENS = {
    **dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)),
    **dict(zip("عشرون ثلاثون اربعون خمسون ستون سبعون ثمانون تسعون".split(), range(20, 100, 10), strict=True)),
    **dict(zip("عشرين ثلاثين اربعين خمسين ستين سبعين ثمانين تسعين".split(), range(20, 100, 10), strict=True)),
}
_HUNDREDS = {
    **dict.fromkeys(("مئه", "مائه", "ميه"), 100),
    **dict.fromkeys(("مئتان", "مئتين", "مائتان", "مائتين", "مئتا", "مئتي", "مائتا", "مائتي"), 200),
    **{
        stem + hundred: value * 100
        for stem, value in zip("ثلاث اربع خمس ست سبع ثماني ثمان تسع".split(), (3, 4, 5, 6, 7, 8, 8, 9), strict=True)
        for hundred in ("مئه", "مائه")
    },
}
_SCALES = {
    **dict.fromkeys(("hundred", "hundreds"), 100),
    **dict.fromkeys(("thousand", "thousands", "الف", "الفا", "الاف"), 1_000),
    **dict.fromkeys(("million", "millions", "m", "مليون", "مليونا", "ملايين"), 1_000_000),
    **dict.fromkeys(("billion", "billions", "bn", "مليار", "مليارا", "مليارات", "بليون"), 1_000_000_000),
}
_DUAL_SCALES = {
    **dict.fromkeys(("الفان", "الفين", "الفا", "الفي"), 2_000),
    **dict.fromkeys(("مليونان", "مليونين", "مليوني", "مليونا"), 2_000_000),
    **dict.fromkeys(("ملياران", "مليارين", "ملياري"), 2_000_000_000),
}
_DUALS = {  # twice a unit of time, a single word
    **dict.fromkeys(
        ("يومين", "يومان", "ليلتين", "ليلتان", "ساعتين", "ساعتان", "دقيقتين", "دقيقتان", "اسبوعين", "اسبوعان"), 2
    ),
    **dict.fromkeys(("شهرين", "شهران", "سنتين", "سنتان", "عامين", "عامان", "مرتين", "مرتان"), 2),
}
_PIECE = re.compile(r"[^\W_](?:[^\W_]|[\u064b-\u065f\u0670\u0640.,\u066b\u066c\u060c](?=[^\W_]))*")
_HINT = re.compile(  # digits, or a piece of a number word
    r"\d|واحد|[إا]حد|[اإ]ثن|ثلاث|[أا]ربع|خمس|ست[ةه ]|سبع|ثما?ن|تسع|عشر|مئ|مائ|[أا]لف|آلاف|الاف|ملا?ي"
    r"|يومي?ن|شهري?ن|سنتي?ن|عامي?ن|ساعتي?ن"
    r"|(?i:\b(?:one|two|both|three|four|five|six|seven|eight|nine|ten|eleven|twel|thirt|fourt|fift|sixt|eight|ninet"
    r"|twent|hundred|thous|milli|billi))"
)
_SPLIT = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number and where it stands, [start, end) in the text that was given."""

    value: float
    start: int
    end: int
    words: bool = False  # written in words, at least in part


def find(text: str) -> list[Number]:
    """The numbers of a text in order; those in words are taken together ("two hundred and five", خمسة وعشرين)."""
    found: list[Number] = []
    for start, end, kind, value, joins in _parts(text):
        last = found[-1] if found else None
        gap = text[last.end : start] if last else ""
        near = last is not None and len(gap) <= 6 and gap.strip(" -\u00a0\u2011") in ("", "and", "و")
        if last and near and kind == "scale" and last.value and _fits(last.value, value):
            found[-1] = Number(_scaled(last.value, value), last.start, end, last.words)
        elif kind == "scale":
            if joins or value >= 100:
                found.append(Number(float(value), start, end, True))
        elif last and near and last.words and kind == "word" and _adds(last.value, value, joins or "and" in gap):
            found[-1] = Number(last.value + value, last.start, end, True)
        else:
            found.append(Number(value, start, end, kind == "word"))
    return found


def may_be_in(text: str) -> bool:
    """A quick look: False where no number stands."""
    return _HINT.search(text) is not None


def _parts(text: str) -> list[tuple[int, int, str, float, bool]]:
    """(start, end, "digits" | "word" | "scale", value, whether it begins with و) of each piece of a number."""
    parts = []
    for piece in _PIECE.finditer(text):
        if not piece.group()[0].isdecimal() and not _may_be_number(piece.group()[:2]):
            continue
        if (
            text[piece.start() - 1 : piece.start()] in ("-", "\u2011")
            and text[piece.start() - 2 : piece.start() - 1].isalpha()
            and piece.group()[0].isdecimal()
        ):
            continue  # F-16
        cuts = [0, *(m.start() for m in _SPLIT.finditer(piece.group())), len(piece.group())]
        if len(cuts) > 4 or (
            len(cuts) > 2 and not piece.group()[0].isdecimal() and piece.group()[: cuts[1]] not in "وبل"
        ):
            continue  # F16, VSV-4a: a name, not a number
        for a, b in pairwise(cuts):
            known = _known(piece.group()[a:b])
            if known:
                parts.append((piece.start() + a, piece.start() + b, *known))
    return parts


@lru_cache(maxsize=4096)
def _may_be_number(head: str) -> bool:
    """Whether a word that begins so can be a number word: most of a text is passed over without normalising it."""
    plain = analyzer.normalize(head)
    return plain[:1] in "وبل" or plain in _HEADS or plain[:1] in ("m", "b")


@lru_cache(maxsize=20_000)
def _known(word: str) -> tuple[str, float, bool] | None:
    plain = analyzer.normalize(word)
    if plain[:1].isdecimal():
        return _digits(plain)
    if plain == "الاثنين":
        return None  # Monday
    for skip, joins in ((0, False), (1, True)):
        rest = plain[skip:]
        if skip and plain[:1] not in ("و", "ب", "ل"):
            break
        if rest.startswith("ال") and len(rest) > 4 and rest not in _SCALES and rest not in _DUAL_SCALES:
            rest = rest[2:]
        joined = joins and plain[:1] == "و"
        for table in (_UNITS, _TENS, _HUNDREDS, _DUAL_SCALES, _DUALS):
            if rest in table and (table is not _DUAL_SCALES or rest not in _SCALES):
                return "word", float(table[rest]), joined
        if rest in _SCALES:
            return "scale", float(_SCALES[rest]), joined
    return None


def _digits(plain: str) -> tuple[str, float, bool] | None:
    try:
        return "digits", float(plain.replace(",", "").replace("،", "")), False
    except ValueError:
        return None


def _fits(value: float, scale: float) -> bool:
    return value % 1000 < scale or scale >= 1000


def _scaled(value: float, scale: float) -> float:
    """ "two hundred thousand" is 200 x 1000; "three million two hundred" is not reached here."""
    if value >= 1_000_000 and scale < 1_000_000:  # one million | two hundred thousand
        rest = value % 1_000_000
        return value - rest + rest * scale
    return value * scale


def _adds(before: float, value: float, joined: bool) -> bool:
    if value == 10 and 1 <= before <= 9:
        return not joined  # ثلاثة عشر
    if 1 <= before <= 9 and value % 10 == 0 and 20 <= value < 100:
        return joined  # خمسة وعشرين
    if 20 <= before < 100 and before % 10 == 0 and 1 <= value <= 9:
        return True  # twenty-five
    return before % 100 == 0 and before >= 100 and value < 1000 and value < (100 if before % 1000 else 1000)


_HEADS = {
    word[:2] for table in (_UNITS, _TENS, _HUNDREDS, _SCALES, _DUAL_SCALES, _DUALS) for word in table
} | {"ال"}  # fmt: skip
