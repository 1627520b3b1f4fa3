from __future__ import annotations

from dataclasses import replace

from service.places import gazetteer
from service.records import Language, NearPlace, Passage, Place, PlaceMention
from service.web.mapped import rows

NAMES = gazetteer.load()
HAWIJA = Place("Hawija", "الحويجة", 35.3259, 43.7727, "district", "Kirkuk", "Iraq", "team", 10.0, 20.0)
MOSUL = Place("Mosul", "الموصل", 36.34, 43.13, "city", "Nineveh", "Iraq", "team", 8.0, 10.0)
IRAQ = Place("Iraq", "العراق", 33.0, 44.0, "country", "", "Iraq", "team", 400.0, 400.0)


def passage(rank: int, *places: Place, confidence: float = 0.9) -> Passage:
    mentions = tuple(PlaceMention(0, 5, place, confidence) for place in places)
    return Passage(rank, 1.0, f"a{rank}", f"a{rank}#0", "", "", "", "", "en", "text", 0, 4, mentions=mentions)


def test_places_most_named_first_with_the_ranks_of_their_passages() -> None:
    found = rows([passage(1, MOSUL), passage(2, HAWIJA, HAWIJA), passage(3, HAWIJA)], Language.ARABIC, NAMES)

    assert [(row.name, row.label, row.ranks) for row in found] == [
        ("الحويجة، كركوك، العراق", "Hawija, Kirkuk, Iraq", (2, 3)),
        ("الموصل، نينوى، العراق", "Mosul, Nineveh, Iraq", (1,)),
    ]


def test_countries_and_doubtful_names_are_no_points() -> None:
    unknown = replace(passage(1), mentions=(PlaceMention(0, 4, None, 0.9),))

    assert rows([passage(1, IRAQ), passage(2, MOSUL, confidence=0.2), unknown], Language.ENGLISH, NAMES) == []


def test_the_distance_is_the_searchs() -> None:
    near = NearPlace("Hawija", "الحويجة", 35.3259, 43.7727, "district", "Iraq", 12.5, 20.0, 0, 5, 0.9)

    found = rows([replace(passage(1, HAWIJA, MOSUL), places=(near,))], Language.ENGLISH, NAMES)

    assert {row.name: row.distance_km for row in found} == {"Hawija, Kirkuk, Iraq": 12.5, "Mosul, Nineveh, Iraq": None}
