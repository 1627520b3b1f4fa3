"""What a place is called in lists: its name with its province and country, which finds it again."""

from __future__ import annotations

from service.places.gazetteer import Gazetteer
from service.records import Language, Place


def label(place: Place) -> str:
    """ "Hawija, Kirkuk, Iraq": as facets count it, and as place= and near= take it."""
    return joined(place.name_en, place.admin1, place.country)


def joined(name: str, admin1: str, country: str) -> str:
    return ", ".join(dict.fromkeys(filter(None, (name, admin1, country))))


def labelled(text: str, gazetteer: Gazetteer) -> Place | None:
    """The place whose label is ``text``, exactly."""
    if "," not in text:
        return None
    found = (gazetteer.place(number) for number, _ in gazetteer.look_up(text.partition(",")[0]))
    return next((place for place in found if label(place) == text), None)


def shown(text: str, language: Language, gazetteer: Gazetteer) -> str:
    """A label in the reader's language, as far as its parts have Arabic names: "الحويجة، كركوك، العراق"."""
    if language is not Language.ARABIC:
        return text
    return "، ".join(in_arabic(part.strip(), text, gazetteer) for part in text.split(","))


def in_arabic(part: str, text: str, gazetteer: Gazetteer) -> str:
    """The Arabic name of a part of a label: of the labelled place, else of the most prominent place of that name."""
    whole = labelled(text, gazetteer)
    if whole is not None and whole.name_en == part and whole.name_ar:
        return whole.name_ar
    country = text.rpartition(",")[2].strip()
    numbers = sorted((n for n, _ in gazetteer.look_up(part)), key=lambda n: (-gazetteer.prominence[n], n))
    named = [gazetteer.place(number) for number in numbers]
    fitting = [place for place in named if country in (place.country, place.name_en) and place.name_ar]
    return fitting[0].name_ar if fitting else part
