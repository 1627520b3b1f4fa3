"""The part of the map that a question asks for, and how well a place fits it.

Decay: "near" halves every 15 km beyond the edge of the asked place (farther for provinces) and ends below 0.05, which
is 65 km. "in" is 1 inside (a province holds its districts, a country its towns) and halves every 5 km outside.
"within" falls from 1 at the centre to 0.5 at the radius, and is 0 beyond. A direction is "near" with 40 km, inside 60
degrees on either side; of a country it is that part of it. "between" is 1 on the line between two places and 0 where
the way around is a third longer. A mention of a province or country says little about where in it: what is larger than
25 km counts in proportion less.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from service.places import distance
from service.records import Place

NEAR_HALF_KM = 15.0
OUTSIDE_HALF_KM = 5.0
DIRECTION_HALF_KM = 40.0
SECTOR_DEGREES = 60.0
LEAST = 0.05  # a smaller weight is none
SHARP_KM = 25.0
_HOLDERS = frozenset({"country", "governorate"})
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Relation(StrEnum):
    """How a question stands to the place that it names."""

    IN = "in"
    NEAR = "near"
    WITHIN = "within"
    BETWEEN = "between"
    NORTH = "north of"
    NORTHEAST = "northeast of"
    EAST = "east of"
    SOUTHEAST = "southeast of"
    SOUTH = "south of"
    SOUTHWEST = "southwest of"
    WEST = "west of"
    NORTHWEST = "northwest of"


BEARINGS = {
    Relation.NORTH: 0.0, Relation.NORTHEAST: 45.0, Relation.EAST: 90.0, Relation.SOUTHEAST: 135.0,
    Relation.SOUTH: 180.0, Relation.SOUTHWEST: 225.0, Relation.WEST: 270.0, Relation.NORTHWEST: 315.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Area:
    """``within_km`` goes with WITHIN, ``other`` with BETWEEN. ``strict``: what does not fit is left out.

    ``weight``, 0 to 1: how sure it is that the question means this place as a place.
    """

    place: Place
    relation: Relation = Relation.IN
    within_km: float = 0.0
    other: Place | None = None
    strict: bool = False
    weight: float = 1.0


class Places(Protocol):
    """Places in columns: arrays of shape (n,)."""

    @property
    def lat(self) -> npt.NDArray[np.float32]: ...

    @property
    def lon(self) -> npt.NDArray[np.float32]: ...

    @property
    def extent(self) -> npt.NDArray[np.float32]: ...

    @property
    def kinds(self) -> npt.NDArray[np.str_]: ...

    @property
    def admins(self) -> npt.NDArray[np.str_]: ...

    @property
    def countries(self) -> npt.NDArray[np.str_]: ...


def distances(area: Area, places: Places) -> Floats:
    """km from the asked place to each place; 0 inside a province or country that holds it."""
    km = distance.kms(area.place.lat, area.place.lon, places.lat, places.lon)
    km[_held(area.place, places)] = 0.0
    return km


def weights(area: Area, places: Places) -> Floats:
    """0 to 1 for each place: how well a mention of it fits the area."""
    target = area.place
    km = distance.kms(target.lat, target.lon, places.lat, places.lon)
    same = _same(target, places)
    if area.relation is Relation.WITHIN:
        fits = np.where(km <= area.within_km, 1 - 0.5 * km / max(area.within_km, 1e-9), 0.0)
    elif area.relation is Relation.BETWEEN and area.other is not None:
        fits = _between(area, km, places)
    elif area.relation in BEARINGS:
        turned = distance.bearings(target.lat, target.lon, places.lat, places.lon) - BEARINGS[area.relation]
        off = np.abs((turned + 180) % 360 - 180)
        beyond = np.maximum(0.0, km - _edge(target))
        fits = np.where((off <= SECTOR_DEGREES) & (km > 1.0), 0.5 ** (beyond / DIRECTION_HALF_KM), 0.0)
        if target.kind == "country":  # "شمال سوريا" is a part of Syria
            fits = np.where((off <= SECTOR_DEGREES) & _held(target, places), 1.0, 0.0)
        fits[same] = 0.5  # "north of Mosul" is often said with the name alone
    else:
        fits = _around(area, km, places)
    large = ~same & ~np.isin(places.kinds, list(_HOLDERS)) if target.kind in _HOLDERS else ~same
    fits = np.where(large, fits * np.minimum(1.0, SHARP_KM / np.maximum(places.extent, SHARP_KM)), fits)
    if target.kind not in ("country",):
        fits[(places.kinds == "country") & ~same] = 0.0
    return np.where(fits >= LEAST, fits, 0.0)


def _around(area: Area, km: Floats, places: Places) -> Floats:
    target = area.place
    half = OUTSIDE_HALF_KM if area.relation is Relation.IN else max(NEAR_HALF_KM, target.extent_km / 2)
    beyond = np.maximum(0.0, km - _edge(target))
    fits = 0.5 ** (beyond / half)
    if target.kind == "country":
        fits[:] = 0.0
    fits[_held(target, places) | _same(target, places)] = 1.0
    return fits


def _between(area: Area, km: Floats, places: Places) -> Floats:
    assert area.other is not None
    other = area.other
    direct = distance.km(area.place.lat, area.place.lon, other.lat, other.lon)
    detour = km + distance.kms(other.lat, other.lon, places.lat, places.lon) - direct
    fits: Floats = np.maximum(0.0, 1 - detour / (direct / 3 + 10))
    return fits


def _edge(place: Place) -> float:
    """Distance from its centre at which a place ends; provinces are no circles, half of their extent is safe."""
    return place.extent_km / 2 if place.extent_km > SHARP_KM else place.extent_km


def _same(target: Place, places: Places) -> Mask:
    same: Mask = (np.abs(places.lat - target.lat) < 1e-3) & (np.abs(places.lon - target.lon) < 1e-3)
    return same


def _held(target: Place, places: Places) -> Mask:
    """Places inside a province or country, the city of the same name included."""
    held: Mask = np.zeros(len(places.lat), bool)
    if target.kind == "country":
        held = places.countries == target.country
    elif target.kind == "governorate" and target.admin1:
        held = (places.countries == target.country) & (places.admins == target.admin1)
    return held
