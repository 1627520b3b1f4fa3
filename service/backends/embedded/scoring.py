"""BM25 over one segment, for concepts: the rows that hold them, pooled frequencies, scores; exact.

A concept's frequency in a row is the weighted sum over its terms, and saturates after that. The compiled loops touch
nothing but the postings asked for, so that a question's cost follows its postings and not the collection's size.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import pairwise

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
_BLOCK = 4096  # rows scored at once: what a concept needs of them stays in the processor's nearest cache
_NO_ARTICLES: Ints = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class Terms:
    """Concepts as numbers of terms of a segment: concept c has those from starts[c] to starts[c + 1]."""

    ids: Longs
    shares: Floats  # above 0
    starts: Longs  # (concepts + 1,)


@dataclass(frozen=True, slots=True)
class Pooled:
    """Where each concept is: concept c has the entries from ends[c - 1] to ends[c]. Deleted rows are left out."""

    rows: Ints
    frequency: Floats
    ends: Longs
    articles: Ints
    mass: Floats  # frequency in the whole article
    stops: Longs


class Scorer:
    """Scores of one segment's rows; safe to use from several threads."""

    def __init__(
        self, segment: Segment, live: Mask | None, k1: float, saturation: Floats, article_saturation: Floats
    ) -> None:
        self._segment, self._k1 = segment, k1
        self._live = _EVERY if live is None else live
        self._saturation, self._article_saturation = saturation, article_saturation
        self._rows, self._articles = segment.terms.rows.view(np.uint32), segment.chunk_article.view(np.uint32)
        self._blocks = _blocks(segment)
        self._scratch = _Scratch()
        self._each: Floats | None = None  # in how many articles each term of the segment is

    def spread(self, terms: Terms) -> Floats:
        """In how many articles each concept is, an article counting its frequency there, at most 1."""
        compiled, postings, df = kernels.ready(), self._segment.terms, np.zeros(len(terms.starts) - 1)
        if compiled is None:
            pooled = self._pool(terms, self._segment.chunk_article)
            spans = pairwise([0, *pooled.stops.tolist()])
            return np.array([np.minimum(pooled.mass[start:stop], 1.0).sum() for start, stop in spans], np.float64)
        art, held = self._scratch.articles(len(self._segment.ids))
        compiled.spread(
            postings.offsets, self._rows, postings.counts, terms.ids, terms.shares, terms.starts, self._live,
            self._articles, art, held, df,
        )  # fmt: skip
        return df

    def spread_of(self, ids: Longs) -> Floats:
        """``spread`` of single terms."""
        if kernels.ready() is None:
            return self.spread(Terms(ids, np.ones(len(ids)), np.arange(len(ids) + 1)))
        if self._each is None:
            size = len(self._segment.terms.terms)
            self._each = self.spread(Terms(np.arange(size), np.ones(size), np.arange(size + 1)))
        found: Floats = self._each[ids]
        return found

    def best(
        self, terms: Terms, weights: Floats, article_weights: Floats, allowed: Mask | None, depth: int
    ) -> tuple[Ints, Floats]:
        """(rows, scores) of allowed rows that hold any concept, in any order: the best ``depth`` and perhaps others.

        ``article_weights`` are those of the concepts' scores in whole articles, which are added; [] without these.
        """
        compiled, postings = kernels.ready(), self._segment.terms
        if compiled is None:
            articles = self._segment.chunk_article if len(article_weights) else _NO_ARTICLES
            return self._score(self._pool(terms, articles), weights, article_weights, allowed)
        scratch = self._scratch.of(self._segment, self._blocks)
        n = compiled.best(
            postings.offsets, self._rows, postings.counts, terms.ids, terms.shares, terms.starts, weights,
            self._saturation, article_weights, self._article_saturation, self._articles, self._k1, self._live,
            _EVERY if allowed is None else allowed, self._blocks, depth, np.empty(len(terms.ids), np.int64),
            scratch.acc, scratch.pooled, scratch.seen, scratch.touched, scratch.members, scratch.art, scratch.mass,
            scratch.held, scratch.inside, scratch.bins, scratch.found, scratch.scores,
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
            return Pooled(rows, frequency, ends, rows[:0], frequency[:0], np.zeros(concepts, np.int64))
        held, mass, stops = _joined(by_article)
        return Pooled(rows, frequency, ends, held, mass, stops)

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
    """One thread's arrays for ``kernels.best``."""

    def __init__(self, segment: Segment, blocks: Longs) -> None:
        rows = int(np.diff(blocks).max(initial=0)) + 1  # one place is written beyond the last
        ends = segment.chunk_article[blocks[1:] - 1] - segment.chunk_article[blocks[:-1]]
        articles = int(ends.max(initial=0)) + 2
        self.acc, self.pooled, self.seen = np.zeros(rows), np.zeros(rows), np.zeros(rows, np.uint8)
        self.touched, self.members = np.empty(rows, np.uint32), np.empty(rows, np.uint32)
        self.art, self.mass = np.zeros(articles), np.zeros(articles)
        self.held, self.inside = np.empty(articles + 1, np.uint32), np.empty(articles + 1)
        self.bins = np.zeros(_BINS, np.int32)
        self.found, self.scores = np.empty(len(segment) + 1, np.int32), np.empty(len(segment) + 1)


class _Scratch(threading.local):
    def __init__(self) -> None:
        self._buffers: _Buffers | None = None
        self._articles: tuple[Floats, npt.NDArray[np.uint32]] | None = None

    def of(self, segment: Segment, blocks: Longs) -> _Buffers:
        if self._buffers is None:
            self._buffers = _Buffers(segment, blocks)
        return self._buffers

    def articles(self, count: int) -> tuple[Floats, npt.NDArray[np.uint32]]:
        if self._articles is None:
            self._articles = np.zeros(count), np.empty(count + 1, np.uint32)
        return self._articles


def _blocks(segment: Segment) -> Longs:
    """Where blocks of some rows begin, and the last one ends; each begins with an article."""
    wanted = np.arange(0, len(segment), _BLOCK)
    starts = segment.article_starts
    found = starts[np.searchsorted(starts, wanted)]
    return np.unique(np.concatenate([found, [len(segment)]])).astype(np.int64)


def _summed(rows: npt.NDArray[np.signedinteger], values: Floats, size: int) -> tuple[Ints, Floats]:
    """Each row once, with the sum of its values, which are above 0."""
    pooled: Floats = np.bincount(rows, values, minlength=size).astype(np.float64)
    held = np.flatnonzero(pooled)
    return held.astype(np.int32), pooled[held]


def _joined(parts: list[tuple[Ints, Floats]]) -> tuple[Ints, Floats, Longs]:
    rows = np.concatenate([_NO_ARTICLES, *(rows for rows, _ in parts)])
    values = np.concatenate([np.zeros(0), *(values for _, values in parts)])
    return rows, values, np.cumsum([len(rows) for rows, _ in parts], dtype=np.int64)
