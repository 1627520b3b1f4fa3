"""The legs of words over all segments of a version: concepts looked up, weighted by exact statistics, scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels
from service.backends.embedded.postings import Statistics
from service.backends.embedded.scoring import Floats, Longs, Mask, Scorer, Terms
from service.backends.embedded.segment import Segment
from service.records import Concept

MIN_ARTICLE_IDF = 0.5  # a word of most articles still tells something about which of them is meant
_KEPT = 60_000  # terms whose numbers and frequencies are remembered
_ENTRIES_KEPT = 5_000  # concepts of which that is remembered
_ONE_QUESTION = 8  # searches, if it is read twice; a process that makes more than that is worth compiling for
Found = list[tuple[npt.NDArray[np.int64], Floats]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Concepts, looked up."""

    terms: list[Terms]  # of each segment
    idf: Floats  # (concepts,)
    rarity: Floats  # (concepts,) the same over articles
    weights: Floats  # (concepts,)


@dataclass(slots=True)
class _Entry:
    """What a version knows of a concept; its weight is not looked at."""

    terms: list[Terms]  # of each segment
    idf: float
    rarity: float | None = None  # of its articles; None: not counted yet


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
        self._entries: dict[int, tuple[Concept, _Entry]] = {}  # by the concept's identity, which is kept with it
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
        by_article = article_weight > 0
        new = any(id(concept) not in self._entries for concept in concepts)
        alone = new and all(len(concept.terms) == 1 and 1.0 in concept.terms.values() for concept in concepts)
        asked = self._of_words(concepts, by_article) if alone else self._asked(concepts, by_article)
        weights = asked.idf * asked.weights
        articles = article_weight * asked.rarity * asked.weights if by_article else np.zeros(0)
        found = []
        for number, scorer in enumerate(self._scorers):
            held, scores = scorer.best(asked.terms[number], weights, articles, allowed(number), depth)
            found.append((held + self._bases[number], scores))
        return found

    def best_possible(self, concepts: Sequence[Concept], article_weight: float) -> float:
        """What a row that held every concept endlessly often would score."""
        entries = self._entries_of(concepts, article_weight > 0)
        best = sum(max(entry.idf, 0.0) * c.weight for entry, c in zip(entries, concepts, strict=True))
        if article_weight:
            articles = (article_weight * (entry.rarity or 0.0) for entry in entries)
            best += sum(rarity * concept.weight for rarity, concept in zip(articles, concepts, strict=True))
        return (self._k1 + 1) * best

    def _asked(self, concepts: Sequence[Concept], by_article: bool) -> _Asked:
        entries = self._entries_of(concepts, by_article)
        return _Asked(
            [_joined([entry.terms[number] for entry in entries]) for number in range(len(self._scorers))],
            np.array([entry.idf for entry in entries], np.float64),
            np.array([entry.rarity or 0.0 for entry in entries], np.float64),
            np.array([concept.weight for concept in concepts], np.float64),
        )

    def _of_words(self, concepts: Sequence[Concept], by_article: bool) -> _Asked:
        """As ``_asked``, for concepts of one term met for the first time: feedback has many of them."""
        found = self._look_up([term for concept in concepts for term in concept.terms])
        columns = np.array(found, np.int64).reshape(len(concepts), 1 + len(self._scorers))
        df = np.zeros(len(concepts))
        terms = []
        for scorer, numbers in zip(self._scorers, columns[:, 1:].T, strict=True):
            held = numbers >= 0
            starts = np.zeros(len(held) + 1, np.int64)
            np.cumsum(held, out=starts[1:])
            terms.append(Terms(numbers[held], np.ones(starts[-1]), starts))
            if by_article:
                df[held] += scorer.spread_of(terms[-1].ids)
        weights = np.array([concept.weight for concept in concepts], np.float64)
        return _Asked(terms, self._idf(columns[:, 0].astype(np.float64)), self._rarity(df), weights)

    def _idf(self, df: Floats) -> Floats:
        """Robertson-Sparck Jones idf with rank-bm25's floor, as Statistics.idf."""
        rows = self._statistics.rows
        inside = df < rows + 0.5
        values = np.log(np.where(inside, rows - df + 0.5, 1.0)) - np.log(df + 0.5)
        floor = self._epsilon * self._statistics.mean_idf
        return np.where(inside & (values >= 0), values, floor)

    def _rarity(self, df: Floats) -> Floats:
        """How much a concept of so many articles tells about which of them is meant."""
        idf = np.log(np.maximum(self._articles - df, 0.0) + 0.5) - np.log(df + 0.5)
        rarity: Floats = np.maximum(idf, MIN_ARTICLE_IDF)
        return rarity

    def _entries_of(self, concepts: Sequence[Concept], by_article: bool) -> list[_Entry]:
        known = self._entries
        new = [concept for concept in concepts if id(concept) not in known]
        if new:
            if len(known) + len(new) > _ENTRIES_KEPT:
                known, new = {}, list(concepts)
                self._entries = known
            known.update((id(concept), (concept, entry)) for concept, entry in zip(new, self._made(new), strict=True))
        entries = [known[id(concept)][1] for concept in concepts]
        if by_article and (fresh := [entry for entry in entries if entry.rarity is None]):
            df = np.zeros(len(fresh))
            for number, scorer in enumerate(self._scorers):
                df += scorer.spread(_joined([entry.terms[number] for entry in fresh]))
            for entry, rarity in zip(fresh, self._rarity(df).tolist(), strict=True):
                entry.rarity = rarity
        return entries

    def _made(self, concepts: Sequence[Concept]) -> list[_Entry]:
        """All at once: looking terms up one concept after the other takes several times as long."""
        found = self._look_up([term for concept in concepts for term in concept.terms])
        shares = np.array([share for concept in concepts for share in concept.terms.values()], np.float64)
        columns = np.array(found, np.int64).reshape(len(found), 1 + len(self._segments))
        spans = list(pairwise([0, *accumulate(len(concept.terms) for concept in concepts)]))
        mass = (shares * columns[:, 0]).tolist()
        idf = self._idf(np.array([sum(mass[first:last]) for first, last in spans], np.float64)).tolist()
        return [
            _Entry([_held(numbers[first:last], shares[first:last]) for numbers in columns[:, 1:].T], value)
            for (first, last), value in zip(spans, idf, strict=True)
        ]

    def met(self, terms: Sequence[str], numbers: Sequence[int]) -> None:
        """Terms whose numbers in the one segment are known need not be looked up."""
        offsets = self._segments[0].terms.offsets.data  # one element of it costs a fifth of one of an array
        if len(self._known) + len(terms) > _KEPT:
            self._known = {}
        known = self._known
        for term, number in zip(terms, numbers, strict=True):
            if term not in known:
                known[term] = offsets[number + 1] - offsets[number], number

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


def _held(numbers: Longs, shares: Floats) -> Terms:
    """One concept's terms as far as a segment has them."""
    held = (numbers >= 0) & (shares > 0)
    return Terms(numbers[held], shares[held], np.array([0, np.count_nonzero(held)], np.int64))


def _joined(concepts: Sequence[Terms]) -> Terms:
    """Several concepts of one each."""
    if not concepts:
        return Terms(np.zeros(0, np.int64), np.zeros(0), np.zeros(1, np.int64))
    ids = np.concatenate([terms.ids for terms in concepts])
    shares = np.concatenate([terms.shares for terms in concepts])
    return Terms(ids, shares, np.array([0, *accumulate(len(terms.ids) for terms in concepts)], np.int64))
