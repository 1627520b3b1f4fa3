"""The places that the shown passages name: rows of the table, and through it the points of the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.places.gazetteer import Gazetteer
from service.places.label import label, shown
from service.records import Language, Passage, Place

_ROWS = 40
_SURE = 0.4  # least confidence that a name means this place
_WIDE_KM = 250.0  # a country or a sea is no point on a map


@dataclass(frozen=True)
class Row:
    """One place and the ranks of the passages that name it."""

    name: str  # in the reader's language
    label: str  # finds it again as place=
    lat: float
    lon: float
    precision_km: float
    distance_km: float | None  # to what was asked, where the search gave it
    ranks: tuple[int, ...]


def rows(passages: Sequence[Passage], language: Language, names: Gazetteer) -> list[Row]:
    """Places that most passages name first, then those of the best passage."""
    found: dict[str, tuple[Place, list[int]]] = {}
    near: dict[tuple[str, float, float], float] = {}
    for passage in passages:
        for asked in passage.places:
            near.setdefault((asked.name_en, asked.lat, asked.lon), asked.distance_km)
        for mention in passage.mentions:
            place = mention.place
            if place is None or mention.confidence < _SURE or place.kind == "country" or place.extent_km > _WIDE_KM:
                continue
            ranks = found.setdefault(label(place), (place, []))[1]
            if passage.rank not in ranks:
                ranks.append(passage.rank)
    order = sorted(found, key=lambda text: (-len(found[text][1]), found[text][1][0], text))
    return [
        Row(
            shown(text, language, names),
            text, place.lat, place.lon, place.precision_km,
            near.get((place.name_en, place.lat, place.lon)), tuple(ranks),
        )
        for text, (place, ranks) in ((text, found[text]) for text in order[:_ROWS])
    ]  # fmt: skip
