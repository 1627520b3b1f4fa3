"""The legs of words over all segments of a version: concepts looked up, weighted by exact statistics, scored."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels
from service.backends.embedded.postings import Statistics
from service.backends.embedded.scoring import Floats, Longs, Mask, Pooled, Scorer, Terms
from service.backends.embedded.segment import Segment
from service.records import Concept

MIN_ARTICLE_IDF = 0.5  # a word of most articles still tells something about which of them is meant
_KEPT = 200_000  # terms whose numbers and frequencies are remembered
_ONE_QUESTION = 8  # searches, if it is read twice; a process that makes more than that is worth compiling for
Found = list[tuple[npt.NDArray[np.int64], Floats]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Concepts, looked up: a row for each of their terms."""

    numbers: Longs  # (terms, segments), -1 where a segment lacks the term
    shares: Floats
    concept: Longs  # whose term it is
    df: Floats  # (concepts,) weighted sums over their terms
    weights: Floats  # (concepts,)


class ConceptSearch:
    """Safe to use from several threads."""

    def __init__(
        self, segments: Sequence[Segment], live: Sequence[Mask | None], statistics: Statistics, bm25: tuple[float, ...],
        articles: tuple[int, float],
    ) -> None:  # fmt: skip
        """``bm25`` is k1, b and epsilon; ``articles`` their number and mean length in terms."""
        k1, b, self._epsilon = bm25
        self._segments, self._live, self._statistics, self._k1 = segments, live, statistics, k1
        self._articles = articles[0]
        mean, mean_article = max(statistics.mean_length, 1e-9), max(articles[1], 1e-9)
        self._scorers = [
            Scorer(
                segment, alive, k1, k1 * (1 - b + b * segment.lengths.astype(np.float64) / mean),
                k1 * (1 - b + b * segment.article_lengths.astype(np.float64) / mean_article),
            )
            for segment, alive in zip(segments, live, strict=True)
        ]  # fmt: skip
        self._bases = np.cumsum([0, *(len(segment) for segment in segments)])
        self._known: dict[str, tuple[int, ...]] = {}  # term -> its live df, then its number in each segment
        self._last = _Last()
        self._searches = 0

    def df(self, term: str) -> int:
        """Number of live chunks with the term."""
        return self._look_up([term])[0][0]

    def dfs(self, terms: Sequence[str]) -> Longs:
        return np.array([entry[0] for entry in self._look_up(terms)], np.int64)

    def search(
        self, concepts: Sequence[Concept], depth: int, article_weight: float, allowed: Callable[[int], Mask | None]
    ) -> Found:
        """(keys, scores) by segment, unordered: rows that hold a concept and are allowed, the best ``depth`` at least.

        All that score as much as the last of these are there too.
        """
        self._searches += 1
        if self._searches > _ONE_QUESTION:
            kernels.load_soon()
        asked = self._asked(concepts)
        pooled, shares = self._pooled(asked, article_weight)
        weights = self._idf(asked.df) * asked.weights
        self._last.keep(concepts, article_weight, self._best(asked, shares))
        found = []
        for number, (scorer, held) in enumerate(zip(self._scorers, pooled, strict=True)):
            rows, scores = scorer.score(held, weights, shares, allowed(number), depth)
            found.append((rows + self._bases[number], scores))
        return found

    def best_possible(self, concepts: Sequence[Concept], article_weight: float) -> float:
        """What a row that held every concept endlessly often would score."""
        best = self._last.of(concepts, article_weight)
        if best is None:
            asked = self._asked(concepts)
            best = self._best(asked, self._pooled(asked, article_weight)[1])
        return best

    def _best(self, asked: _Asked, shares: Floats) -> float:
        idf = np.maximum(self._idf(asked.df), 0.0)
        return float((self._k1 + 1) * (sum((idf * asked.weights).tolist()) + sum(shares.tolist())))

    def _pooled(self, asked: _Asked, article_weight: float) -> tuple[list[Pooled], Floats]:
        """Where the concepts are in each segment, and the weights of their scores by article; [] without those."""
        size = len(asked.weights)
        pooled = []
        df = np.zeros(size)
        for number, scorer in enumerate(self._scorers):
            held = (asked.numbers[:, number] >= 0) & (asked.shares > 0)
            sizes = np.bincount(asked.concept[held], minlength=size)
            starts = np.zeros(size + 1, np.int64)
            np.cumsum(sizes, out=starts[1:])
            terms = Terms(np.ascontiguousarray(asked.numbers[held, number]), asked.shares[held], starts)
            pooled.append(scorer.pool(terms, article_weight > 0))
            if article_weight:
                df += pooled[-1].df
        if not article_weight:
            return pooled, np.zeros(0)
        idf = np.log(np.maximum(self._articles - df, 0.0) + 0.5) - np.log(df + 0.5)
        return pooled, article_weight * np.maximum(idf, MIN_ARTICLE_IDF) * asked.weights

    def _idf(self, df: Floats) -> Floats:
        """Robertson-Sparck Jones idf with rank-bm25's floor, as Statistics.idf."""
        rows = self._statistics.rows
        inside = df < rows + 0.5
        values = np.log(np.where(inside, rows - df + 0.5, 1.0)) - np.log(df + 0.5)
        floor = self._epsilon * self._statistics.mean_idf
        return np.where(inside & (values >= 0), values, floor)

    def _asked(self, concepts: Sequence[Concept]) -> _Asked:
        terms = [term for concept in concepts for term in concept.terms]
        columns = 1 + len(self._segments)
        flat = chain.from_iterable(self._look_up(terms))
        entries = np.fromiter(flat, np.int64, len(terms) * columns).reshape(-1, columns)
        shares = np.fromiter((share for c in concepts for share in c.terms.values()), np.float64, len(terms))
        concept = np.repeat(np.arange(len(concepts)), [len(c.terms) for c in concepts]).astype(np.int64)
        df = np.bincount(concept, shares * entries[:, 0], minlength=len(concepts)).astype(np.float64)
        weights = np.array([concept.weight for concept in concepts], np.float64)
        return _Asked(entries[:, 1:], shares, concept, df, weights)

    def _look_up(self, terms: Sequence[str]) -> list[tuple[int, ...]]:
        known = self._known
        found = [known.get(term) for term in terms]
        if None in found:
            new = self._learn(list(dict.fromkeys(t for t, entry in zip(terms, found, strict=True) if entry is None)))
            return [entry or new[term] for term, entry in zip(terms, found, strict=True)]
        return [entry for entry in found if entry is not None]

    def _learn(self, terms: list[str]) -> dict[str, tuple[int, ...]]:
        df = np.zeros(len(terms), np.int64)
        columns = [df]
        for segment, live in zip(self._segments, self._live, strict=True):
            postings = segment.terms
            numbers = postings.terms.find_many(terms)
            columns.append(numbers)
            for i in np.flatnonzero(numbers >= 0).tolist():
                first, last = postings.offsets[numbers[i]], postings.offsets[numbers[i] + 1]
                df[i] += last - first if live is None else int(live[postings.rows[first:last]].sum())
        new = dict(zip(terms, zip(*(column.tolist() for column in columns), strict=True), strict=True))
        if len(self._known) + len(new) > _KEPT:
            self._known = {}
        self._known.update(new)
        return new


class _Last(threading.local):
    """The scales of this thread's last searches: the legs' scores are divided by them right after."""

    def __init__(self) -> None:
        self._asked: deque[tuple[Sequence[Concept], float, float]] = deque(maxlen=_ONE_QUESTION)

    def keep(self, concepts: Sequence[Concept], article_weight: float, best: float) -> None:
        self._asked.append((concepts, article_weight, best))

    def of(self, concepts: Sequence[Concept], article_weight: float) -> float | None:
        for asked, weight, best in self._asked:
            if asked is concepts and weight == article_weight:
                return best
        return None
