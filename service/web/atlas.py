"""Makes static/atlas.json, the map's outlines, from world-atlas (Natural Earth 1:50m). Run by scripts/pack_atlas.

Borders that two countries share are one arc there and are thinned once, so they meet here too: with all their points
in the region that most reports are about, with fewer elsewhere. Arabic names are CLDR's, by way of Babel.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from service.places.bundle import arabic_countries

Point = tuple[float, float]  # longitude, latitude
REGION = (-20.0, -2.0, 78.0, 48.0)  # west, south, east, north
NEAR_TOLERANCE, FAR_TOLERANCE = 0.03, 0.25  # degrees that a line may be off
_DECIMALS = 2
_LABELLED = 1.5  # square degrees of a country whose name is written on the map


def main() -> None:
    source, target = Path(sys.argv[1]), Path(__file__).parent / "static" / "atlas.json"
    features = list(_features(json.loads(source.read_text("utf-8"))))
    collection = {"type": "FeatureCollection", "features": features}
    target.write_text(json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def _features(topology: dict[str, Any]) -> Iterator[dict[str, Any]]:
    arcs = [thinned(arc) for arc in _arcs(topology)]
    names = arabic_countries()
    for country in topology["objects"]["countries"]["geometries"]:
        polygons = [country["arcs"]] if country["type"] == "Polygon" else country["arcs"]
        drawn = [rings for polygon in polygons if (rings := _polygon(polygon, arcs))]
        if not drawn:
            continue
        largest = max((rings[0] for rings in drawn), key=lambda ring: abs(_area(ring)))
        english = country["properties"]["name"]
        about: dict[str, Any] = {"en": english, "ar": names.get(country.get("id", ""), english)}
        if abs(_area(largest)) > _LABELLED:
            about["at"] = [round(value, 1) for value in _middle(largest)]
        yield {"type": "Feature", "properties": about, "geometry": {"type": "MultiPolygon", "coordinates": drawn}}


def _arcs(topology: dict[str, Any]) -> Iterator[list[Point]]:
    """Arcs in degrees: TopoJSON writes whole steps from point to point."""
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + left, y * scale_y + bottom))
        yield points


def thinned(points: Sequence[Point]) -> list[Point]:
    """Douglas and Peucker's line; a closed one is cut where it is farthest from its start."""
    west, south, east, north = REGION
    near = any(west <= x <= east and south <= y <= north for x, y in points)
    tolerance = NEAR_TOLERANCE if near else FAR_TOLERANCE
    keep = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        offs = [(_off(points[i], points[first], points[last]), i) for i in range(first + 1, last)]
        if offs and max(offs)[0] > tolerance:
            middle = max(offs)[1]
            keep.add(middle)
            todo += [(first, middle), (middle, last)]
    return [points[i] for i in sorted(keep)]


def _off(point: Point, start: Point, end: Point) -> float:
    """How far a point is from a line's nearest point, in degrees."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = 0.0 if not length else max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / length))
    return math.hypot(x - x1 - along * dx, y - y1 - along * dy)


def _polygon(polygon: Sequence[Sequence[int]], arcs: Sequence[list[Point]]) -> list[list[Point]]:
    """Rings with rounded points; none for an island that is no more than a dot."""
    rings = []
    for numbers in polygon:
        ring: list[Point] = []
        for number in numbers:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            ring += arc[1:] if ring else arc
        rounded = [(round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in ring]
        rounded = [point for i, point in enumerate(rounded) if not i or point != rounded[i - 1]]
        if len(rounded) >= 4:
            rings.append(rounded)
        elif not rings:
            return []
    return rings


def _area(ring: Sequence[Point]) -> float:
    """Square degrees, signed (shoelace)."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in itertools.pairwise(ring)) / 2


def _middle(ring: Sequence[Point]) -> Point:
    """Centre of mass as latitude, longitude: the order that the map's library takes."""
    area = _area(ring)
    parts = [(x1, y1, x2, y2, x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in itertools.pairwise(ring)]
    x = sum((x1 + x2) * cross for x1, _, x2, _, cross in parts) / (6 * area)
    y = sum((y1 + y2) * cross for _, y1, _, y2, cross in parts) / (6 * area)
    return y, x


if __name__ == "__main__":
    main()
