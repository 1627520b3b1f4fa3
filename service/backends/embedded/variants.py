"""Terms that are spelt alike: an inverted index from letter trigrams to the terms of a segment.

For words that stemming leaves apart (خطف, يختطف, اختطاف) and for misspellings. Likeness is Dice's coefficient of the
sets of trigrams, boundary marks included.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels
from service.backends.embedded.kernels import Kernels
from service.backends.embedded.postings import Ints, Postings
from service.vocabulary import Terms

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def trigrams(term: str) -> set[str]:
    """Letter trigrams of a term between boundary marks; none for numbers, which are alike without meaning the same."""
    padded = f"<{term}>"
    return set() if term[:1].isdigit() else {padded[i : i + 3] for i in range(len(padded) - 2)}


def inverted(keys: Iterable[Iterable[str]]) -> Postings:
    """Key -> the rows that have it, from the different keys of each row; counts are how many keys that row has."""
    known: dict[str, int] = {}
    numbers, lengths = array("i"), array("i")
    for row in keys:
        before = len(numbers)
        numbers.extend(known.setdefault(key, len(known)) for key in row)
        lengths.append(len(numbers) - before)
    names = sorted(known)
    rank = np.empty(len(names), np.int64)
    rank[[known[name] for name in names]] = np.arange(len(names))
    sizes = np.array(lengths, np.int64)
    flat, rows = rank[np.array(numbers, np.int64)], np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(flat, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=len(names)))]).astype(np.int64)
    held = rows[order].astype(np.int32)
    counts = sizes[held].astype(np.uint16)
    return Postings(Terms.pack(name.encode() for name in names), offsets, held, counts)


def build(terms: Terms) -> Postings:
    """Trigram -> rows of the terms that hold it; counts are how many trigrams that term has."""
    return inverted(trigrams(term) for term in terms)


class Spellings:
    """Terms of one segment by their spelling; safe to use from several threads."""

    def __init__(self, index: Postings, terms: Terms) -> None:
        self._index, self._terms = index, terms
        self._scratch = threading.local()

    def alike(
        self, term: str, least: float, most: int = 0, met: Callable[[list[str], list[int]], None] | None = None
    ) -> dict[str, float]:
        """{term: Dice's coefficient} of the other terms at least that much alike; ``met`` is told of their numbers.

        ``most``: the likest so many suffice, and all that are as like as the last of them; 0: all are wanted.
        """
        sought = sorted(trigrams(term))
        compiled = kernels.ready()
        if compiled is None:
            grams = self._index.terms.find_many(sought) if sought else np.zeros(0, np.int64)
            grams = grams[grams >= 0]
        else:
            grams = np.array([self._grams[gram] for gram in sought if gram in self._grams], np.int64)
        rows, dice = (
            _alike(self._index, grams, len(sought), least)
            if compiled is None
            else self._counted(compiled, grams, len(sought), least)
        )
        if 0 < most < len(dice) - 1:  # the term itself is among them
            likest = np.flatnonzero(dice >= np.partition(dice, len(dice) - most - 1)[len(dice) - most - 1])
            rows, dice = rows[likest], dice[likest]
        numbers = rows.tolist()
        others = self._terms.several(numbers)
        if met:
            met(others, numbers)
        found = dict(zip(others, dice.tolist(), strict=True))
        found.pop(term, None)
        return found

    @cached_property
    def _grams(self) -> dict[str, int]:
        """Of some ten thousand trigrams: for a process that goes on answering."""
        return {gram: number for number, gram in enumerate(self._index.terms)}

    def _counted(self, compiled: Kernels, grams: Longs, size: int, least: float) -> tuple[Ints, Floats]:
        if not hasattr(self._scratch, "tally"):
            count = len(self._terms) + 1
            self._scratch.tally, self._scratch.found = np.zeros(count, np.uint16), np.empty(count, np.int32)
            self._scratch.dice = np.empty(count)
        tally, found, dice = self._scratch.tally, self._scratch.found, self._scratch.dice
        index = self._index
        n = compiled.alike(index.offsets, index.rows, index.counts, grams, size, least, tally, found, dice)
        return found[:n], dice[:n]


def _alike(index: Postings, grams: Longs, size: int, least: float) -> tuple[Ints, Floats]:
    """As the compiled loop, in numpy: (rows, Dice's coefficients)."""
    spans = [slice(*index.offsets[gram : gram + 2]) for gram in grams.tolist()]
    rows = np.concatenate([index.rows[:0], *(index.rows[span] for span in spans)])
    sizes = np.concatenate([np.zeros(0, np.int64), *(index.counts[span] for span in spans)])
    held, first, shared = np.unique(rows, return_index=True, return_counts=True)
    dice: Floats = 2 * shared / (size + sizes[first])
    return held[dice >= least], dice[dice >= least]
