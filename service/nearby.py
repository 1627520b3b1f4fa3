"""Why a passage fits where and when a question looks: the place it names that is nearest, and the days it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.backends.base import Reader
from service.places import area as areas_of
from service.places.area import Area
from service.records import DateMention, NearPlace, Place, PlaceMention


@dataclass(frozen=True, slots=True)
class _Columns:
    """Places in the form that area wants."""

    lat: npt.NDArray[np.float32]
    lon: npt.NDArray[np.float32]
    extent: npt.NDArray[np.float32]
    countries: npt.NDArray[np.str_]
    admins: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]

    @classmethod
    def of(cls, places: Sequence[Place]) -> _Columns:
        lat, lon, extent = (
            np.array([getattr(place, name) for place in places], np.float32) for name in ("lat", "lon", "extent_km")
        )
        words = (
            np.array([getattr(place, name) for place in places], dtype=str) for name in ("country", "admin1", "kind")
        )
        return cls(lat, lon, extent, *words)


def named(reader: Reader, key: int, areas: Sequence[Area]) -> tuple[NearPlace, ...]:
    """For each area, the place named in a chunk that fits it best; none where no place fits."""
    if not areas:
        return ()
    mentions = [(mention, mention.place) for mention in reader.places(key) if mention.place is not None]
    if not mentions:
        return ()
    columns = _Columns.of([place for _, place in mentions])
    found = []
    for area in areas:
        weights = areas_of.weights(area, columns)
        km = areas_of.distances(area, columns)
        best = min(
            range(len(mentions)),
            key=lambda i: (-round(float(weights[i]), 1), float(km[i]), mentions[i][0].start < 0, i),
        )
        if weights[best] > 0:
            found.append(_near(*mentions[best], float(km[best])))
    return tuple(dict.fromkeys(found))


def dated(reader: Reader, key: int, period: tuple[str, str]) -> tuple[DateMention, ...]:
    """The days named in a chunk that lie in the period."""
    first, last = period
    if not first and not last:
        return ()
    return tuple(
        day for day in reader.dates(key) if (not last or day.first <= last) and (not first or day.last >= first)
    )


def _near(mention: PlaceMention, place: Place, distance_km: float) -> NearPlace:
    return NearPlace(
        place.name_en, place.name_ar, place.lat, place.lon, place.kind, place.country, round(distance_km, 1),
        place.precision_km, mention.start, mention.end, mention.confidence,
    )  # fmt: skip
