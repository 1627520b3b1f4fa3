"""Several rankings -> one. Pure functions of keys and scores; the same for every backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.records import Leg, Ranking

Mask = npt.NDArray[np.bool_]


class Lowered(NamedTuple):
    """Keys whose sum counts ``times``, 0 to 1."""

    keys: npt.NDArray[np.int64]
    times: float


def convex(
    rankings: Mapping[Leg, Ranking], weights: Mapping[Leg, float], depth: int, lowered: Lowered | None = None
) -> Ranking:
    """Weighted sum of the words', the feedback's and the vectors' evidence, each from 0 to 1.

    A chunk is in one language, so the better of BM25 and the cross-language leg counts; their scores must be on one
    scale (a share of what a perfect chunk would get, or a multiple), which the best of both then brings to 1. A leg
    that lacks a chunk gives it nothing. Dense scores are taken above the lowest one ranked; place scores are as they
    are. What is ``lowered`` counts less before the best ``depth`` are taken.
    """
    of_words = [leg for leg in (Leg.BM25, Leg.CROSS) if leg in rankings and weights[leg]]
    words = [(rankings[leg].keys, weights[leg] * rankings[leg].scores) for leg in of_words]
    found = {Leg.BM25: _merged(words, np.maximum)}
    found |= {leg: (r.keys, r.scores) for leg in (Leg.DENSE, Leg.FEEDBACK) if (r := rankings.get(leg)) is not None}
    parts: list[Part] = []
    for leg, (keys, scores) in found.items():
        if len(keys) and (leg is Leg.BM25 or weights[leg]):
            low = float(scores.min())  # below 0 for words only in collections of a few chunks
            low = low if leg is Leg.DENSE and len(keys) > 1 else min(0.0, low)
            weight = 1.0 if leg is Leg.BM25 else weights[leg]
            parts.append((keys, weight * _scaled(scores, low, float(scores.max()))))
    place = rankings.get(Leg.PLACE)
    if place is not None and len(place) and weights[Leg.PLACE]:
        parts.append((place.keys, weights[Leg.PLACE] * place.scores))
    keys, scores = _merged(parts, np.add)
    if lowered:
        scores = np.where(np.isin(keys, lowered.keys), lowered.times, 1.0) * scores
    return ranked(keys, scores, depth)


def added(ranking: Ranking, further: Ranking, weight: float) -> Ranking:
    """The ranking with ``weight`` times the further scores on top; keys that it lacks do not come in."""
    if not len(further):
        return ranking
    known = np.isin(further.keys, ranking.keys)
    parts = [(ranking.keys, ranking.scores), (further.keys[known], weight * further.scores[known])]
    return ranked(*_merged(parts, np.add), len(ranking))


def best_of(rankings: Sequence[Ranking]) -> Ranking:
    """Every key with its best score."""
    if len(rankings) == 1:
        return rankings[0]
    return ranked(*_merged([(r.keys, r.scores) for r in rankings], np.maximum), sum(len(r) for r in rankings))


def _scaled(scores: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """0 at ``low``, 1 at ``high``."""
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))


def rrf(rankings: Mapping[Leg, Ranking], weights: Mapping[Leg, float], depth: int, rrf_k: int = 60) -> Ranking:
    """Sum of weight / (rrf_k + rank); equal scores share the better rank, so that input order does not matter."""
    parts = [(r.keys, weights[leg] / (rrf_k + ranks(r))) for leg, r in sorted(rankings.items()) if len(r)]
    return ranked(*_merged(parts, np.add), depth)


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
    keys = np.concatenate([k for k, _ in parts])
    order = by_key(keys)  # parts in order within a key, so that equal chunks add up equally
    keys, scores = keys[order], np.concatenate([s for _, s in parts])[order]
    if len(parts) == 1 or not len(keys):
        return keys, scores
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], how.reduceat(scores, first)


def by_key(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The stable order of keys of at least 0; key and place in one number are sorted in a third of argsort's time."""
    bits = len(keys).bit_length()
    if not len(keys) or int(keys.max()) >> (62 - bits):
        return np.argsort(keys, kind="stable")
    packed = np.sort(keys << bits | np.arange(len(keys)))
    order: npt.NDArray[np.int64] = packed & ((1 << bits) - 1)
    return order


def ordered(keys: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The order by score, highest first, and by key among equals: numpy's quick sorts twice, half a lexsort's time."""
    order = np.argsort(-scores)
    best = scores[order]
    equal = np.zeros(len(best) + 1, bool)  # to the one before
    np.equal(best[1:], best[:-1], out=equal[1:-1])
    tied = np.flatnonzero(equal[:-1] | equal[1:])
    if len(tied):
        run = np.cumsum(~equal[tied])
        span = int(keys.max()) + 1
        among = order[tied]
        order[tied] = among[np.argsort(run * span + keys[among])]
    return order


def ranked(keys: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], depth: int | None = None) -> Ranking:
    """The ``depth`` best, or all, best first and by key among equals."""
    if depth and depth < len(keys):
        kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth])
        keys, scores = keys[kept], scores[kept]
    order = ordered(keys, scores)[:depth]
    return Ranking(keys[order], scores[order])
