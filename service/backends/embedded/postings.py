"""Postings in numpy arrays: which rows hold a term, how often; BM25 over them as rank-bm25's BM25Okapi defines it.

Layout of one segment: terms sorted by their UTF-8, ``offsets`` (V + 1), ``rows`` and ``counts`` (P). Rows ascend within
a term.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.vocabulary import Terms, mapped

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Postings:
    """One segment's inverted lists."""

    terms: Terms
    offsets: npt.NDArray[np.int64]
    rows: Ints
    counts: npt.NDArray[np.uint16]

    def of(self, term: str) -> tuple[Ints, npt.NDArray[np.uint16]]:
        """(rows, counts) of a term, both empty when it is not there."""
        i = self.terms.find(term)
        if i < 0:
            return self.rows[:0], self.counts[:0]
        span = slice(self.offsets[i], self.offsets[i + 1])
        return self.rows[span], self.counts[span]

    def save(self, folder: Path, name: str) -> None:
        self.terms.save(folder, name, hashed=True)
        for part, array in (("offsets", self.offsets), ("rows", self.rows), ("counts", self.counts)):
            np.save(folder / f"{name}.{part}.npy", array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Postings:
        parts = ("offsets", "rows", "counts")
        arrays = [mapped(folder / f"{name}.{part}.npy") for part in parts]
        return cls(Terms.load(folder, name, hashed=True), *arrays)


class PostingsBuilder:
    """Collects the terms of rows in memory, as compact arrays, until a segment is written."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._terms: list[npt.NDArray[np.int32]] = []
        self._counts: list[npt.NDArray[np.uint16]] = []

    def __len__(self) -> int:
        return len(self._terms)

    def add(self, terms: Sequence[str]) -> None:
        """The next row."""
        ids, counted = self._ids, Counter(terms)
        size = len(counted)
        self._terms.append(np.fromiter((ids.setdefault(t, len(ids)) for t in counted), np.int32, size))
        self._counts.append(np.fromiter((min(n, 65535) for n in counted.values()), np.uint16, size))

    def build(self) -> Postings:
        names = sorted(name.encode() for name in self._ids)
        rank = np.empty(len(names), np.int32)
        for new, name in enumerate(names):
            rank[self._ids[name.decode()]] = new
        lengths = np.fromiter((len(t) for t in self._terms), np.int64, len(self._terms))
        flat = rank[np.concatenate(self._terms)] if len(names) else np.zeros(0, np.int32)
        counts = np.concatenate(self._counts) if len(names) else np.zeros(0, np.uint16)
        rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        order = np.argsort(flat, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=len(names)))]).astype(np.int64)
        return Postings(Terms.pack(names), offsets, rows[order], counts[order])


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 needs to know about a whole version, over all its segments and without its deleted rows."""

    rows: int
    mean_length: float
    mean_idf: float  # over the whole vocabulary, negative values included, as in rank-bm25

    def idf(self, df: float, epsilon: float) -> float:
        """Robertson-Sparck Jones idf with rank-bm25's floor for terms in more than half of the rows."""
        value = math.log(self.rows - df + 0.5) - math.log(df + 0.5) if df < self.rows + 0.5 else -math.inf
        return value if value >= 0 else epsilon * self.mean_idf


def mean_idf(rows: int, df: npt.NDArray[np.int64]) -> float:
    """Average idf over the terms that occur, 0.0 for none."""
    df = df[df > 0]
    return float(np.mean(np.log(rows - df + 0.5) - np.log(df + 0.5))) if len(df) else 0.0
