"""Postings in numpy arrays: which rows hold a term, how often; BM25 over them as rank-bm25's BM25Okapi defines it.

Layout of one segment: terms sorted by their UTF-8, ``offsets`` (V + 1), ``rows`` and ``counts`` (P). Rows ascend within
a term. A segment has fewer than 2**24 rows and terms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.mapping import mapped
from service.vocabulary import Terms

Ints = npt.NDArray[np.int32]
Counts = npt.NDArray[np.uint16] | npt.NDArray[np.uint8]  # the smaller on disk where it suffices


@dataclass(frozen=True, slots=True)
class Postings:
    """One segment's inverted lists."""

    terms: Terms
    offsets: npt.NDArray[np.int64]
    rows: Ints
    counts: Counts

    def of(self, term: str) -> tuple[Ints, Counts]:
        """(rows, counts) of a term, both empty when it is not there."""
        i = self.terms.find(term)
        if i < 0:
            return self.rows[:0], self.counts[:0]
        span = slice(self.offsets[i], self.offsets[i + 1])
        return self.rows[span], self.counts[span]

    def save(self, folder: Path, name: str) -> None:
        self.terms.save(folder, name, hashed=True)
        counts = self.counts.astype(np.uint8) if self.counts.max(initial=0) < 256 else self.counts
        for part, array in (("offsets", self.offsets), ("rows", self.rows), ("counts", counts)):
            np.save(folder / f"{name}.{part}.npy", array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Postings:
        parts = ("offsets", "rows", "counts")
        arrays = [mapped(folder / f"{name}.{part}.npy") for part in parts]
        return cls(Terms.load(folder, name, hashed=True), *arrays)


class Bag(NamedTuple):
    """The terms of some rows as columns: term ``names[ids[i]]`` stands ``counts[i]`` times in row ``rows[i]``."""

    names: list[str]
    ids: Ints
    rows: Ints
    counts: npt.NDArray[np.uint16]
    size: int  # rows, those without a term included


class Flat(NamedTuple):
    """The terms of rows one after the other: term ``names[ids[i]]``; so many in each row."""

    names: list[str]
    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


def flattened(rows: Sequence[Sequence[str]]) -> Flat:
    known: dict[str, int] = {}
    lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
    ids = np.fromiter((known.setdefault(term, len(known)) for row in rows for term in row), np.int64, lengths.sum())
    return Flat(list(known), ids, lengths)


def bag(rows: Sequence[Sequence[str]]) -> Bag:
    """The terms of rows that are numbered from 0."""
    return bag_of(flattened(rows))


def bag_of(flat: Flat) -> Bag:
    size, width = len(flat.lengths), max(1, len(flat.names))
    pairs, counts = np.unique(np.repeat(np.arange(size), flat.lengths) * width + flat.ids, return_counts=True)
    rows, ids = np.divmod(pairs, width)
    kept = np.minimum(counts, 65_535).astype(np.uint16)
    return Bag(flat.names, ids.astype(np.int32), rows.astype(np.int32), kept, size)


class PostingsBuilder:
    """Collects the terms of rows in memory, as compact arrays, until a segment is written."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._parts: list[tuple[Ints, Ints, npt.NDArray[np.uint16]]] = []  # ids, rows, counts
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, terms: Sequence[str]) -> None:
        """The next row."""
        self.extend(bag([terms]))

    def extend(self, rows: Bag) -> None:
        """The next rows."""
        ids = self._ids
        numbers = np.fromiter((ids.setdefault(name, len(ids)) for name in rows.names), np.int32, len(rows.names))
        self._parts.append((numbers[rows.ids], rows.rows + np.int32(self._size), rows.counts))
        self._size += rows.size

    def build(self) -> Postings:
        names = sorted(self._ids)  # by code point, which is the order of their UTF-8
        rank = np.empty(len(names), np.uint64)
        rank[[self._ids[name] for name in names]] = np.arange(len(names), dtype=np.uint64)
        keys = np.empty(sum(len(ids) for ids, _, _ in self._parts), np.uint64)
        start = 0
        for ids, rows, counts in self._parts:  # term, row and count in one number: sorting these is quickest
            part = keys[start : (start := start + len(ids))]
            np.left_shift(rank[ids], np.uint64(40), out=part)
            part |= (rows.astype(np.uint64) << np.uint64(16)) | counts
        keys.sort()
        sizes = np.bincount((keys >> np.uint64(40)).astype(np.int64), minlength=len(names))
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        rows = ((keys >> np.uint64(16)) & np.uint64(0xFFFFFF)).astype(np.int32)
        return Postings(Terms.pack(name.encode() for name in names), offsets, rows, keys.astype(np.uint16))


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
    """Average idf over the terms that occur, 0.0 for none; the same to the last bit in whatever order they come."""
    values, counts = np.unique(df[df > 0], return_counts=True)
    return (
        float(np.sum(counts * (np.log(rows - values + 0.5) - np.log(values + 0.5))) / counts.sum())
        if len(values)
        else 0.0
    )
