"""Two languages in one collection: how far what either says of a question is to be believed beside the other.

The scores of the legs of words are shares of what a perfect chunk would get, but they do not mean the same in both. The
best of 100,000 chunks hold some of the words by chance where the best of 200 do not, and a concept's weight is spread
over translations. So the leg that has the lower level, further down its ranking, is raised towards the other's, as
far as its best chunks hold as much of the question as the other's do, within a few words of each other and the
likeliest sense of a concept counting in full; a leg whose best hold less than half of that is lowered. Where one
language has next to nothing, as in a collection of one language, nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from service import analyzer
from service.backends.base import Reader
from service.records import Concept, Leg, Ranking

_LOOKED_AT = 5  # best chunks of each leg
_WITHIN = 30  # words, stop words included
_LEVEL_AT = 100  # place in the ranking of a chunk that holds some words by chance
_LEAST_LEVEL = 0.05  # added to that chunk's score
_MOST_RAISED = 2.5  # times
_RAISED_FROM, _RAISED_FULLY = 0.75, 1.0  # what its best chunks hold, beside what the other leg's do
_LOWERED_BELOW = 0.5  # the same
_CONCERNED = 1 / 3  # of the better leg's best score, below which the other is no rival


def factors(
    reader: Reader, concepts: Mapping[Leg, Sequence[Concept]], rankings: Mapping[Leg, Ranking]
) -> dict[Leg, float]:
    """For the legs of words (``rankings`` scaled by what is possible) what each counts, at most 1; {}: as they are.

    ``concepts``: those that a leg looks for, and the words that it has none for.
    """
    legs = (Leg.BM25, Leg.CROSS)
    best = {leg: float(rankings[leg].scores.max()) if len(rankings[leg]) else 0.0 for leg in legs}
    if min(best.values()) <= _CONCERNED * max(best.values()):
        return {}
    held = {leg: _held(reader, concepts[leg], rankings[leg]) for leg in legs}
    if not all(held.values()):
        return {}
    levels = {leg: _level(rankings[leg]) for leg in legs}
    low, high = sorted(legs, key=lambda leg: levels[leg])
    share = held[low] / held[high]
    gain = min(levels[high] / levels[low], _MOST_RAISED) - 1
    raised = 1 + gain * min(1.0, max(0.0, (share - _RAISED_FROM) / (_RAISED_FULLY - _RAISED_FROM)))
    lowered = {low: min(1.0, share / _LOWERED_BELOW), high: min(1.0, 1 / share / _LOWERED_BELOW)}
    found = {low: raised * lowered[low], high: lowered[high]}
    most = max(found.values())
    return {leg: factor / most for leg, factor in found.items()}


def _level(ranking: Ranking) -> float:
    scores = ranking.scores
    chance = np.partition(scores, len(scores) - 1 - _LEVEL_AT)[-1 - _LEVEL_AT] if len(scores) > _LEVEL_AT else 0.0
    return float(chance) + _LEAST_LEVEL


def _held(reader: Reader, concepts: Sequence[Concept], ranking: Ranking) -> float:
    """The greatest share of the question, by weight, that one of a leg's best chunks holds within a few words."""
    weights = [reader.best_possible([concept]) for concept in concepts]
    meant: dict[str, list[tuple[int, float]]] = {}
    for number, concept in enumerate(concepts):
        likeliest = max(concept.terms.values(), default=1.0)
        for term, weight in concept.terms.items():
            meant.setdefault(term, []).append((number, weights[number] * weight / likeliest))
    order = np.lexsort((ranking.keys, -ranking.scores))[:_LOOKED_AT]
    texts = {stored.chunk.text for stored in reader.fetch(ranking.keys[order].tolist())}
    most = max((value for text in texts for value in _windows(text, meant)), default=0.0)
    return most / total if (total := sum(weights)) else 0.0


def _windows(text: str, meant: Mapping[str, Sequence[tuple[int, float]]]) -> Iterator[float]:
    """What the words of each stretch of a text hold, from every word that means something on."""
    met = [(place, meant[term]) for place, term in enumerate(analyzer.laid_out(text)) if term in meant]
    for i, (first, _) in enumerate(met):
        held: dict[int, float] = {}
        for place, concepts in met[i:]:
            if place >= first + _WITHIN:
                break
            for number, value in concepts:
                if value > held.get(number, 0.0):
                    held[number] = value
        yield sum(held.values())
