"""Places as columns, in the form that area.py wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.records import Place


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays of shape (n,), in the order of the places."""

    lat: npt.NDArray[np.float32]
    lon: npt.NDArray[np.float32]
    extent: npt.NDArray[np.float32]
    countries: npt.NDArray[np.str_]
    admins: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]

    @classmethod
    def of(cls, places: Sequence[Place]) -> Columns:
        lat, lon, extent = (
            np.array([getattr(place, name) for place in places], np.float32) for name in ("lat", "lon", "extent_km")
        )
        words = (
            np.array([getattr(place, name) for place in places], dtype=str) for name in ("country", "admin1", "kind")
        )
        return cls(lat, lon, extent, *words)
