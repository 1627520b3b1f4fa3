"""The terms of some chunks of a segment together, by the forward index: what feedback weighs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from service.backends.embedded.segment import Segment
from service.fusion import by_key
from service.vocabulary import Terms

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def mass(segment: Segment, rows: Longs, shares: Floats) -> tuple[Longs, Floats]:
    """(numbers of the rows' terms, ascending; each's summed share of its row's length times the row's share)."""
    numbers, counts, sizes = segment.forward.bags(rows)
    if not len(numbers):
        return numbers, np.zeros(0)
    values = counts * np.repeat(shares / np.maximum(segment.lengths[rows], 1), sizes)
    order = by_key(numbers)
    ordered = numbers[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    where = np.empty(len(order), np.int64)
    where[order] = np.cumsum(first) - 1
    return ordered[first], np.bincount(where, values).astype(np.float64)


class Names(Sequence[str]):
    """The terms of some numbers, read when they are asked for."""

    def __init__(self, terms: Terms, numbers: Longs, met: Callable[[list[str], list[int]], None]) -> None:
        """``met`` is told of terms that are read by themselves, and of their numbers."""
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
        self._met([term], [number])
        return term
