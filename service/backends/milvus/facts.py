"""Places and days of a row, packed into a text field; a place goes by a number made from all that is said of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.backends.milvus.bags import MOST_CHARS
from service.backends.milvus.schema import key_of
from service.records import Place

Table = npt.NDArray[np.int64]
UNRESOLVED = -1


class Found(NamedTuple):
    """What stands in a row's ``facts``."""

    mentions: Table  # (m, 4): number of the place, start (-1 in the title), length, percent sure
    dates: Table  # (d, 4): first and last day, start, length


def pack(mentions: Table, dates: Table) -> str:
    """What does not fit, beyond some 1,500 mentions, is left out at the end."""
    kept = np.concatenate([mentions, dates])[: MOST_CHARS * 3 // 4 // 32 - 1]
    counts = np.array([[min(len(mentions), len(kept)), 0, 0, 0]], np.int64)
    return base64.b64encode(np.concatenate([counts, kept]).astype("<i8").tobytes()).decode()


def unpack(text: str) -> Found:
    table = np.frombuffer(binascii.a2b_base64(text), "<i8").reshape(-1, 4)
    first = int(table[0, 0])
    return Found(table[1 : 1 + first], table[1 + first :])


@lru_cache(maxsize=100_000)
def number_of(place: Place) -> int:
    return key_of("\t".join(map(str, _cells(place))))


def cells(place: Place) -> list[object]:
    """As the dictionary keeps a place; ``place_of`` reads it."""
    return list(_cells(place))


def place_of(stored: Sequence[object]) -> Place:
    name_en, name_ar, lat, lon, *rest = stored
    kind, admin1, country, source, extent, precision = rest
    return Place(
        str(name_en), str(name_ar), float(str(lat)), float(str(lon)), str(kind), str(admin1), str(country),
        str(source), float(str(extent)), float(str(precision)),
    )  # fmt: skip


def _cells(place: Place) -> tuple[object, ...]:
    lat, lon, extent, precision = (
        round(float(np.float32(value)), 4)
        for value in (place.lat, place.lon, place.extent_km, place.precision_km)  # as segments keep them
    )
    return (
        place.name_en, place.name_ar, lat, lon, place.kind, place.admin1, place.country, place.source, extent,
        precision,
    )  # fmt: skip
