"""Pseudo-relevance feedback: the words of the best passages become further question words.

A relevance model in the manner of RM3 (Abdul-Jaleel et al. 2004): term probabilities of the best passages, weighted
by their scores, times idf. The passages are in the collection's language, so an English question over Arabic reports
is widened by the reports' own Arabic words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service import fusion
from service.backends.base import Reader
from service.records import Concept, Ranking


@dataclass(frozen=True, slots=True)
class Feedback:
    """How much is taken from how many."""

    passages: int = 10
    terms: int = 20
    looked_at: int = 40  # passages from which those are taken, one of each article
    sharpness: float = 8.0  # weight of a passage: exp(sharpness x (its share of the best score - 1))


def ranking(reader: Reader, found: Ranking, how: Feedback, search: Callable[[list[Concept]], Ranking]) -> Ranking:
    """The ranking by the words of the best passages, scores from 0 to 1.

    Each language's passages widen the question for that language alone, as far as they were good themselves: English
    words of the best English passage must not push the Arabic reports aside.
    """
    if not len(found) or found.scores[0] <= 0:
        return found
    keys = found.keys[: how.looked_at].tolist()
    languages = reader.languages(keys)
    parts = []
    for language in sorted(set(languages)):
        rows = [i for i, other in enumerate(languages) if other is language]
        widened = search(concepts(reader, Ranking(found.keys[rows], found.scores[rows]), how))
        if len(widened) and widened.scores[0] > 0:
            share = found.scores[rows[0]] / found.scores[0]
            parts.append(Ranking(widened.keys, widened.scores / widened.scores[0] * share))
    return fusion.best_of(parts)


def concepts(reader: Reader, ranking: Ranking, how: Feedback) -> list[Concept]:
    """Terms of the best passages as concepts whose weights sum to 1; [] for an empty ranking."""
    if not len(ranking) or ranking.scores[0] <= 0:
        return []
    keys, shares = _best(reader, ranking, how)
    terms, mass, df = reader.term_mass(keys, shares)
    rows = int(reader.manifest.statistics["rows"])
    df = np.minimum(df, rows)
    weights = mass * np.maximum(np.log(rows - df + 0.5) - np.log(df + 0.5), 0.0)
    best = _highest(weights, how.terms).tolist()
    total = float(sum(weights[best].tolist()))
    chosen = [(terms[i], float(weights[i])) for i in best if weights[i] > 0]
    return [Concept(term, {term: 1.0}, weight / total) for term, weight in chosen]


def _highest(weights: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.int64]:
    """Where the highest are, highest first, equals in their order."""
    held = np.arange(len(weights))
    if 0 < most < len(weights):
        held = np.flatnonzero(weights >= np.partition(weights, len(weights) - most)[len(weights) - most])
    found: npt.NDArray[np.int64] = held[np.argsort(-weights[held], kind="stable")[:most]]
    return found


def _best(reader: Reader, ranking: Ranking, how: Feedback) -> tuple[list[int], list[float]]:
    """Keys of the best passages, one of each article, and their weights, which sum to 1."""
    chosen: dict[int, int] = {}
    for i, home in enumerate(reader.homes(ranking.keys[: how.looked_at].tolist())):
        chosen.setdefault(home, i)
        if len(chosen) == how.passages:
            break
    rows = list(chosen.values())
    weights = np.exp(how.sharpness * (ranking.scores[rows] / ranking.scores[0] - 1))
    return ranking.keys[rows].tolist(), (weights / weights.sum()).tolist()
