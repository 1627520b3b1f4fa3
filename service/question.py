"""What a question asks for: a number, a person, a place, a date, an organisation, a cause, or something else.

By the question words of both languages, and by the noun that "which" and أي stand before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from service import analyzer, days
from service.records import Language


class AnswerType(StrEnum):
    """What kind of words would answer a question."""

    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DURATION = "duration"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"
    NAME = "name"  # of anything else: a ship, a law, a weapon
    CAUSE = "cause"
    SCORE = "score"
    OTHER = "other"


NUMERIC = frozenset({AnswerType.NUMBER, AnswerType.MONEY, AnswerType.PERCENT, AnswerType.DURATION})
UNTYPED = frozenset({AnswerType.OTHER, AnswerType.CAUSE})  # any words may answer

_NOUNS = {
    AnswerType.PLACE: """place city town village area region province governorate district country state port airport
        street neighbourhood neighborhood quarter camp base island border crossing river valley wadi mountain road
        hospital prison monastery mosque church school market square beach field location site direction capital stadium
        clinic factory farm embassy hotel station bridge lake suburb
        مكان مدينه بلده قريه منطقه محافظه ولايه قضا ناحيه دوله بلد مينا مطار شارع حي مخيم قاعده جزيره معبر نهر وادي
        واد جبل طريق مستشفي سجن دير مسجد جامع كنيسه مدرسه سوق ساحه ميدان شاطئ مرفا حقل حقول موقع عاصمه ملعب جهه
        اتجاه مديريه معسكر عياده مصنع مزرعه سفاره فندق محطه جسر بحيره ضاحيه بنايه منصه""",
    AnswerType.DATE: "date day month year time week hour تاريخ يوم شهر عام سنه وقت اسبوع ساعه موعد",
    AnswerType.PERSON: """person man woman commander officer colonel general minister president official leader
        coach manager head chief
        spokesman spokesperson spokeswoman journalist player midfielder striker captain pilot hostage member king prince
        suspect lawyer doctor author director governor mayor sheikh imam judge engineer
        مدرب
        شخص رجل امراه سائق ممرضه والده زوجه ابن ابنه شقيق مترجم مهندس قائد ضابط عقيد وزير رئيس مسؤول زعيم متحدث ناطق
        صحافي صحفي لاعب مهاجم قبطان طيار رهينه عضو ملك امير مشتبه محام طبيب مدير محافظ شيخ امام قاض سيده مواطن""",
    AnswerType.ORGANISATION: """company firm group organisation organization agency force forces army brigade division
        battalion militia party ministry authority team club bank newspaper channel court committee council union body
        university airline movement faction unit
        شركه موسسه مجموعه منظمه وكاله قوه قوات جيش لوا فرقه كتيبه فصيل ميليشيا مليشيا حزب وزاره هيئه سلطه فريق نادي
        ناد بنك مصرف صحيفه قناه محكمه لجنه مجلس اتحاد جامعه جماعه تنظيم حركه جهاز وحده دائره""",
    AnswerType.MONEY: """price cost salary fine ransom budget amount
        سعر تكلفه كلفه راتب غرامه فديه ميزانيه قيمه ثمن مبلغ رسوم""",
    AnswerType.PERCENT: "percentage percent rate yield share نسبه معدل عائد",
    AnswerType.SCORE: "score result نتيجه",
    AnswerType.NUMBER: """number toll figure total count magnitude speed depth height size area length weight volume
        عدد حصيله رقم مجموع درجه سرعه مساحه طول ارتفاع حجم وزن عمق""",
    AnswerType.CAUSE: "cause reason motive purpose سبب دافع دوافع اسباب هدف غرض",
    AnswerType.NAME: "name title nickname اسم لقب عنوان",
    AnswerType.DURATION: "duration period مده فتره",
}  # fmt: skip
_TYPE_OF_NOUN = {noun: kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}
_PEOPLE = frozenset(
    """death deaths toll fatalities people person persons civilian civilians soldier soldiers fighter fighters militant
    militants member members man men woman women child children policeman policemen officer officers citizen citizens
    victim victims pilgrim pilgrims resident residents refugee refugees national nationals worker workers passenger
    passengers deputy deputies dead killed wounded injured casualties prisoner prisoners demonstrator demonstrators
    others families
    حصيله ضحايا وفيات شخص شخصا اشخاص مدنيا مدنيين مدني جندي جنديا جنود مقاتل مقاتلا مقاتلين مسلح مسلحا مسلحين
    عنصر عنصرا عناصر رجل رجال امراه نسا طفل طفلا اطفال شرطي شرطيا مواطن مواطنا مواطنين ضحيه قتيل قتيلا قتلي
    جريح جريحا جرحي مصاب مصابا مصابين معتمر معتمرا معتمرين حاج حاجا حجاج لاجئ لاجئا لاجئين نازح نازحا نازحين
    عامل عاملا عمال راكب راكبا ركاب نائب نائبا نواب اسير اسيرا متظاهر متظاهرا متظاهرين اخرين اخرون ارهابي
    ارهابيا ارهابيين شهيد شهيدا شهدا فرد فردا افراد عائله اسره فلسطينيا سوريا يمنيا عراقيا مصريا فرنسيا""".split()
)  # fmt: skip
_MONEY_VERBS = ("pay", "paid", "cost", "earn", "spend", "spent", "worth", "sell", "sold", "raise", "price",
                "دفع", "دفعت", "كلف", "كلفت", "تكلف", "يجني", "تجني", "انفق", "انفقت", "ثمن", "سعر", "تبلغ_قيمه",
                "يدفع", "تدفع")  # fmt: skip
_DURATION_VERBS = ("استغرق", "استغرقت", "يستغرق", "تستغرق", "استمر", "استمرت", "دام", "دامت", "يستمر", "تستمر")
_TIME_UNITS = frozenset(
    """day days hour hours minute minutes month months week weeks year years
    يوم يوما ايام ساعه ساعات دقيقه دقائق شهر شهرا اشهر شهور اسبوع اسبوعا اسابيع سنه سنوات سنين عام عاما اعوام""".split()
)  # fmt: skip
_PERCENT_UNITS = frozenset("percent per_cent % بالمائه بالمئه المائه المئه".split())
_WH = {"who": AnswerType.PERSON, "whom": AnswerType.PERSON, "where": AnswerType.PLACE, "when": AnswerType.DATE,
       "why": AnswerType.CAUSE, "متي": AnswerType.DATE, "اين": AnswerType.PLACE, "لماذا": AnswerType.CAUSE}  # fmt: skip
_ENDS_OF_PHRASE = frozenset(
    """of in on at by for to from with that who which said did do does had has have will would could can was were is are
    and according""".split()
)
_SUPERLATIVES = frozenset("اعلي ادني اقل اكثر اكبر اصغر اول اخر ابرز اهم".split())
_SKIPPED = set("is are was were the a an of de did do does هو هي هم".split())
_SIZES = frozenset("far old big large high deep fast wide often tall heavy late low quickly soon".split())
_MEASURES = frozenset("برميل طن كيلومتر متر ميل درجه نقطه صوت مليون مليار ضعف قدم لتر بالمئه".split())
_AGES = frozenset("عمر عمره عمرها سن".split())
_YEARS = ("years", "year", "عاما", "سنة", "سنوات")
_CLAIMS = frozenset("claimed claims has took اعلن اعلنت تبني تبنت".split())
_COUNTS = frozenset("عدد حصيله مجموع".split())
_EXTENTS = frozenset("size area length height depth weight speed magnitude volume".split())
_LINKS = frozenset("كان كانت يبلغ تبلغ بلغ بلغت يكون تكون".split())  # "how much was the ...": the noun comes after
_LOOKED_AT = 6  # words after "which" among which its noun is looked for


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read for its answer. ``unit`` are the words, as typed, of what is counted or named."""

    text: str
    language: Language
    type: AnswerType
    unit: tuple[str, ...] = ()
    dates: tuple[days.Day, ...] = ()
    asked_at: int = 0  # where the question word ends: what is asked about comes next

    @property
    def about_people(self) -> bool:
        return any(is_person_noun(word) for word in self.unit)


@lru_cache(maxsize=1024)
def read(text: str) -> Question:
    """The question, with what it asks for; OTHER where nothing tells."""
    words = analyzer.words(text)
    plain = [analyzer.normalize(word) for word in words]
    language = Language.ARABIC if analyzer.arabic_share(text) >= 0.5 else Language.ENGLISH
    at, kind, unit = _type(plain, words)
    asked_at = 0
    for word in words[: at + 1]:
        asked_at = text.index(word, asked_at) + len(word)
    named = tuple(day for day in days.find(text) if day.month or day.year)
    return Question(text, language, kind, unit, named, asked_at)


def type_of_noun(plain: str) -> AnswerType | None:
    """The kind of answer that a noun in plain spelling, without article, asks for or begins the name of."""
    return _TYPE_OF_NOUN.get(plain)


def is_person_noun(word: str) -> bool:
    plain = analyzer.normalize(word)
    return plain in _PEOPLE or plain.removeprefix("ال") in _PEOPLE


def is_time_unit(word: str) -> bool:
    plain = analyzer.normalize(word)
    return plain in _TIME_UNITS or plain.removeprefix("ال") in _TIME_UNITS


def _type(plain: list[str], words: list[str]) -> tuple[int, AnswerType, tuple[str, ...]]:
    """(number of the question word, -1 for none, the kind of answer, what is counted or named)."""
    for i, word in enumerate(plain):
        rest, typed = plain[i + 1 :], words[i + 1 :]
        bare = word[1:] if word[:1] in "وفبل" and word[1:] in ("كم", "اي", "ايه", "ماذا", "من") else word
        if word == "how" and rest:
            return i, *_how(rest, typed)
        if bare == "كم":
            return i, *(_how_many_arabic(rest, typed) if _counts(word, rest) else (AnswerType.MONEY, ()))
        if word in _WH:
            since = word == "متي" and i and plain[i - 1] == "منذ"
            return i, *(_who(rest, typed) if word == "who" else (AnswerType.DURATION if since else _WH[word], ()))
        if bare in ("which", "what", "whose"):
            return i, *(_which(rest, typed) or (AnswerType.OTHER, ()))
        if bare in ("اي", "ايه", "ما"):
            return i, *(_any_arabic(rest, typed) or (AnswerType.OTHER, ()))
        if bare in ("ماذا", "بماذا", "بم", "مم"):
            return i, AnswerType.OTHER, ()
        if bare == "من" and _asks_who(plain, i):
            return i, *_who(rest, typed)
    return -1, AnswerType.OTHER, ()


def _counts(word: str, rest: list[str]) -> bool:
    """بكم asks for a price, unless something to count follows: an accusative or a measure."""
    return word != "بكم" or (bool(rest) and (rest[0] in _MEASURES or (len(rest[0]) > 3 and rest[0].endswith("ا"))))


def _asks_who(plain: list[str], i: int) -> bool:
    """من is "who" at the start of a question, unless it is "from" before another question word."""
    after = plain[i + 1] if i + 1 < len(plain) else ""
    return (i == 0 or (i <= 2 and after in ("هو", "هي", "هم", "الذي", "التي"))) and after not in (
        "اين",
        "اي",
        "ايه",
        "كم",
    )


def _who(rest: list[str], words: list[str]) -> tuple[AnswerType, tuple[str, ...]]:
    """A person, of the office that is named right after (who is the head of ...); who claims an attack is a group."""
    if any(word.startswith(("responsib", "مسووليته", "مسؤوليته", "مسووليتها", "مسؤوليتها")) for word in rest) and (
        rest[0] in _CLAIMS
    ):
        return AnswerType.ORGANISATION, ()
    for word, typed in zip(rest[:_LOOKED_AT], words, strict=False):
        if _type_of_noun(word) is AnswerType.PERSON:
            return AnswerType.PERSON, (typed,)
        if word in _ENDS_OF_PHRASE - {"is", "was", "are", "were"} or (
            analyzer.is_arabic(word) and word not in _SKIPPED
        ):
            break
    return AnswerType.PERSON, ()


def _which(rest: list[str], words: list[str]) -> tuple[AnswerType, tuple[str, ...]] | None:
    """English: by the last telling noun of the noun phrase after "which" or "what is the"."""
    i = 0
    while i < len(rest) and rest[i] in ("is", "was", "were", "are", "the", "a", "an"):
        i += 1
    found = None
    for j in range(i, min(i + _LOOKED_AT, len(rest))):
        if rest[j] in _ENDS_OF_PHRASE or (j > i and (rest[j].endswith("ed") or rest[j] in ("the", "a", "an"))):
            break
        kind = _type_of_noun(rest[j])
        if kind and not (found and found[1] is AnswerType.NUMBER):
            found = j, kind
    if found is None:
        return None
    at, kind = found
    if kind is AnswerType.NAME and at + 2 < len(rest) and rest[at + 1] == "of":
        return _which(rest[at + 2 :], words[at + 2 :]) or (kind, _head(rest[at + 2 :], words[at + 2 :]))
    if rest[at] in _EXTENTS:
        return kind, ()
    if kind is AnswerType.NUMBER and at + 2 < len(rest) and rest[at + 1] in ("of", "number"):
        return kind, tuple(w for w, p in zip(words[at + 2 :], rest[at + 2 :], strict=True) if p not in _SKIPPED)[:2]
    return kind, (words[at],)


def _head(rest: list[str], words: list[str]) -> tuple[str, ...]:
    """The last word of an English noun phrase: what has the name."""
    last = ""
    for word, typed in zip(rest, words, strict=True):
        if word in ("the", "a", "an") and not last:
            continue
        if word in _ENDS_OF_PHRASE or word in ("the", "a", "an") or (last and word.endswith(("ed", "'s"))):
            break
        last = typed
    return (last,) if last else ()


def _any_arabic(rest: list[str], words: list[str]) -> tuple[AnswerType, tuple[str, ...]] | None:
    """Arabic: by the noun right after أي or ما."""
    i = 1 if rest[:1] and (rest[0] in _SKIPPED or rest[0] in _SUPERLATIVES) else 0
    if i >= len(rest):
        return None
    kind = _type_of_noun(rest[i])
    if kind is AnswerType.NAME:
        return _any_arabic(rest[i + 1 :], words[i + 1 :]) or (kind, tuple(words[i + 1 : i + 2]))
    if kind is AnswerType.NUMBER:
        return kind, tuple(words[i + 1 : i + 2]) if rest[i].removeprefix("ال") in _COUNTS else ()
    return (kind, (words[i],)) if kind else None


def _type_of_noun(plain: str) -> AnswerType | None:
    bare = plain if plain in _TYPE_OF_NOUN else plain.removeprefix("ال")
    for form in (bare, bare.removesuffix("s"), bare.removesuffix("ies") + "y", bare.removesuffix("ا")):
        if form in _TYPE_OF_NOUN:
            return _TYPE_OF_NOUN[form]
    return None


def _how(rest: list[str], words: list[str]) -> tuple[AnswerType, tuple[str, ...]]:
    head = rest[0]
    if head == "long":
        return AnswerType.DURATION, ()
    if head == "many":
        unit = tuple(w for w, p in zip(words[1:5], rest[1:5], strict=True) if p not in _SKIPPED)[:2]
        if any(p in _TIME_UNITS for p in rest[1:3]):
            return AnswerType.DURATION, unit[:1]
        return AnswerType.NUMBER, unit or ()
    if head == "much":
        if any(word in _MONEY_VERBS or word in ("money", "ransom") for word in rest):
            return AnswerType.MONEY, ()
        return AnswerType.NUMBER, tuple(words[1:2])
    if head == "old":
        return AnswerType.DURATION, _YEARS
    if head in _SIZES:
        return AnswerType.NUMBER, ()
    return AnswerType.OTHER, ()


def _how_many_arabic(rest: list[str], words: list[str]) -> tuple[AnswerType, tuple[str, ...]]:
    if not rest:
        return AnswerType.NUMBER, ()
    if rest[0] in _DURATION_VERBS:
        return AnswerType.DURATION, ()
    if rest[0] in _AGES or (rest[0] in _LINKS and rest[1:2] and rest[1] in _AGES):
        return AnswerType.DURATION, _YEARS
    if rest[0] in _TIME_UNITS:
        return AnswerType.DURATION, (words[0],)
    if any(word in _MONEY_VERBS for word in rest[:2]) or any(
        _TYPE_OF_NOUN.get(word.removeprefix("ال")) is AnswerType.MONEY for word in rest[:4]
    ):
        return AnswerType.MONEY, ()
    for i, word in enumerate(rest[:4]):
        if word in ("عدد", "حصيله") and i + 1 < len(rest):
            return AnswerType.NUMBER, tuple(words[i + 1 : i + 2])
    if any(_TYPE_OF_NOUN.get(word.removeprefix("ال")) is AnswerType.PERCENT for word in rest[:3]):
        return AnswerType.PERCENT, ()
    if rest[0] in _LINKS:  # كم كانت سرعة ...: a number of something that is not counted
        return AnswerType.NUMBER, ()
    return AnswerType.NUMBER, (words[0],)
