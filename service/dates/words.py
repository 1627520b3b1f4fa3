"""The words of dates, folded (see service.folding): months of three calendars' names, weekdays, numbers, relations.

In the tables a line begins with the meaning; words of one expression are joined by "_".
"""

from __future__ import annotations


def _numbered(table: str) -> dict[str, int]:
    lines = (line.split() for line in table.strip().splitlines())
    return {word.replace("_", " "): int(number) for number, *words in lines for word in words}


def _named(table: str) -> dict[str, str]:
    lines = (line.split() for line in table.strip().splitlines())
    return {word: name for name, *words in lines for word in words}


_MONTHS = """
1 january jan يناير كانون_الثاني كانون_ثاني كانون_تاني جانفي
2 february feb فبراير شباط فيفري
3 march mar مارس اذار
4 april apr ابريل نيسان افريل
5 may مايو ايار ماي
6 june jun يونيو حزيران يونيه جوان
7 july jul يوليو تموز يوليه جويليه
8 august aug اغسطس اب اوت
9 september sep sept سبتمبر ايلول
10 october oct اكتوبر تشرين_الاول تشرين_اول
11 november nov نوفمبر تشرين_الثاني تشرين_ثاني
12 december dec ديسمبر كانون_الاول كانون_اول
"""
_HIJRI = """
1 محرم المحرم محرم_الحرام muharram
2 صفر safar
3 ربيع_الاول ربيع_اول rabi_al_awwal
4 ربيع_الثاني ربيع_الاخر ربيع_ثاني rabi_al_thani
5 جمادي_الاولي جمادي_الاول جماد_الاول جماد_اول jumada_al_awwal
6 جمادي_الثانيه جمادي_الاخره جمادي_الاخر جماد_الثاني jumada_al_thani
7 رجب rajab
8 شعبان shaban
9 رمضان رمضان_المبارك ramadan
10 شوال shawwal
11 ذي_القعده ذو_القعده ذوالقعده ذيالقعده dhu_al_qadah
12 ذي_الحجه ذو_الحجه ذوالحجه ذيالحجه dhu_al_hijjah
"""
_WEEKDAYS = """
0 monday الاثنين الاتنين
1 tuesday الثلاثاء الثلاثا
2 wednesday الاربعاء الاربعا
3 thursday الخميس
4 friday الجمعه
5 saturday السبت
6 sunday الاحد
"""
_DAYS = """
-1 امس الامس البارحه yesterday
0 اليوم today tonight
1 غدا الغد يوم_غد tomorrow
-2 اول_من_امس اول_امس امس_الاول الامس_الاول قبل_امس day_before_yesterday
2 بعد_غد day_after_tomorrow
"""
_NUMBERS = """
1 يوم واحد a an one
3 ثلاثه ثلاث three
4 اربعه اربع four
5 خمسه خمس five
6 سته ست six
7 سبعه سبع seven
8 ثمانيه ثماني eight
9 تسعه تسع nine
10 عشره عشر ten
2 two
"""
_ORDINALS = """
1 الاول الحادي الحاديه
2 الثاني
3 الثالث
4 الرابع
5 الخامس
6 السادس
7 السابع
8 الثامن
9 التاسع
10 العاشر
20 العشرين
30 الثلاثين
"""
_UNITS = """
day يوم ايام يومين day days
week اسبوع اسابيع اسبوعين week weeks
month شهر اشهر شهور شهرين month months
year عام سنه اعوام سنوات عامين سنتين year years
"""
_BEFORE_YEAR_AR = """
السنه العام الي اواخر اوايل بحلول بدايه بعام بعد بين حتي خريف خلال ربيع سنه شتاء صيف عام عامي ففي في قبل لعام
مطلع من منتصف منذ مواليد موسم نهايه وعام وفي
"""
_BEFORE_YEAR_EN = """
about after and around autumn before between by circa during early fall from in late mid of released since
spring summer the through till to until winter year
"""
_NOT_AFTER_YEAR = """
copies dollars feet km men meters metres miles pages people percent points soldiers troops votes women words
الف درهم دولار ريال سيارات شخص شخصا قتيل كم كيلو كيلومتر متر مشاهد مليار مليون يورو
"""
_LAST = """
last past previous السابق السابقه الفائت الفارط الفايت الماضى الماضي الماضيه المنصرم المنصرمه المنقضي
"""
_THIS = """
current this الجاري الجاريه الحالي الحاليه هذا هذه
"""
_NEXT = """
coming next التالي القادم القادمه المقبل المقبله
"""

MONTHS, HIJRI = _numbered(_MONTHS), _numbered(_HIJRI)  # from 1
WEEKDAYS = _numbered(_WEEKDAYS)  # Monday is 0
DAYS = _numbered(_DAYS)  # from the reference date
NUMBERS, ORDINALS = _numbered(_NUMBERS), _numbered(_ORDINALS)
UNITS = _named(_UNITS)
BEFORE_YEAR_AR, BEFORE_YEAR_EN = frozenset(_BEFORE_YEAR_AR.split()), frozenset(_BEFORE_YEAR_EN.split())
NOT_AFTER_YEAR = frozenset(_NOT_AFTER_YEAR.split())
LAST, THIS, NEXT = frozenset(_LAST.split()), frozenset(_THIS.split()), frozenset(_NEXT.split())
# Month names that are ordinary words too: they need a day, a year or the word month beside them.
DOUBTFUL = frozenset(
    {
        "dec",
        "jan",
        "jun",
        "mar",
        "march",
        "may",
        "nov",
        "sep",
        "اب",
        "جوان",
        "رجب",
        "رمضان",
        "شعبان",
        "صفر",
        "ماي",
        "محرم",
    }
)
DUALS = frozenset({"اسبوعين", "سنتين", "شهرين", "عامين", "يومين"})
THE_UNIT = {"الاسبوع": "week", "الشهر": "month", "العام": "year", "السنه": "year"}
TENS = {"والعشرين": 20, "والعشرون": 20, "والثلاثين": 30, "والثلاثون": 30}
PARTS = {"الربع": 4, "النصف": 2, "quarter": 4, "half": 2}
PART_NUMBERS = {
    "الاول": 1,
    "الثاني": 2,
    "الثالث": 3,
    "الرابع": 4,
    "الاخير": -1,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "last": -1,
}
TEENS = frozenset({"عشر", "عشره"})
