"""Several rankings -> one. Pure functions of keys and scores; the same for every backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from service.records import Leg, Ranking


def convex(rankings: Mapping[Leg, Ranking], weights: Mapping[Leg, float], depth: int) -> Ranking:
    """Weighted sum of the words' evidence and the vectors', each divided by the best score of its kind.

    A chunk is in one language, so the better of BM25 and the cross-language leg counts, on one scale; a leg that
    lacks a chunk gives it nothing. Dense scores are taken above the lowest one ranked; place scores are as they are.
    """
    words = {leg: ranking for leg, ranking in rankings.items() if leg not in (Leg.DENSE, Leg.PLACE) and len(ranking)}
    top = max((weights[leg] * r.scores[0] for leg, r in words.items()), default=1.0)
    low = min((weights[leg] * r.scores[-1] for leg, r in words.items()), default=0.0)
    low = min(0.0, low)  # negative only in collections of a few chunks, where rank-bm25's idf is negative too
    span = top - low if top > low else 1.0
    best: dict[Leg, npt.NDArray[np.float64]] = {
        leg: (weights[leg] * r.scores - low) / span if top > low else np.ones(len(r)) for leg, r in words.items()
    }
    parts = [(words[leg].keys, best[leg]) for leg in sorted(words)]
    keys, scores = _merged(parts, np.maximum)
    dense = rankings.get(Leg.DENSE)
    if dense is not None and len(dense) and weights[Leg.DENSE]:
        floor = dense.scores[-1] if len(dense) > 1 else 0.0
        height = dense.scores[0] - floor
        share = (dense.scores - floor) / height if height > 0 else np.ones(len(dense))
        keys, scores = _merged([(keys, scores), (dense.keys, weights[Leg.DENSE] * share)], np.add)
    place = rankings.get(Leg.PLACE)
    if place is not None and len(place) and weights[Leg.PLACE]:
        keys, scores = _merged([(keys, scores), (place.keys, weights[Leg.PLACE] * place.scores)], np.add)
    return _ranked(keys, scores, depth)


def rrf(rankings: Mapping[Leg, Ranking], weights: Mapping[Leg, float], depth: int, rrf_k: int = 60) -> Ranking:
    """Sum of weight / (rrf_k + rank); equal scores share the better rank, so that input order does not matter."""
    parts = [(r.keys, weights[leg] / (rrf_k + ranks(r))) for leg, r in sorted(rankings.items()) if len(r)]
    return _ranked(*_merged(parts, np.add), depth)


def ranks(ranking: Ranking) -> npt.NDArray[np.int64]:
    """1-based ranks of a ranking's rows; equal scores have the same rank."""
    if not len(ranking):
        return np.zeros(0, np.int64)
    new = np.concatenate([[True], ranking.scores[1:] != ranking.scores[:-1]])
    return np.maximum.accumulate(np.where(new, np.arange(1, len(ranking) + 1), 0))


Part = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]


def _merged(parts: Sequence[Part], how: np.ufunc) -> Part:
    """Keys of all parts, ascending, each with its scores brought together by ``how``."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0)
    keys, where = np.unique(np.concatenate([k for k, _ in parts]), return_inverse=True)
    scores = np.zeros(len(keys))
    how.at(scores, where, np.concatenate([s for _, s in parts]))
    return keys, scores


def _ranked(keys: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], depth: int) -> Ranking:
    order = np.lexsort((keys, -scores))[:depth]
    return Ranking(keys[order], scores[order])
