"""The legs of words over all segments of a version: concepts looked up, weighted by exact statistics, scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels
from service.backends.embedded.postings import Statistics
from service.backends.embedded.scoring import Floats, Longs, Mask, Scorer, Terms
from service.backends.embedded.segment import Segment
from service.records import Concept

MIN_ARTICLE_IDF = 0.5  # a word of most articles still tells something about which of them is meant
_KEPT = 60_000  # terms whose numbers and frequencies are remembered
_ENTRIES_KEPT = 5_000  # concepts of which that is remembered, and words
_ONE_QUESTION = 8  # searches, if it is read twice; a process that makes more than that is worth compiling for
Found = list[tuple[npt.NDArray[np.int64], Floats]]


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
        self._words: dict[str, _Entry] = {}  # of concepts of one term
        self._entries: dict[int, tuple[Concept, _Entry]] = {}  # of others, by their identity, which is kept with them
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
        entries = [self._entry(concept) for concept in concepts]
        weights = [concept.weight for concept in concepts]
        rows = np.array([e.idf * weight for e, weight in zip(entries, weights, strict=True)], np.float64)
        articles = np.array(self._shares(entries, weights, article_weight), np.float64)
        found = []
        for number, scorer in enumerate(self._scorers):
            terms = _joined([entry.terms[number] for entry in entries])
            held, scores = scorer.best(terms, rows, articles, allowed(number), depth)
            found.append((held + self._bases[number], scores))
        return found

    def best_possible(self, concepts: Sequence[Concept], article_weight: float) -> float:
        """What a row that held every concept endlessly often would score."""
        entries = [self._entry(concept) for concept in concepts]
        weights = [concept.weight for concept in concepts]
        own = sum(max(entry.idf, 0.0) * weight for entry, weight in zip(entries, weights, strict=True))
        return (self._k1 + 1) * (own + sum(self._shares(entries, weights, article_weight)))

    def _shares(self, entries: Sequence[_Entry], weights: Sequence[float], article_weight: float) -> list[float]:
        """The weights of the concepts' scores in whole articles; [] without those."""
        if not article_weight:
            return []
        if new := [entry for entry in entries if entry.rarity is None]:
            self._count_articles(new)
        return [article_weight * (e.rarity or 0.0) * weight for e, weight in zip(entries, weights, strict=True)]

    def _count_articles(self, entries: Sequence[_Entry]) -> None:
        df = np.zeros(len(entries))
        for number, scorer in enumerate(self._scorers):
            df += scorer.spread(_joined([entry.terms[number] for entry in entries]))
        idf = np.log(np.maximum(self._articles - df, 0.0) + 0.5) - np.log(df + 0.5)
        for entry, rarity in zip(entries, np.maximum(idf, MIN_ARTICLE_IDF).tolist(), strict=True):
            entry.rarity = rarity

    def _entry(self, concept: Concept) -> _Entry:
        terms = concept.terms
        if len(terms) == 1:
            ((term, share),) = terms.items()
            if share == 1.0:
                entry = self._words.get(term)
                if entry is None:
                    entry = self._made(terms)
                    if len(self._words) >= _ENTRIES_KEPT:
                        self._words = {}
                    self._words[term] = entry
                return entry
        known = self._entries.get(id(concept))
        if known is not None:
            return known[1]
        entry = self._made(terms)
        if len(self._entries) >= _ENTRIES_KEPT:
            self._entries = {}
        self._entries[id(concept)] = concept, entry
        return entry

    def _made(self, terms: Mapping[str, float]) -> _Entry:
        found = self._look_up(list(terms))
        shares = np.fromiter(terms.values(), np.float64, len(terms))
        columns = np.array(found, np.int64).reshape(len(terms), 1 + len(self._segments))
        df = sum((shares * columns[:, 0]).tolist())
        return _Entry([_held(numbers, shares) for numbers in columns[:, 1:].T], self._statistics.idf(df, self._epsilon))

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
    ids = np.concatenate([np.zeros(0, np.int64), *(terms.ids for terms in concepts)])
    shares = np.concatenate([np.zeros(0), *(terms.shares for terms in concepts)])
    return Terms(ids, shares, np.array([0, *accumulate(len(terms.ids) for terms in concepts)], np.int64))
