"""What any backend must answer, computed from the articles alone: rank-bm25's formula and inner products, no index."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from service.encoder import Encoder
from service.preparation import Preparation
from service.records import Article


class Oracle:
    """Over some live articles; ``mean_length`` may be frozen by the backend, k1 and b are the settings'."""

    def __init__(self, articles: Sequence[Article], encoder: Encoder, words: int = 40) -> None:
        prepared = Preparation(encoder, words, 1).prepare(articles)
        self.docids = [chunk.docid for one in prepared for chunk in one.chunks]
        self.terms = [Counter(terms) for one in prepared for terms in one.terms]
        vectors = [one.vectors for one in prepared if len(one.vectors)]
        self.vectors = np.concatenate(vectors).astype(np.float16).astype(np.float64) if vectors else np.zeros((0, 1))
        self.df = Counter(term for bag in self.terms for term in bag)

    @property
    def mean_length(self) -> float:
        return sum(bag.total() for bag in self.terms) / max(1, len(self.terms))

    def idf(self, term: str, epsilon: float) -> float:
        n = len(self.terms)
        raw = {name: math.log(n - df + 0.5) - math.log(df + 0.5) for name, df in self.df.items()}
        return raw[term] if raw[term] >= 0 else epsilon * sum(raw.values()) / len(raw)

    def bm25(self, asked: Sequence[str], k1: float, b: float, epsilon: float, mean_length: float) -> dict[str, float]:
        """Scores of the passages that hold one of the terms."""
        found: dict[str, float] = {}
        weights: Mapping[str, float] = {term: self.idf(term, epsilon) for term in asked if term in self.df}
        for docid, bag in zip(self.docids, self.terms, strict=True):
            saturation = k1 * (1 - b + b * bag.total() / mean_length)
            parts = [w * bag[t] * (k1 + 1) / (bag[t] + saturation) for t, w in weights.items() if t in bag]
            if parts:
                found[docid] = sum(parts)
        return found

    def dense(self, vector: np.ndarray) -> dict[str, float]:  # type: ignore[type-arg]
        return dict(zip(self.docids, (self.vectors @ vector.astype(np.float64)).tolist(), strict=True))
