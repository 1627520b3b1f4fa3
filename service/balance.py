"""Two languages in one collection: how likely is it that a question is answered in either?

The scores of the legs of words do not mean the same in both. The best of 100,000 passages hold some of the words by
chance where the best of 200 do not, and a concept's weight is spread over translations. So the best passages of each
language are brought near one level first. Then the first few of each are read word by word, as late interaction does
(interaction.py): what they hold of the question, and how rare that is, give the odds that the language answers it, and
the more passages a language has the more they hold by chance. All passages of the less likely language count less, as
far as the other is more likely and it is not likely itself: where both answer, both stay; so they do where two of their
best passages say the same, by the vectors of the bundled encoder. In a collection of one language nothing changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from service import fusion
from service.backends.base import Keys, Reader
from service.interaction import Reading
from service.records import Concept, Language, Leg, Ranking

_LOOKED_AT = 3  # best passages of each language
_AKIN = 0.65  # how alike two words of one language are at most, unless they are written alike: see alignment.py
# Log-odds that a language answers, near a logistic regression over mixtures (scripts/results/quality.md):
_SHARE = 0.6  # for each twentieth of the question that its best passage holds
_RARITY = 0.12  # for each unit of BM25 that what is found there could reach, times its part of the question
_BEST = 4.5  # times the best score of a leg of words
_AGAINST = 3.5  # against: that of one passage which holds nothing
_BY_SIZE = 0.8  # against: for each e-fold number of passages
_FEWEST = 100  # passages: those of a language that has fewer hold as much by chance
_RAISED = 0.7  # how much of the way to the other language's best score, on a scale of logarithms
_LOWERED = 2.0  # power of what the less likely language counts
_AS_GOOD_AS_ALL = 0.995  # times
_RELATED, _TRANSLATED = 0.45, 0.55  # cosines of passages of the two languages: on one subject, that say the same
_CONCERNED = 1 / 4  # of the better language's best score, below which the other is no rival


class Less(NamedTuple):
    """The language that is less likely to answer, and how many times its passages count, 0 to 1."""

    language: Language
    times: float


def weighed(
    reader: Reader, reading: Reading, concepts: Mapping[Leg, Sequence[Concept]], rankings: Mapping[Leg, Ranking],
    filtered: bool = False, strength: float = 1.0,
) -> tuple[dict[Leg, Ranking], Less | None]:  # fmt: skip
    """The legs of words, each language's best brought near one level, and the language that counts less, if one does.

    ``concepts``: those that a leg looks for, and the words that it has none for; ``rankings``: scaled by what is
    possible, best first; ``filtered``: whether a filter left passages out. Without a rival they come back as they are.
    """
    legs = {leg: rankings[leg] for leg in (Leg.BM25, Leg.CROSS)}
    if not _rivals([float(r.scores[0]) if len(r) else 0.0 for r in legs.values()]):
        return legs, None
    arabic = {leg: _arabic(reader, ranking.keys) for leg, ranking in legs.items()}
    among = {Language.ARABIC: arabic, Language.ENGLISH: {leg: ~held for leg, held in arabic.items()}}
    best = {
        language: max(float(r.scores[where[leg]].max(initial=0.0)) for leg, r in legs.items())
        for language, where in among.items()
    }
    if not _rivals(list(best.values())):
        return legs, None
    first = {
        language: fusion.best_of([_first(legs[leg], where[leg]) for leg in legs]).keys[:_LOOKED_AT].tolist()
        for language, where in among.items()
    }
    keys = [key for best_keys in first.values() for key in best_keys]
    share, rarity = reading.held(concepts, keys, _AKIN)
    held = dict(zip(keys, (_SHARE * share + _RARITY * rarity).tolist(), strict=True))
    likely = {}
    for language, where in among.items():
        # What a filter lets through is not counted: those found stand for it.
        size = sum(int(rows.sum()) for rows in where.values()) if filtered else reader.chunks_in(language)
        odds = max(held[key] for key in first[language]) + _BEST * best[language]
        odds -= _AGAINST + _BY_SIZE * math.log(max(_FEWEST, size))
        likely[language] = 1 / (1 + math.exp(-odds))
    most = max(best.values())
    raised = {language: (most / score) ** (_RAISED * strength) for language, score in best.items()}
    for leg, ranking in legs.items():
        times = np.where(arabic[leg], raised[Language.ARABIC], raised[Language.ENGLISH])
        legs[leg] = fusion.ranked(ranking.keys, ranking.scores * times)
    lower = min(likely, key=lambda language: likely[language])
    counts = (1 - (max(likely.values()) - likely[lower]) * (1 - likely[lower])) ** (_LOWERED * strength)
    if counts < _AS_GOOD_AS_ALL:
        same = (reading.alike(*first.values()) - _RELATED) / (_TRANSLATED - _RELATED)
        counts **= 1 - min(1.0, max(0.0, same))
    return legs, Less(lower, counts) if counts < _AS_GOOD_AS_ALL else None


def lowered(reader: Reader, rankings: Mapping[Leg, Ranking], less: Less) -> fusion.Lowered:
    """The keys, in any ranking, of the language that counts less."""
    keys = np.unique(np.concatenate([ranking.keys for ranking in rankings.values()]))
    arabic = _arabic(reader, keys)
    return fusion.Lowered(keys[arabic if less.language is Language.ARABIC else ~arabic], less.times)


def _arabic(reader: Reader, keys: Keys) -> fusion.Mask:
    return np.array([language is Language.ARABIC for language in reader.languages(keys.tolist())], bool)


def _rivals(best: Sequence[float]) -> bool:
    return min(best) > _CONCERNED * max(best)


def _first(ranking: Ranking, held: fusion.Mask) -> Ranking:
    """The best of those held."""
    rows = np.flatnonzero(held)[:_LOOKED_AT]
    return Ranking(ranking.keys[rows], ranking.scores[rows])
