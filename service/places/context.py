"""Words around a name that say whether it is a place here: prepositions, organisations, people. All folded."""

from __future__ import annotations

from service.places.kinds import BEFORE_AR, BESIDE_EN

# What may stand before a name inside the same written word -> whether it brings the article.
PREFIXES = {
    clitic + article: bool(article)
    for clitic in ("", "و", "ف", "ب", "ك", "ل", "وب", "فب", "ول", "فل", "وك")
    for article in ("", "ال")
    if not (clitic.endswith("ل") and article)
} | {"لل": True, "ولل": True, "فلل": True, "عال": True}

# Before a name: prepositions, directions, and who is of a place (its people, its governor).
_LOCATIVE_AR = """
ابناء اجواء اداره اراضي اطراف اقصي الرئيس الي امارة اماره امانه امير امين اهالي باتجاه بلديه بين تجاه تحرير
تعليم جبهه جنوب جنوبي حاكم حدود حكومه حول خارج داخل رئيس زوار ساحل سفير سكان سماء سواحل شرطه شرق شرقي شعب شمال
شمالها شمالي شوارع صحه صوب عبر عشائر عمليات غرب غربي غرفه في قبائل قرب لدي مجلس محافظ محور محيط مدير مشارف
مطار ملك من نحو والي وسط
"""
# Before a name that is no place: newspapers, clubs, companies ...
_ORGANISATION_AR = """
ريال اتلتيكو انتر اسواق متاجر مطاعم مصانع مجموعه
استاد الرياضي برنامج بطوله بنك بوابه تقاطع جائزه جامع جامعه جريده جماعه جمعيه حديقه حزب خام دوري سهم شارع شركه
صحيفه عاصفه عمليه فريق فندق قصر قناه كاس كليه كوبري لاعب لاعبي مباراه مجله مدرب مدرسه مستشفي مسجد مصرف معهد
ملعب منتزه مهرجان موسسه موقع مول ميدان نادي نفق وكاله
"""
# Before a name that is a person's: titles, given names, "son of".
_PERSON_AR = """
ابراهيم ابن ابو ابي احمد اسماعيل اشرف اكرم ال الاستاذ الاعلامي الامام الامير الاميره الجندي الحاج الحكم
الدكتور الرايد الرقيب الزميل السيد الشاعر الشهيد الشيخ الطالب العريف العقيد العميد الفريق الفنان القاضي
الكابتن الكاتب اللاعب اللواء المدرب الملازم الملك المهندس النبي النقيب الوزير انس ايمن ايهاب باسم بدر بشار بن
بنت بندر تركي جابر جاسم جعفر جلال جمال جميل حامد حسن حسين حمد حمود حيدر خالد راشد رامي رشيد رضا رياض زياد زيد
زينب ساره سالم سامي سعد سعود سعيد سلطان سلمان سلوي سليمان سمير صالح طارق طلال عادل عايشه عباس عبد عبدالاله
عبدالرحمن عبدالرزاق عبدالعزيز عبدالكريم عبداللطيف عبدالله عبدالمجيد عبدالملك عثمان عصام عماد عمر عيسي فارس
فاطمه فهد فواد فيصل قاسم كاظم كريم كمال ليلي ماجد مازن ماهر مبارك متعب محمد محمود مروان مريم مساعد مشعل مصطفي
منصور مني مهدي موسي ناصر نايف نبيل نزار نواف نوره نوري هادي هاني هدي هشام هند وليد ياسر ياسين يحيي يوسف
"""
_LOCATIVE_EN = """
across and around at between captured central downtown east eastern entered from in inside into leave left
lower near north north-east northeast northeastern northern northwest northwestern of off outside over reached
retook seized south southeast southeastern southern southwest southwestern through to toward towards upper via
west western within
"""
# After a name that is no place: "Oxford Street".
_ORGANISATION_EN = """
accord act agreement airlines airways assembly avenue bank bells boulevard cathedral church city's club
college conference conservative court cup daily drive fc freeway gazette guardian herald highway hospital
hotel institute lakers lane league mail museum open orchestra palace park parliament party post press records
road saints school senate society square stadium street street's sun symphony telegraph theater theatre times
treaty tribune united university war wars
"""
_TITLES_EN = """
captain colonel dr general gov judge lady lord mr mrs ms president prof professor rep saint sen sir st
"""

LOCATIVE_AR = frozenset(_LOCATIVE_AR.split())
ORGANISATION_AR = frozenset(_ORGANISATION_AR.split())
PERSON_AR = frozenset(_PERSON_AR.split())
LOCATIVE_EN = frozenset(_LOCATIVE_EN.split())
ORGANISATION_EN = frozenset(_ORGANISATION_EN.split())
TITLES_EN = frozenset(_TITLES_EN.split())
BEFORE_PLACE_EN = frozenset(
    {"north", "south", "east", "west", "northern", "southern", "eastern", "western", "central", "greater"}
)
TREATIES_EN = frozenset({"treaty", "battle", "university", "bank", "duke", "archbishop", "bishop"})


def kinds_before(word: str) -> frozenset[str]:
    """Kinds that an Arabic word before a name announces, clitics allowed; empty for any other word."""
    for prefix in ("", "و", "ب", "ل", "ف", "وب", "ول", "ك"):
        if word.startswith(prefix) and (found := BEFORE_AR.get(word[len(prefix) :])):
            return found
    return frozenset()


def kinds_beside(word: str) -> frozenset[str]:
    return BESIDE_EN.get(word, frozenset())


def bare_ar(word: str) -> str:
    """A word without one leading conjunction or preposition."""
    return word[1:] if len(word) > 3 and word[0] in "وبلف" else word
