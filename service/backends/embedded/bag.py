"""The terms of some chunks of a segment together, by the forward index: what feedback weighs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from service.backends.embedded.segment import Segment
from service.vocabulary import Terms

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def mass(segment: Segment, rows: Longs, shares: Floats) -> tuple[Longs, Floats]:
    """(numbers of the rows' terms, ascending; each's summed share of its row's length times the row's share)."""
    bags = [segment.forward.row(row) for row in rows.tolist()]
    lengths = np.maximum(segment.lengths[rows], 1)
    numbers = np.concatenate([np.zeros(0, np.int64), *(found for found, _ in bags)])
    values = np.concatenate(
        [np.zeros(0), *(c * (s / n) for (_, c), s, n in zip(bags, shares.tolist(), lengths.tolist(), strict=True))]
    )
    held, where = np.unique(numbers, return_inverse=True)
    return held, np.bincount(where, values, minlength=len(held)).astype(np.float64)


class Names(Sequence[str]):
    """The terms of some numbers, read when they are asked for."""

    def __init__(self, terms: Terms, numbers: Longs, met: Callable[[str, int], None]) -> None:
        """``met`` is told of each term that is read by itself, and its number."""
        self._terms, self._numbers, self._met = terms, numbers, met

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [str(self._terms[number]) for number in self._numbers[i].tolist()]
        number = int(self._numbers[i])
        term = str(self._terms[number])
        self._met(term, number)
        return term
