"""How places and areas are named to a reader, in English or Arabic."""

from __future__ import annotations

from service.notices import say
from service.places.area import Area, Relation
from service.places.gazetteer import Gazetteer
from service.places.label import in_arabic, label
from service.records import Language, Place


def described(area: Area, gazetteer: Gazetteer, language: Language = Language.ENGLISH) -> str:
    """ "near Hawija (Kirkuk, Iraq)": how an area was read."""
    place = title(area.place, gazetteer, language)
    if area.other is not None:
        return say(language, "between", place=place, other=title(area.other, gazetteer, language))
    km = f"{round(area.within_km, 1):g}"
    return say(language, Relation.WITHIN if area.within_km else area.relation, place=place, km=km)


def title(place: Place, gazetteer: Gazetteer, language: Language = Language.ENGLISH) -> str:
    """ "Hawija (Kirkuk, Iraq)", "الحويجة (كركوك، العراق)"; names without an Arabic form stay in Latin letters."""
    parts = [part for part in (place.admin1, place.country) if part and part != place.name_en]
    name, comma = place.name_en, ", "
    if language is Language.ARABIC:
        name, comma = place.name_ar or place.name_en, "، "
        parts = [part for english in parts if (part := in_arabic(english, label(place), gazetteer)) != name]
    listed = comma.join(dict.fromkeys(parts))
    return f"{name} ({listed})" if listed else name
