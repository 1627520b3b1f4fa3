"""How near chunks are, against a plain walk over every mention."""

from __future__ import annotations

import numpy as np
import pytest

from service.backends.embedded import near
from service.backends.embedded.near import ELSEWHERE
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.segment import Segment
from service.engine import SAMPLE, Engine
from service.places import area as areas_of
from service.places import gazetteer
from service.places.area import Area, Relation


def areas() -> dict[str, Area]:
    names = gazetteer.load()
    found = {}
    for name in ("Hawija", "Kirkuk", "Syria", "Tikrit"):
        place = max((names.place(number) for number, _ in names.look_up(name)), key=lambda p: p.country == "Iraq")
        found[name] = Area(place, Relation.NEAR, weight=0.8)
    return found


def walked(segment: Segment, area: Area) -> np.ndarray:
    """The definition, over all rows."""
    weights = areas_of.weights(area, segment.facts)
    own = np.zeros(len(segment))
    for row, place, _, _, confidence in segment.facts.mentions.tolist():
        if place >= 0:
            own[row] = max(own[row], weights[place] * confidence / 100)
    whole = np.zeros(len(segment.ids))
    for row, home in enumerate(segment.chunk_article.tolist()):
        whole[home] = max(whole[home], own[row])
    return area.weight * np.maximum(own, ELSEWHERE * whole[segment.chunk_article])


@pytest.fixture(scope="module")
def index(seeds: Engine) -> EmbeddedReader:
    found = seeds.reader(SAMPLE)
    assert isinstance(found, EmbeddedReader)
    return found


@pytest.mark.parametrize("names", [["Hawija"], ["Syria"], ["Hawija", "Tikrit"], ["Kirkuk", "Syria", "Hawija"], []])
def test_scores_are_those_of_a_walk_over_all_mentions(index: EmbeddedReader, names: list[str]) -> None:
    chosen = [areas()[name] for name in names]
    for segment in index._segments:
        expected = sum((walked(segment, area) for area in chosen), np.zeros(len(segment))) / max(1, len(chosen))
        rows, scores = near.scores(segment, chosen)
        assert rows.tolist() == np.flatnonzero(expected).tolist()
        assert scores == pytest.approx(expected[rows], abs=1e-12)
        assert len(rows) or not names


@pytest.mark.parametrize("depth", [1, 5, 1000])
def test_the_nearest_and_all_that_were_named_are_ranked(index: EmbeddedReader, depth: int) -> None:
    area = areas()["Kirkuk"]
    segment = index._segments[0]
    expected = walked(segment, area)
    among = np.arange(0, len(segment), 3)
    found = index.search_places([area], depth, None, among.tolist())
    best = sorted(np.flatnonzero(expected).tolist(), key=lambda row: (-expected[row], row))[:depth]
    wanted = {*best, *(row for row in among.tolist() if expected[row] > 0)}
    assert found.keys.tolist() == sorted(wanted, key=lambda row: (-expected[row], row))
    assert found.scores == pytest.approx(expected[found.keys], abs=1e-12)


def test_mentions_and_dates_of_a_row_are_found(index: EmbeddedReader) -> None:
    facts = index._segments[0].facts
    for row in range(len(index._segments[0])):
        assert list(facts.in_row(row)) == np.flatnonzero(facts.mentions["row"] == row).tolist()
        assert list(facts.dates_in_row(row)) == np.flatnonzero(facts.dates["row"] == row).tolist()
