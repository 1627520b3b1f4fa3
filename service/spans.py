"""The few words of a sentence that answer a question: a number and what it counts, a date, a name, a place, a cause."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from service import alignment, analyzer, days, lexicon, numerals
from service.question import (
    NUMERIC,
    UNTYPED,
    AnswerType,
    Question,
    is_person_noun,
    is_time_unit,
    type_of_noun,
)
from service.question_terms import loosened
from service.records import Language
from service.sound import likeness

Words = Sequence[tuple[int, int]]  # where the words of the question stand in the sentence
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u064b-\u065f\u0670\u0640'\u2019-](?=[^\W_\d]))*")
_MONEY = re.compile(
    r"[$\u20ac\u00a3]|\b(?:dollars?|euros?|pounds?|dinars?|riyals?|liras?|dirhams?|yen|francs?|USD|EUR|SR)\b"
    r"|دولار|يورو|جنيه|[إا]سترليني|دينار|دنانير|ريال|لير[هةا]|درهم|دراهم|فرنك|روبل|شيكل|شواكل|ين ياباني",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"%|\u066a|\bper ?cent\b|في المئة|في المائة|بالمئة|بالمائة|بالمية", re.IGNORECASE)
_DEAD = re.compile(
    r"\b(?:kill\w*|dead|deaths?|died|dies|toll|fatal\w*|drown\w*)\b"
    r"|(?:قتل|قُتل|مقتل|قتيل|قتلى|القتلى|مصرع|حتف|توفي|وفاة|وفيات|ضحايا|استشه|شهيد|شهداء|غرق|لقوا|لقي|أودى|أودت)",
    re.IGNORECASE,
)
_HURT = re.compile(
    r"\b(?:wound\w*|injur\w*|hurt)\b|(?:أصيب|اصيب|أُصيب|إصابة|اصابة|مصاب|جرح|جُرح|جريح|جرحى)", re.IGNORECASE
)
_QUOTED = re.compile(r"«([^«»]{4,60})»|\u201c([^\u201c\u201d]{4,60})\u201d|\"([^\"]{4,60})\"")
_CAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|as a result of|caused by|in order to|in protest (?:at|against)|after)\b"
    r"|(?<!\w)(?:بسبب|جراء|جرّاء|نتيجة|إثر|اثر|لأن|لأنه|لأنها|لأنهم"
    r"|احتجاجا على|احتجاجاً على|بهدف|بغية|من أجل|نظرا ل|نظراً ل|بدعوى|بذريعة|بعدما|ردا على|رداً على|لعدم)(?!\w)"
)
_RESULT = re.compile(
    r"(?<![\d/-])(?:[\d\u0660-\u0669]{1,2}|صفر)\s?[-\u2013/:]\s?(?:[\d\u0660-\u0669]{1,2}|صفر)(?![\d/-])"
    r"|(?:بهدفين|بهدف|بثلاثة أهداف|بثلاثية|برباعية|بخماسية|بأربعة أهداف)(?: مقابل \w+| دون رد| نظيف\w*| لصفر)?"
)
_HUNDRED = re.compile(r"(?:في |ب)(?:المئة|المائة)")  # of a percentage: no number of its own
_BOTH = re.compile(
    r"\s*(?:\S+\s+){0,2}?(?:بين (?:قتيل|شهيد) وجريح|(?:dead|killed) (?:and|or) (?:wounded|injured)|casualties)"
)
_OUT_OF = re.compile(r"\s*(?:من أصل|من اصل|من بين|من مجموع|من إجمالي|out of(?: the)?|of the|from among)\s*")
_LENGTH = re.compile(r"(?:كيلو ?متر|متر|أمتار|مترا|كم|ميل|أميال|met(?:er|re)s?|kilomet\w+|km|miles?|feet)(?!\w)")
_CLAUSE_END = re.compile(r"[،,؛;.!؟?:()«»\"\u201c\u201d\n]| - | – ")
_NISBA = re.compile(r"ال\w{2,}(?:ي|ية|يين|يون)")  # السوري: no first name
_TITLES = frozenset(
    """العميد العقيد اللواء الرائد النقيب المقدم الملازم الفريق المشير الرقيب الجنرال الرئيس الوزير السفير المهندس
    الدكتور الشيخ السيد القائد الأمير الملك الناطق المتحدث النائب القاضي المحامي الطبيب الصحافي الصحفي اللاعب المدرب
    الأستاذ الحاج الإمام الرهينة المواطن الإرهابي وزير رئيس قائد محافظ سفير مدير زعيم مبعوث أمين ممثل حاكم نائب عضو
    متحدث ناطق اسمه اسمها يدعى المدعو
    colonel general major captain lieutenant brigadier sergeant president minister ambassador dr mr mrs ms
    sheikh prince king commander spokesman spokeswoman governor judge director secretary envoy leader named
    called""".split()
)
_BREAKS = frozenset(
    """في من على إلى عن مع قد أن إن التي الذي الذين كان كانت هو هي وهو وهي بعد قبل خلال أمس اليوم حيث ثم أو بين منذ إثر
    الى علي وفي ومن وأن لم لا ما تم هذا هذه ذلك بأن فيما بينما وقد كما عند أنه أنها لكن حتى
    of in on at by for to from with and the a an is was were has had who which that after before said""".split()
)
_PREPOSITIONS = frozenset(
    """في من إلى الى قرب شمال جنوب شرق غرب شمالي جنوبي شرقي غربي وسط داخل قرية مدينة بلدة ناحية قضاء محافظة منطقة
    in at near from""".split()
)
_TITLE_REACH = 9  # words between a title and the name: رئيس اللجنة الدولية للصليب الأحمر ... فلان
_UNHARMED = 0.75  # worth of a number without a word of harm near it, where the dead or hurt are asked for
_CLOSE = 0.3  # how much nearness to the question's words counts against the kind


@dataclass(frozen=True, slots=True)
class Span:
    """A possible short answer, [start, end) in the sentence. ``fit``: how well it is of the kind asked for, 0 to 1."""

    start: int
    end: int
    fit: float
    value: float | None = None  # of a number


def candidates(sentence: str, question: Question, units: Collection[str], asked: Words) -> list[Span]:
    """Possible short answers in a sentence, best first, equal ones in text order.

    ``units`` are index terms, of either language, for what is counted or named; ``asked`` is where words of the
    question stand. What the question itself says is no answer to it.
    """
    kind = question.type
    if kind in NUMERIC:
        found = _numbers(sentence, question, units)
    elif kind is AnswerType.DATE:
        found = _dates(sentence, question)
    elif kind is AnswerType.CAUSE:
        found = _causes(sentence)
    elif kind is AnswerType.SCORE:
        found = [Span(m.start(), m.end(), 1.0) for m in _RESULT.finditer(sentence)]
    elif kind is AnswerType.PERSON:
        found = _people(sentence, asked, units)
    elif kind in (AnswerType.PLACE, AnswerType.ORGANISATION, AnswerType.NAME):
        found = _named(sentence, units, asked, kind, bool(question.unit))
    else:
        found = []
    return sorted(found, key=lambda s: (-s.fit - _CLOSE * _closeness(s, asked), s.start))


def _closeness(span: Span, asked: Words) -> float:
    """1.0 beside the words of the question, towards 0.0 far from them: which of two tolls is meant."""
    gaps = sorted(
        max(start - span.end, span.start - end, 0) for start, end in asked if end <= span.start or start >= span.end
    )
    return sum(1.0 / (1.0 + gap / 15.0) for gap in gaps[:2]) / 2.0


def may_hold(sentence: str, question: Question) -> bool:
    """A quick look: False where the sentence can hold no answer of the kind asked for."""
    if question.type in NUMERIC or question.type is AnswerType.SCORE:
        return numerals.may_be_in(sentence)
    return question.type is not AnswerType.DATE or days.may_be_in(sentence)


def fit(question: Question, found: Sequence[Span]) -> float:
    """How well the best of a sentence's short answers is of the kind asked for; 0.5 where any words may answer."""
    if question.type in UNTYPED:
        return max((span.fit for span in found), default=0.5)
    return found[0].fit if found else 0.0


def _numbers(sentence: str, question: Question, units: Collection[str]) -> list[Span]:
    passed = [(d.start, d.end) for d in days.find(sentence) if d.month or d.year]
    passed += [m.span() for m in _HUNDRED.finditer(sentence)]
    given = {number.value for number in _given(question.text)}
    found: list[Span] = []
    last = 0  # where the number before ended
    for number in numerals.find(sentence):
        if any(start < number.end and number.start < end for start, end in passed):
            continue
        if (number.words and number.value <= 1) or number.value in given:
            continue
        after, before = sentence[number.end : number.end + 45], sentence[max(0, number.start - 30) : number.start]
        if stop := _CLAUSE_END.search(after):
            after = after[: stop.start()]
        harm = _harm_fit(sentence, number, question.text) if question.about_people or not question.unit else 1.0
        value, start, end = _kind_fit(question, units, sentence[number.start : number.end], after, before)
        if value:
            span = Span(number.start - start, number.end + end, value * harm, number.value)
            if found and _OUT_OF.fullmatch(sentence, last, number.start):  # 82 of 120 deputies: 82 is asked for
                found[-1] = replace(found[-1], fit=max(found[-1].fit, span.fit))
                span = replace(span, fit=0.6 * span.fit)
            found.append(span)
            last = number.end
    return found


def _harm_fit(sentence: str, number: numerals.Number, question: str) -> float:
    """1.0, less where the dead are asked for and this number is of wounded, of both, or of neither.

    Whether it is tells the word of harm that is nearest: right after the number, else the last one before it.
    """
    dead, hurt = bool(_DEAD.search(question)), bool(_HURT.search(question))
    if dead == hurt:
        return 1.0
    if _BOTH.match(sentence, number.end):
        return 0.6
    after = sentence[number.end : number.end + 25]
    before = sentence[max(0, number.start - 60) : number.start]
    marks = [(m.start(), kind) for kind in (_DEAD, _HURT) for m in kind.finditer(after.split("،")[0].split(",")[0])]
    if marks:
        nearest = min(marks, key=lambda mark: mark[0])[1]
    else:
        marks = [(m.start(), kind) for kind in (_DEAD, _HURT) for m in kind.finditer(before)]
        if not marks:
            return _UNHARMED
        nearest = max(marks, key=lambda mark: mark[0])[1]
    return 1.0 if (nearest is _DEAD) == dead else 0.6


def _kind_fit(
    question: Question, units: Collection[str], itself: str, after: str, before: str
) -> tuple[float, int, int]:
    """(fit, characters to take in before, and after) of a number for a numeric question."""
    at_hand = re.split(r"\d", after, maxsplit=1)[0]  # up to the next number
    money, percent = _MONEY.search(at_hand[:22]), _PERCENT.search(after[:14])
    sign = before[-1:] in "$€£" and bool(before[-1:])
    if question.type is AnswerType.MONEY:
        if sign:
            return 1.0, 1, 0
        return (1.0, 0, after.find(money.group()) + len(money.group())) if money else (0.25, 0, 0)
    if question.type is AnswerType.PERCENT:
        return (1.0, 0, percent.end()) if percent else (0.25, 0, 0)
    words = [(m.group(), m.end()) for m in _WORD.finditer(after)][:3]
    own = words[0][1] if words and words[0][0] not in _BREAKS else 0  # where the word ends that the number counts
    if question.type is AnswerType.NUMBER and not question.unit:  # how high, how fast: any measure
        return 0.55, 0, own
    if question.type is AnswerType.DURATION:
        if itself and is_time_unit(itself):
            return 1.0, 0, 0  # يومين
        for word, end in words[:2]:
            if is_time_unit(word.split("-")[0]):  # 58-year-old
                return (1.0 if not units or _is_one_of(word, units) else 0.6), 0, end
        length = _LENGTH.match(after.lstrip())  # "how long was the tunnel"
        return (0.7, 0, after.find(length.group()) + len(length.group())) if length else (0.2, 0, 0)
    for i, (word, end) in enumerate(words):
        if _is_one_of(word, units):
            return (1.0 if i < 2 else 0.8), 0, end
        if question.about_people and is_person_noun(word):
            return 0.9, 0, end
    if percent or money or sign or (words and is_time_unit(words[0][0])) or (itself and is_time_unit(itself)):
        return 0.25, 0, 0
    nearby = [m.group() for m in _WORD.finditer(before)][-3:]
    if any(_is_one_of(word, units) for word in nearby):
        return 0.85, 0, 0
    if question.about_people and (not own or any(is_person_noun(word) for word in nearby)):
        return 0.7, 0, 0
    end = 0 if question.about_people else own
    if question.unit and words:
        alike = alignment.strengths(question.unit, [word for word, _ in words[:2]])
        return 0.5 + 0.4 * float(alike.max(initial=0.0)), 0, end
    return (0.4 if question.about_people else 0.55), 0, end


def _is_one_of(word: str, units: Collection[str]) -> bool:
    return any(loosened(term) in units for term in analyzer.terms(word))


@lru_cache(maxsize=256)
def _given(question: str) -> tuple[numerals.Number, ...]:
    return tuple(numerals.find(question))


def _dates(sentence: str, question: Question) -> list[Span]:
    asked = {(d.year, d.month, d.day) for d in question.dates}
    wants_year = any(analyzer.normalize(word) in ("year", "عام", "سنه", "العام") for word in question.unit)
    found = []
    for day in days.find(sentence):
        if (day.year, day.month, day.day) in asked:
            continue
        if wants_year:
            value = 1.0 if day.year else 0.3
        else:
            value = (
                1.0 if day.month and day.day else 0.6 if day.month or day.weekday >= 0 else 0.5 if day.year else 0.35
            )
        found.append(Span(day.start, day.end, value))
    return found


def _causes(sentence: str) -> list[Span]:
    found = []
    for cue in _CAUSE.finditer(sentence):
        end = _CLAUSE_END.search(sentence, cue.end() + 1)
        stop = end.start() if end else len(sentence)
        if stop - cue.end() >= 4:
            found.append(Span(cue.start(), stop, 0.6 if cue.group() in ("after", "إثر", "اثر", "بعدما") else 1.0))
    return found


def _people(sentence: str, asked: Words, units: Collection[str]) -> list[Span]:
    """Runs of name-like words, best after the title asked for, or after any; Latin names by their capitals."""
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(sentence)]
    taken = [any(start < b and a < end for a, b in asked) for start, end, _ in words]
    found = []
    i = 0
    while i < len(words):
        if taken[i] or not _may_be_name(words[i][2], i == 0) or _NISBA.fullmatch(words[i][2]):
            i += 1
            continue
        j = i
        while (
            j + 1 < len(words) and j - i < 3 and not taken[j + 1]
            and (_may_be_name(words[j + 1][2], False) or words[j + 1][2] == "الشيخ")
            and sentence[words[j][1] : words[j + 1][0]].strip() == ""
        ):  # fmt: skip
            j += 1
        whole = j > i or not analyzer.is_arabic(words[i][2])  # one Arabic word that sounds like a name may be any word
        if _follows_title(sentence, words, taken, i, units):
            value = 1.0 if whole else 0.7
        elif any(_is_one_of(word, units) for _, _, word in words[j + 1 : j + 3]):
            value = 0.8 if whole else 0.45
        elif any(word.lower() in _TITLES for _, _, word in words[max(0, i - 3) : i]):
            value = (0.55 if units else 0.95) if whole else (0.45 if units else 0.7)
        else:
            value = (0.4 if units else 0.6) if whole else 0.25
        found.append(Span(words[i][0], words[j][1], value))
        i = j + 1
    return found


def _follows_title(
    sentence: str, words: Sequence[tuple[int, int, str]], taken: Sequence[bool], i: int, units: Collection[str]
) -> bool:
    """Whether the title asked for stands before word i: near, or with little between that the question does not say."""
    between = 0
    for k in range(i - 1, max(-1, i - _TITLE_REACH), -1):
        if _CLAUSE_END.search(sentence, words[k][1], words[k + 1][0]):
            return False
        if _is_one_of(words[k][2], units):
            return True
        between += not taken[k] and words[k][2].lower() not in _TITLES
        if between > 2:
            return False
    return False


def _named(sentence: str, units: Collection[str], asked: Words, kind: AnswerType, question_names: bool) -> list[Span]:
    """The noun that the question names and the words after it (سجن الهضبة); else capitals, or after a preposition."""
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(sentence)]
    found = []
    for i, (start, _, word) in enumerate(words):
        noun = type_of_noun(_plain_noun(word)) is kind
        is_unit = _is_one_of(word, units)
        lead = kind is AnswerType.PLACE and word in _PREPOSITIONS
        if not is_unit and not lead and not noun:
            continue
        if is_unit and not analyzer.is_arabic(word):
            first = i
            while first and words[first - 1][2][:1].isupper() and words[first][0] - words[first - 1][1] <= 1:
                first -= 1
            if first < i:
                found.append(Span(words[first][0], words[i][1], 1.0))
                continue
        j = i
        while j + 1 < len(words) and j - i < 3 and _goes_on(words[j + 1][2], j == i):
            if sentence[words[j][1] : words[j + 1][0]].strip() not in ("", "«", '"'):
                break
            j += 1
        new = [k for k in range(i + 1, j + 1) if not any(words[k][0] < b and a < words[k][1] for a, b in asked)]
        if not new:
            continue
        at_once = new[0] == i + 1
        if is_unit or noun:
            clitic = len(word) - len(_without_clitic(word))
            value = _name_fit(word[clitic:], words[i + 1][2], kind) if at_once else 0.5
            found.append(Span(start + clitic, words[j][1], value * (1.0 if is_unit and noun else 0.75)))
        else:
            found.append(Span(words[i + 1][0], words[min(j, i + 2)][1], 0.4 if question_names else 0.55))
    if kind in (AnswerType.ORGANISATION, AnswerType.NAME):
        found += [Span(m.start(i), m.end(i), 0.7) for m in _QUOTED.finditer(sentence) for i in (1, 2, 3) if m.group(i)]
    if not found:
        found = [Span(s.start, s.end, min(s.fit, 0.4)) for s in _people(sentence, asked, frozenset())]
    return found


def _goes_on(word: str, first: bool) -> bool:
    """Whether a name may go on with this word: مطار عدن الدولي, not مطار عدن الأسبوع الماضي."""
    if word in _BREAKS or is_time_unit(word):
        return False
    if first or not analyzer.is_arabic(word):
        return True
    return not word.startswith(("بال", "وال", "لل")) and (word.startswith("ال") or name_likeness(word) >= 0.7)


def _name_fit(noun: str, following: str, kind: AnswerType) -> float:
    """How much noun and next word look like a name: not القاعدة نفسها, which says something of one."""
    if not analyzer.is_arabic(noun):
        return 1.0
    if noun.startswith("ال") and not following.startswith("ال"):
        return 1.0 if name_likeness(following) >= 0.7 else 0.45
    if kind is AnswerType.NAME:
        return 1.0 if _may_be_name(following, False) else 0.35
    return 0.8 if name_likeness(following) < 0.7 and not following.startswith("ال") else 1.0


def _without_clitic(word: str) -> str:
    """A noun of a kind without a preposition or "and" before it: لوادي -> وادي."""
    own = type_of_noun(analyzer.normalize(word).removeprefix("ال"))
    return word[1:] if own is None and word[:1] in "وبلفك" and type_of_noun(_plain_noun(word)) else word


def _plain_noun(word: str) -> str:
    """A noun as the tables of nouns have it: no article, and no clitic where what is left is in them."""
    plain = analyzer.normalize(word).removeprefix("ال")
    if type_of_noun(plain) is None and plain[:1] in "وبلفك":
        rest = plain[1:].removeprefix("ال")
        return rest if type_of_noun(rest) else plain
    return plain


def _may_be_name(word: str, first: bool) -> bool:
    if not analyzer.is_arabic(word):
        return word[:1].isupper() and not first and word.lower() not in _BREAKS and word.lower() not in _TITLES
    if word in _BREAKS or word in _TITLES or len(word) <= 2 or type_of_noun(_plain_noun(word)):
        return False
    return name_likeness(word) >= 0.7


@lru_cache(maxsize=50_000)
def name_likeness(word: str) -> float:
    """How likely an Arabic word is a name: its English equivalents sound like it, or the lexicon has none, 0 to 1."""
    plain = analyzer.normalize(word)
    found = lexicon.load(Language.ARABIC).look_up(analyzer.stem(plain))
    if not found:
        return 0.75
    bare = plain.removeprefix("ال")
    best = max(
        (likeness(target, bare) for target, _ in found[:3] if " " not in target and target.isascii()), default=0.0
    )
    return best
