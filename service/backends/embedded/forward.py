"""The postings turned over: which terms a chunk holds, and how often, without reading its text.

forward.npy         (P,) uint32 by chunk: 256 x number of the term in terms.terms.npy + its count, at most 255
forward.starts.npy  (n + 1,) int64: where each chunk's begin
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.backends.embedded.postings import Postings
from service.mapping import mapped

Longs = npt.NDArray[np.int64]
_COUNT = np.uint32(255)


@dataclass(frozen=True, slots=True)
class Forward:
    """One segment's chunks as bags of terms."""

    packed: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, postings: Postings, rows: int) -> Forward:
        sizes = np.diff(postings.offsets)
        numbers = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)
        packed = (numbers << np.uint32(8)) | np.minimum(postings.counts, _COUNT).astype(np.uint32)
        order = np.argsort(postings.rows, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(postings.rows, minlength=rows))]).astype(np.int64)
        return cls(packed[order], starts)

    def bags(self, rows: Longs) -> tuple[Longs, Longs, Longs]:
        """The rows' terms one row after the other: their numbers, ascending in each row; how often each stands there;
        and how many each row has."""
        spans = zip(self.starts[rows].tolist(), self.starts[rows + 1].tolist(), strict=True)
        packed = np.concatenate([self.packed[:0], *(self.packed[first:last] for first, last in spans)]).astype(np.int64)
        return packed >> 8, packed & 255, self.starts[rows + 1] - self.starts[rows]

    def save(self, folder: Path) -> None:
        np.save(folder / "forward.npy", self.packed, allow_pickle=False)
        np.save(folder / "forward.starts.npy", self.starts, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Forward:
        return cls(mapped(folder / "forward.npy"), mapped(folder / "forward.starts.npy"))
