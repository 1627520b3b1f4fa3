"""The legs of words: candidates by inner product on the server, then their scores from returned counts, exactly.

A concept's frequency in a passage is the weighted sum over its terms and saturates after that, which no inner product
gives. So the server is asked for the best by the sum over single terms, which is near it (``lean``), for passages by
themselves, for articles as wholes, and for the passages of the best articles. What it gives is scored again as the
embedded backend scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from service.backends.embedded.concepts import MIN_ARTICLE_IDF
from service.backends.milvus.bags import Bags, Numbers
from service.backends.milvus.dictionary import Dictionary
from service.backends.milvus.entities import Bm25
from service.records import Concept, Manifest

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
_LEAST = 1e-6  # a word of most passages still makes a candidate


@dataclass(frozen=True)
class Statistics:
    """What weighs terms in one version."""

    bm25: Bm25
    epsilon: float
    rows: int
    articles: int
    mean_idf: float

    @classmethod
    def of(cls, manifest: Manifest, bm25: Bm25, epsilon: float) -> Statistics:
        known = manifest.statistics
        return cls(bm25, epsilon, int(known["rows"]), int(known["articles"]), known["mean_idf"])

    def idf(self, df: Floats) -> Floats:
        """As the embedded backend's: Robertson-Sparck Jones with rank-bm25's floor."""
        inside = df < self.rows + 0.5
        values = np.log(np.where(inside, self.rows - df + 0.5, 1.0)) - np.log(df + 0.5)
        found: Floats = np.where(inside & (values >= 0), values, self.epsilon * self.mean_idf)
        return found

    def article_idf(self, df: Floats) -> Floats:
        found: Floats = np.log(np.maximum(self.articles - df, 0.0) + 0.5) - np.log(df + 0.5)
        return np.maximum(found, MIN_ARTICLE_IDF)


class Asked:
    """Concepts, looked up in a version's dictionary."""

    def __init__(self, concepts: Sequence[Concept], words: Dictionary, statistics: Statistics) -> None:
        self._concepts, self._words, self._statistics = concepts, words, statistics
        terms = [(term, share, i) for i, c in enumerate(concepts) for term, share in c.terms.items()]
        rows = words.find([term for term, _, _ in terms])
        shares = np.array([share for _, share, _ in terms], np.float64)
        concept = np.array([i for _, _, i in terms], np.int64)
        held = (rows >= 0) & (shares > 0)
        self._rows, self.shares, self.concept = rows[held], shares[held], concept[held]
        self.numbers: Numbers = words.numbers[self._rows]
        self._importance = np.array([c.weight for c in concepts], np.float64)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def plain(self) -> bool:
        """Whether an inner product of single terms is the score itself."""
        one_each = len(np.unique(self.concept)) == len(self.concept) and bool((self.shares == 1.0).all())
        return one_each and bool((self.weights[self.concept] > 0).all())

    @property
    def most(self) -> int:
        """Passages that hold the commonest of the terms."""
        return int(self._words.df[self._rows].max(initial=0))

    @cached_property
    def weights(self) -> Floats:
        df = np.bincount(self.concept, self.shares * self._words.df[self._rows], minlength=len(self._concepts))
        return self._statistics.idf(df.astype(np.float64)) * self._importance

    @cached_property
    def article_weights(self) -> Floats:
        df = np.zeros(len(self._concepts))
        for i in range(len(df)):
            own = self.concept == i
            df[i] = self._words.group(self._rows[own], self.shares[own])
        return self._statistics.article_idf(df) * self._importance

    def best_possible(self, article_weight: float) -> float:
        best = float(np.maximum(self.weights, 0.0).sum())  # words that are nowhere count too
        if article_weight:
            best += article_weight * float(self.article_weights.sum())
        return (self._statistics.bm25.k1 + 1) * best

    def lean(self, weights: Floats) -> dict[int, float]:
        """The vector that asks for candidates: each term by what it gives where it stands once."""
        x = self._statistics.bm25.k1
        gain = self.shares * (1 + x) / (self.shares + x)
        found: dict[int, float] = {}
        for number, weight in zip(self.numbers.tolist(), (weights[self.concept] * gain).tolist(), strict=True):
            found[number] = found.get(number, 0.0) + max(weight, _LEAST)
        return found

    def frequencies(self, packed: Sequence[bytes]) -> Floats:
        """(rows, concepts) of rows whose bags are given."""
        return Bags.of(packed).frequencies(len(packed), self.numbers, self.shares, self.concept, len(self._concepts))

    def scores(self, frequencies: Floats, lengths: Longs, weights: Floats, articles: bool = False) -> Floats:
        bm25 = self._statistics.bm25
        saturation = bm25.saturation(lengths, articles)[:, None]
        found: Floats = (frequencies * (bm25.k1 + 1) / (frequencies + saturation)) @ weights
        return found
