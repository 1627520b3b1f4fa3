"""BM25 over one segment, for concepts: the rows that hold them, pooled frequencies, scores; exact.

A concept's frequency in a row is the weighted sum over its terms, and saturates after that. The compiled loops touch
nothing but the postings asked for, so that a question's cost follows its postings and not the collection's size.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels
from service.backends.embedded.segment import Segment

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_EVERY: Mask = np.zeros(0, bool)
_BINS = 4096  # of the histogram that the best are taken by
_NO_ARTICLES: Ints = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Terms:
    """Concepts as numbers of terms of a segment: concept c has those from starts[c] to starts[c + 1]."""

    ids: Longs
    shares: Floats  # above 0
    starts: Longs  # (concepts + 1,)


@dataclass(frozen=True, slots=True)
class Pooled:
    """Where each concept is: concept c has the entries from ends[c - 1] to ends[c]. Deleted rows are left out.

    The arrays are the thread's own scratch: they hold until its next search of the segment.
    """

    rows: Ints
    frequency: Floats
    ends: Longs
    articles: Ints
    mass: Floats  # frequency in the whole article
    stops: Longs
    df: Floats  # articles with each concept, an article counting at most 1


class Scorer:
    """Scores of one segment's rows; safe to use from several threads."""

    def __init__(
        self, segment: Segment, live: Mask | None, k1: float, saturation: Floats, article_saturation: Floats
    ) -> None:
        self._segment, self._k1 = segment, k1
        self._live = _EVERY if live is None else live
        self._saturation, self._article_saturation = saturation, article_saturation
        self._scratch = _Scratch()

    def pool(self, terms: Terms, by_article: bool) -> Pooled:
        compiled = kernels.ready()
        articles = self._segment.chunk_article if by_article else _NO_ARTICLES
        if compiled is None:
            return self._pool(terms, articles)
        postings, size = self._segment.terms, len(terms.starts) - 1
        total = int((postings.offsets[terms.ids + 1] - postings.offsets[terms.ids]).sum())
        scratch = self._scratch.of(len(self._segment), len(self._segment.ids), total)
        ends, stops, df = np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size)
        compiled.pool(
            postings.offsets, postings.rows, postings.counts, terms.ids, terms.shares, terms.starts, self._live,
            articles, scratch.acc, scratch.art, scratch.rows, scratch.frequency, ends, scratch.held, scratch.mass,
            stops, df,
        )  # fmt: skip
        n, m = (int(ends[-1]), int(stops[-1])) if size else (0, 0)
        return Pooled(scratch.rows[:n], scratch.frequency[:n], ends, scratch.held[:m], scratch.mass[:m], stops, df)

    def score(
        self, pooled: Pooled, weights: Floats, article_weights: Floats, allowed: Mask | None, depth: int
    ) -> tuple[Ints, Floats]:
        """(rows, scores) of allowed rows that hold any concept, in any order: the best ``depth`` and perhaps others."""
        compiled = kernels.ready()
        by_article = len(pooled.stops) > 0 and len(article_weights) > 0
        articles = self._segment.chunk_article if by_article else _NO_ARTICLES
        if compiled is None:
            return self._score(pooled, weights, article_weights, allowed)
        scratch = self._scratch.of(len(self._segment), len(self._segment.ids), len(pooled.rows))
        n = compiled.score(
            pooled.rows, pooled.frequency, pooled.ends, weights, self._saturation, pooled.articles, pooled.mass,
            pooled.stops, article_weights, self._article_saturation, articles, self._k1,
            _EVERY if allowed is None else allowed, depth, scratch.bins, scratch.acc, scratch.art, scratch.seen,
            scratch.found, scratch.scores,
        )  # fmt: skip
        return scratch.found[:n], scratch.scores[:n]

    def _pool(self, terms: Terms, articles: Ints) -> Pooled:
        """As the compiled loop, in numpy."""
        postings, size = self._segment.terms, len(self._segment)
        found: list[tuple[Ints, Floats]] = []
        by_article: list[tuple[Ints, Floats]] = []
        for first, last in zip(terms.starts[:-1].tolist(), terms.starts[1:].tolist(), strict=True):
            spans = [slice(*postings.offsets[i : i + 2]) for i in terms.ids[first:last].tolist()]
            every = [postings.rows[span] for span in spans]
            parts = [
                postings.counts[s] * share for s, share in zip(spans, terms.shares[first:last].tolist(), strict=True)
            ]
            rows = np.concatenate([postings.rows[:0], *every])
            frequency = np.concatenate([np.zeros(0), *parts])
            if len(self._live):
                frequency = frequency[self._live[rows]]
                rows = rows[self._live[rows]]
            if len(spans) > 1:
                rows, frequency = _summed(rows, frequency, size)
            found.append((rows, frequency))
            if len(articles):
                by_article.append(_summed(articles[rows], frequency, len(self._segment.ids)))
        rows, frequency, ends = _joined(found)
        concepts = len(found)
        if not by_article:  # not asked for, or a segment with nothing but copies
            return Pooled(
                rows, frequency, ends, rows[:0], frequency[:0], np.zeros(concepts, np.int64), np.zeros(concepts)
            )
        held, mass, stops = _joined(by_article)
        df = np.array([np.minimum(m, 1.0).sum() for _, m in by_article])
        return Pooled(rows, frequency, ends, held, mass, stops, df)

    def _score(
        self, pooled: Pooled, weights: Floats, article_weights: Floats, allowed: Mask | None
    ) -> tuple[Ints, Floats]:
        each = np.repeat(weights, np.diff(pooled.ends, prepend=0))
        f, k1 = pooled.frequency, self._k1
        values = each * (f * (k1 + 1.0) / (f + self._saturation[pooled.rows]))
        scores: Floats = np.bincount(pooled.rows, values, minlength=len(self._segment)).astype(np.float64)
        touched = np.zeros(len(self._segment), bool)
        touched[pooled.rows] = True
        rows = np.flatnonzero(touched if allowed is None else touched & allowed).astype(np.int32)
        found = scores[rows]
        if len(article_weights):
            each = np.repeat(article_weights, np.diff(pooled.stops, prepend=0))
            f = pooled.mass
            values = each * (f * (k1 + 1.0) / (f + self._article_saturation[pooled.articles]))
            whole = np.bincount(pooled.articles, values, minlength=len(self._segment.ids))
            found = found + whole[self._segment.chunk_article[rows]]
        return rows, found


class _Buffers:
    """One thread's arrays. ``acc``, ``art`` and ``seen`` are zero between searches."""

    def __init__(self, rows: int, articles: int) -> None:
        self.acc, self.art = np.zeros(rows), np.zeros(articles)
        self.seen, self.bins = np.zeros(rows, np.uint8), np.zeros(_BINS, np.int32)
        self.found, self.scores = np.empty(rows + 1, np.int32), np.empty(rows)
        self.grow(1 << 16)

    def grow(self, total: int) -> None:
        self.rows, self.frequency = np.empty(total, np.int32), np.empty(total)
        self.held, self.mass = np.empty(total, np.int32), np.empty(total)


class _Scratch(threading.local):
    def __init__(self) -> None:
        self._buffers: _Buffers | None = None

    def of(self, rows: int, articles: int, total: int) -> _Buffers:
        if self._buffers is None:
            self._buffers = _Buffers(rows, articles)
        if len(self._buffers.rows) <= total:  # one place is written beyond the last row
            self._buffers.grow(2 * total)
        return self._buffers


def _summed(rows: npt.NDArray[np.signedinteger], values: Floats, size: int) -> tuple[Ints, Floats]:
    """Each row once, with the sum of its values, which are above 0."""
    pooled: Floats = np.bincount(rows, values, minlength=size).astype(np.float64)
    held = np.flatnonzero(pooled)
    return held.astype(np.int32), pooled[held]


def _joined(parts: list[tuple[Ints, Floats]]) -> tuple[Ints, Floats, Longs]:
    rows = np.concatenate([_NO_ARTICLES, *(rows for rows, _ in parts)])
    values = np.concatenate([np.zeros(0), *(values for _, values in parts)])
    return rows, values, np.cumsum([len(rows) for rows, _ in parts], dtype=np.int64)
