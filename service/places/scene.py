"""Where an article plays: the countries and places that are clear decide about the names that are not."""

from __future__ import annotations

import math
from collections.abc import Iterable

from service.places import distance
from service.places.candidates import Candidate
from service.places.gazetteer import Gazetteer
from service.records import Place

_MARGIN = 0.25  # what a place must lead by to be taken for the one that is meant
_CLEAR = 0.2  # of prominence: such a lead makes a name clear by itself
_ANCHORS = 16  # places of an article that others are compared with
_VAST = frozenset({"country", "region", "sea"})


class Scene:
    """What one article has told so far."""

    def __init__(self, gazetteer: Gazetteer, countries: dict[str, float]) -> None:
        self._gazetteer = gazetteer
        self._countries = countries
        self._total = 0.0
        self._anchors: list[Place] = []
        self._near: dict[int, float] = {}

    def set(self, accepted: Iterable[Candidate]) -> None:
        """Take in the names that are places for sure."""
        seen: set[tuple[int, ...]] = set()
        for candidate in accepted:
            meant = candidate.reading.meant
            ranked = sorted(meant, key=self._prominence, reverse=True) if len(meant) > 1 else list(meant)
            place = self._gazetteer.place(ranked[0])
            if place.kind == "country":
                self._countries[place.country] = self._countries.get(place.country, 0.0) + 1.0
                continue
            clear = len(ranked) == 1 or self._prominence(ranked[0]) - self._prominence(ranked[1]) >= _CLEAR
            if clear or self._together(ranked[0], ranked[1:]):
                self._countries[place.country] = self._countries.get(place.country, 0.0) + 0.5
                if len(self._anchors) < _ANCHORS and meant not in seen:
                    seen.add(meant)
                    self._anchors.append(place)
        self._total = sum(self._countries.values())

    def support(self, candidate: Candidate) -> float:
        """How well the best of its places goes with the others, 0 to about 2; for a common word, only what is near."""
        return max(
            self._nearness(place) + (0.0 if candidate.reading.common else self._share(place))
            for place in candidate.reading.meant
        )

    def resolve(self, candidate: Candidate) -> None:
        """Sets place and confidence; the place stays open where two are about as likely."""
        meant = candidate.reading.meant
        if len(meant) == 1:
            number, margin = meant[0], 2.0
        else:
            scores = sorted(((self._score(place, candidate.kinds), -place) for place in meant), reverse=True)
            best, number = scores[0][0], -scores[0][1]
            rival = next((score for score, other in scores[1:] if not self._together(number, [-other])), None)
            margin = best - rival if rival is not None else 2.0
        if margin < _MARGIN:
            candidate.confidence = 0.4
            return
        sure = min(1.0, 0.55 + 0.25 * candidate.worth())
        candidate.place, candidate.confidence = number, round(sure / (1 + math.exp(-2.5 * margin)), 2)

    def _score(self, number: int, kinds: frozenset[str]) -> float:
        score = 2.5 * self._prominence(number) + self._share(number) + self._nearness(number)
        if kinds:
            score += 1.0 if self._gazetteer.place(number).kind in kinds else -0.4
        return score

    def _prominence(self, number: int) -> float:
        return self._gazetteer.prominence[number]

    def _share(self, number: int) -> float:
        """Up to 0.8, by how much of the article is about the place's country."""
        country = self._gazetteer.place(number).country
        return 0.8 * self._countries.get(country, 0.0) / self._total if self._total and country else 0.0

    def _nearness(self, number: int) -> float:
        """Up to 1, for another place of the article near by or in the same province."""
        if number not in self._near:
            place = self._gazetteer.place(number)
            near = 0.0
            for anchor in self._anchors:
                if anchor.lat == place.lat and anchor.lon == place.lon:
                    continue
                if place.admin1 and (anchor.admin1, anchor.country) == (place.admin1, place.country):
                    near = max(near, 0.8)
                if near < 1.0 and abs(anchor.lat - place.lat) < 1.5 and anchor.kind not in _VAST:
                    km = distance.km(anchor.lat, anchor.lon, place.lat, place.lon)
                    near = max(near, 1.0 if km <= 60 else 0.5 if km <= 150 else 0.0)
            self._near[number] = near
        return self._near[number]

    def _together(self, number: int, others: Iterable[int]) -> bool:
        """Whether it does not matter which is meant: a city and the province around it, or two entries of one town."""
        first = self._gazetteer.place(number)
        return all(_is_same(first, self._gazetteer.place(other)) for other in others)


def _is_same(first: Place, other: Place) -> bool:
    province = "governorate" in (first.kind, other.kind) or "region" in (first.kind, other.kind)
    if province and first.admin1 and (first.admin1, first.country) == (other.admin1, other.country):
        return True
    return distance.km(first.lat, first.lon, other.lat, other.lon) <= 30.0
