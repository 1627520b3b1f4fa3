"""A search of words: candidates named by the server, passages by themselves and of the best articles, scored again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.backends.milvus.canary import Canary
from service.backends.milvus.scoring import Asked
from service.backends.milvus.server import MOST, PAGE, Found, Server
from service.backends.milvus.stored import Stored
from service.fusion import ordered
from service.records import Ranking

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Wanted(NamedTuple):
    """Conditions for passages and for articles, and whether they are those of a filter."""

    passages: str
    articles: str
    filtered: bool


class WordSearch:
    """Over one version; safe to use from several threads. Close it."""

    def __init__(self, server: Server, stored: Stored, canary: Canary, articles: int) -> None:
        """``articles``: whole articles looked at by one search."""
        self._server, self._stored, self._canary, self._articles = server, stored, canary, articles
        self._both = ThreadPoolExecutor(8, "milvus-legs")

    def close(self) -> None:
        self._both.shutdown(wait=False, cancel_futures=True)

    def ranking(self, asked: Asked, depth: int, wanted: Wanted, article_weight: float) -> Ranking:
        least = max(0 if wanted.filtered else min(depth, asked.most), 1)
        own, others = self._found(asked, depth, wanted, article_weight)
        if own.whole and len(own.keys) < least and self._canary.waited():
            own, others = self._found(asked, depth, wanted, article_weight)
        keys = np.unique(np.concatenate([own.keys, others.keys]))
        self._canary.look(len(keys), own.whole and others.whole)
        return self._scored(asked, keys, depth, article_weight)

    def _found(self, asked: Asked, depth: int, wanted: Wanted, article_weight: float) -> tuple[Found, Found]:
        """Passages by their own words, and those of the best articles."""
        passages, vector = self._stored.passages, asked.lean(asked.weights)
        own = self._both.submit(self._server.search, passages, "sparse", vector, depth, wanted.passages)
        others = _NOTHING
        if article_weight:
            wide = asked.lean(asked.article_weights)
            homes = self._server.search(self._stored.articles, "sparse", wide, self._articles, wanted.articles)
            others = self._inside(homes.keys, vector, wanted) if len(homes.keys) else _NOTHING
            others = others._replace(whole=others.whole and homes.whole)
        return own.result(), others

    def _inside(self, homes: Longs, vector: dict[int, float], wanted: Wanted) -> Found:
        """The passages of articles that a filter lets through, those without a word of the question among them."""
        wholes = self._stored.wholes.of(homes.tolist())
        inside = f"{wanted.passages} and home in {homes.tolist()}"
        if sum(whole.passages for whole in wholes) > PAGE:
            return self._server.search(self._stored.passages, "sparse", vector, MOST, inside)
        if wanted.filtered:
            keys = np.array(self._stored.passages_where(inside, PAGE), np.int64)
        else:
            keys = np.concatenate([np.arange(whole.first, whole.first + whole.passages) for whole in wholes])
        return Found(keys, np.zeros(len(keys)), True)

    def _scored(self, asked: Asked, keys: Longs, depth: int, article_weight: float) -> Ranking:
        """Candidates by their exact scores."""
        rows = self._stored.scored.of(keys.tolist())
        lengths = np.array([row.length for row in rows], np.int64)
        frequencies = asked.frequencies([row.bag for row in rows])
        scores = asked.scores(frequencies, lengths, asked.weights)
        if article_weight and len(rows):
            homes, which = np.unique(np.array([row.home for row in rows], np.int64), return_inverse=True)
            wholes = self._stored.wholes.of(homes.tolist())
            length = np.array([whole.length for whole in wholes], np.int64)
            held = asked.frequencies([whole.bag for whole in wholes])
            scores += article_weight * asked.scores(held, length, asked.article_weights, articles=True)[which]
        held_any = frequencies.any(axis=1)
        return best(self._stored, keys[held_any], scores[held_any], depth)


def best(stored: Stored, keys: Longs, scores: Floats, depth: int) -> Ranking:
    """The ``depth`` best; among equals at the cut, those first by docid."""
    if len(keys) > depth:
        cut = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        sure, equal = np.flatnonzero(scores > cut), np.flatnonzero(scores == cut)
        if len(sure) + len(equal) > depth:
            docids: Sequence[str] = stored.docids(keys[equal].tolist())
            equal = equal[sorted(range(len(equal)), key=docids.__getitem__)[: depth - len(sure)]]
        chosen = np.concatenate([sure, equal])
        keys, scores = keys[chosen], scores[chosen]
    order = ordered(keys, scores) if len(keys) else np.zeros(0, np.int64)
    return Ranking(keys[order], scores[order])


_NOTHING = Found(np.zeros(0, np.int64), np.zeros(0), True)
