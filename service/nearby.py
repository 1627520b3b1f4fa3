"""Why a passage fits where and when a question looks: the place it names that is nearest, and the days it names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from service.backends.base import Reader
from service.places import area as areas_of
from service.places.area import Area
from service.places.columns import Columns
from service.records import DateMention, NearPlace, Place, PlaceMention


def named(reader: Reader, keys: Sequence[int], areas: Sequence[Area]) -> list[tuple[NearPlace, ...]]:
    """For each chunk, and in it for each area, the place named there that fits best; none where no place fits."""
    found: list[list[NearPlace]] = [[] for _ in keys]
    each = [[(m, m.place) for m in reader.places(key) if m.place is not None] for key in keys] if areas else []
    mentions = [mention for listed in each for mention in listed]
    if mentions:
        columns = Columns.of([place for _, place in mentions])
        ends = list(accumulate(map(len, each)))
        for area in areas:
            weights, km = areas_of.weights(area, columns).tolist(), areas_of.distances(area, columns).tolist()
            order = [(-round(w, 1), d, m.start < 0) for w, d, (m, _) in zip(weights, km, mentions, strict=True)]
            for places, first, end in zip(found, [0, *ends[:-1]], ends, strict=True):
                best = min(range(first, end), key=order.__getitem__, default=None)
                if best is not None and weights[best] > 0:
                    places.append(_near(*mentions[best], km[best]))
    return [tuple(dict.fromkeys(places)) for places in found]


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
