"""Kinds of places, the words that announce them, and how large and how prominent a place of a kind is.

Kind words are evidence: "قضاء الحويجة" is the district, "Hama province" the governorate, "جبل" no town.
"""

from __future__ import annotations

EXTENT_KM = {
    "country": 300.0, "governorate": 80.0, "region": 150.0, "sea": 400.0, "strait": 60.0, "river": 150.0,
    "mountain": 20.0, "valley": 15.0, "island": 15.0, "district": 20.0, "subdistrict": 10.0, "city": 8.0, "town": 4.0,
    "village": 2.0, "neighbourhood": 2.0, "camp": 2.0, "base": 3.0, "airport": 3.0, "oilfield": 8.0, "refinery": 2.0,
    "dam": 2.0, "bridge": 1.0, "port": 2.0, "border_crossing": 2.0, "facility": 1.0,
}  # fmt: skip
PROMINENCE = {
    "country": 1.0, "governorate": 0.75, "region": 0.7, "sea": 0.7, "strait": 0.7, "river": 0.6, "mountain": 0.4,
    "valley": 0.3, "island": 0.45, "district": 0.5, "subdistrict": 0.4, "city": 0.6, "town": 0.4, "village": 0.2,
    "neighbourhood": 0.25, "camp": 0.3, "base": 0.35, "airport": 0.4, "oilfield": 0.3, "refinery": 0.35, "dam": 0.35,
    "bridge": 0.25, "port": 0.35, "border_crossing": 0.35, "facility": 0.25,
}  # fmt: skip
SOURCE_ERROR_KM = {"geonames": 1.0, "team": 10.0, "team-approx": 30.0, "syrianarchive-landmarks": 5.0}

# Countries whose names, in Latin letters too, are seldom words of another language: they need less evidence.
AT_HOME = frozenset(
    {
        "Bahrain",
        "Egypt",
        "Iran",
        "Iraq",
        "Israel",
        "Jordan",
        "Kuwait",
        "Lebanon",
        "Libya",
        "Oman",
        "Palestine",
        "Qatar",
        "Saudi Arabia",
        "Sudan",
        "Syria",
        "Turkey",
        "United Arab Emirates",
        "Yemen",
    }
)

# A word before an Arabic name (folded) and the kinds that it announces. Plurals and duals announce several names.
_BEFORE_AR = """
محافظه: governorate region district city
منطقه: governorate region district subdistrict city town village neighbourhood
اقليم: governorate region city
ولايه: governorate region city
مقاطعه: governorate region district
اماره: governorate region city
قضاء: district city town
ناحيه: district subdistrict town
مديريه: district subdistrict city town
عزله: subdistrict village
مدينه: governorate district subdistrict city town
بلده: district subdistrict city town village
قريه: subdistrict town village
حي: neighbourhood
مركز: district subdistrict city town village
مخيم: city town village camp
جبل: mountain
جبال: mountain
سلسله: mountain
تلال: mountain
نهر: river
سد: dam
وادي: valley
حوض: river mountain valley
مطار: city town base airport
قاعده: city town base airport
معسكر: camp base
معبر: town border_crossing
منفذ: town border_crossing
حقل: oilfield
حقول: oilfield
مصفاه: city town refinery
مصفي: city town refinery
ميناء: city town port
جسر: city town bridge
جزيره: island
جزر: island
بحر: sea
خليج: sea
مضيق: strait
قناه: strait
جمهوريه: country
دوله: country
مملكه: country
سلطنه: country
عاصمه: city
العاصمه: city
سهل: region
ريف: governorate region district subdistrict city town village neighbourhood camp
ضاحيه: town neighbourhood
ضواحي: city
طريق: district subdistrict city town village neighbourhood camp
محافظات: governorate region district city
مدن: district city town
قري: town village
بلدات: town village
محافظتي: governorate district city
مدينتي: district city town
قريتي: village
بلدتي: town village
منطقتي: governorate region town village neighbourhood
قضاءي: district
مناطق: governorate region district subdistrict city town village neighbourhood camp
احياء: neighbourhood
حيي: neighbourhood
ناحيتي: subdistrict
مراكز: subdistrict town village
نواحي: subdistrict
"""
# A word beside an English name, before or after it.
_BESIDE_EN = """
district: district subdistrict city town neighbourhood
subdistrict: subdistrict town
province: governorate region city
governorate: governorate district city
region: governorate region
state: governorate region
city: district city town
town: district subdistrict city town
village: town village
neighbourhood: neighbourhood
neighborhood: neighbourhood
camp: town camp
river: river
dam: dam
airport: city base airport
mountain: mountain
mountains: mountain
mount: mountain
valley: valley
island: island
refinery: city refinery
base: city town base
crossing: border_crossing
county: region
suburb: town neighbourhood
oilfield: oilfield
port: city port
gulf: sea
sea: sea
"""


def _parsed(table: str) -> dict[str, frozenset[str]]:
    lines = (line.split(": ") for line in table.strip().splitlines())
    return {word: frozenset(kinds.split()) for word, kinds in lines}


BEFORE_AR = _parsed(_BEFORE_AR)
BESIDE_EN = _parsed(_BESIDE_EN)
