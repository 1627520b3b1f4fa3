"""Distances on the globe, in km; good to half a percent (a sphere)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

RADIUS_KM = 6371.0088


def km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Between two points in degrees (haversine)."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def kms(lat: float, lon: float, lats: npt.NDArray[Any], lons: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """From one point to many."""
    a, b = math.radians(lat), np.radians(lats.astype(np.float64))
    half = np.sin((b - a) / 2) ** 2 + math.cos(a) * np.cos(b) * np.sin(np.radians(lons - lon) / 2) ** 2
    found: npt.NDArray[np.float64] = 2 * RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(half)))
    return found


def bearings(lat: float, lon: float, lats: npt.NDArray[Any], lons: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Degrees clockwise from north, 0 to 360, from one point to many."""
    a, b, turn = math.radians(lat), np.radians(lats.astype(np.float64)), np.radians(lons - lon)
    east = np.sin(turn) * np.cos(b)
    north = math.cos(a) * np.sin(b) - math.sin(a) * np.cos(b) * np.cos(turn)
    found: npt.NDArray[np.float64] = np.degrees(np.arctan2(east, north)) % 360
    return found
