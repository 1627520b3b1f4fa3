"""Two languages in one collection: how likely is it that a question is answered in either?

The scores of the legs of words do not mean the same in both. The best of 100,000 passages hold some of the words by
chance where the best of 200 do not, and a concept's weight is spread over translations. So the best passages of each
language are brought near one level first. Then the first few of each are read word by word, as late interaction does
(interaction.py): what they hold of the question gives the odds that the language answers it, and the more passages a
language has the more they hold by chance. All passages of the less likely language count less, as far as the other is
more likely and it is not likely itself: where both answer, both stay. In a collection of one language nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from service import fusion
from service.backends.base import Reader
from service.interaction import Reading
from service.records import Concept, Language, Leg, Ranking

_LOOKED_AT = 3  # best passages of each language
_AGAINST = 5.5  # log-odds that the one passage of a collection does not answer a question of which it holds nothing
_BY_SIZE = 0.6  # the same, for each e-fold number of passages
_FEWEST = 100  # passages: those of a language that has fewer hold as much by chance
_RAISED = 0.7  # how much of the way to the other language's best score, on a scale of logarithms
_LOWERED = 2.0  # power of what the less likely language counts
_CONCERNED = 1 / 4  # of the better language's best score, below which the other is no rival


def weighed(
    reader: Reader, reading: Reading, concepts: Mapping[Leg, Sequence[Concept]], language: Language,
    rankings: Mapping[Leg, Ranking], strength: float = 1.0,
) -> tuple[dict[Leg, Ranking], fusion.Lowered | None]:  # fmt: skip
    """The legs of words by language, and the keys of the less likely one with what they count in the end, if less.

    ``concepts``: those that a leg looks for, and the words that it has none for; ``language``: the question's;
    ``rankings``: scaled by what is possible, best first. Without a rival they come back as they are.
    """
    legs = {leg: rankings[leg] for leg in (Leg.BM25, Leg.CROSS)}
    if not _rivals([float(r.scores[0]) if len(r) else 0.0 for r in legs.values()]):
        return legs, None
    arabic = {
        leg: np.array([said is Language.ARABIC for said in reader.languages(ranking.keys.tolist())], bool)
        for leg, ranking in legs.items()
    }
    among = {Language.ARABIC: arabic, Language.ENGLISH: {leg: ~held for leg, held in arabic.items()}}
    best = {
        other: max(float(r.scores[among[other][leg]].max(initial=0.0)) for leg, r in legs.items()) for other in Language
    }
    if not _rivals(list(best.values())):
        return legs, None
    likely = {}
    for other, where in among.items():
        first = fusion.best_of([_first(legs[leg], where[leg]) for leg in legs]).keys[:_LOOKED_AT]
        held = reading.held(concepts, Leg.BM25 if other is language else Leg.CROSS, first.tolist())
        odds = float(held.max(initial=0.0)) - _AGAINST - _BY_SIZE * math.log(max(_FEWEST, reader.chunks_in(other)))
        likely[other] = 1 / (1 + math.exp(-odds))
    most = max(best.values())
    raised = {other: (most / best[other]) ** (_RAISED * strength) for other in best}
    for leg, ranking in legs.items():
        times = np.where(arabic[leg], raised[Language.ARABIC], raised[Language.ENGLISH])
        legs[leg] = fusion.ranked(ranking.keys, ranking.scores * times)
    less = min(likely, key=lambda other: likely[other])
    counts = (1 - (max(likely.values()) - likely[less]) * (1 - likely[less])) ** (_LOWERED * strength)
    keys = np.concatenate([rankings[leg].keys[among[less][leg]] for leg in legs])
    return legs, fusion.Lowered(keys, counts) if counts < 1 else None


def _rivals(best: Sequence[float]) -> bool:
    return min(best) > _CONCERNED * max(best)


def _first(ranking: Ranking, held: fusion.Mask) -> Ranking:
    """The best of those held."""
    rows = np.flatnonzero(held)[:_LOOKED_AT]
    return Ranking(ranking.keys[rows], ranking.scores[rows])
