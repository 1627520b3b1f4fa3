"""A row's terms by number, with their counts, in a text field: what scores are computed from again in our own code."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.uint16]
_ENDS = 2**16
MOST_CHARS = 65_000  # characters as they are; more are compressed, and marked by a leading ~


def pack(numbers: Numbers, counts: Counts) -> str:
    raw = numbers.astype("<u4").tobytes() + counts.astype("<u2").tobytes()
    text = base64.b64encode(raw).decode()
    return text if len(text) <= MOST_CHARS else "~" + base64.b64encode(zlib.compress(raw, 9)).decode()


def raw(text: str) -> bytes:
    packed = binascii.a2b_base64(text.removeprefix("~"))
    return zlib.decompress(packed) if text.startswith("~") else packed


@dataclass(frozen=True, slots=True)
class Bags:
    """The terms of some rows, one after the other."""

    row: npt.NDArray[np.int64]  # whose it is, ascending
    number: Numbers
    count: Counts

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Bags:
        """As ``raw`` gives them."""
        sizes = np.array([len(one) // 6 for one in packed], np.int64)
        numbers = b"".join(one[: 4 * size] for one, size in zip(packed, sizes.tolist(), strict=True))
        counts = b"".join(one[4 * size :] for one, size in zip(packed, sizes.tolist(), strict=True))
        return cls(np.repeat(np.arange(len(sizes)), sizes), np.frombuffer(numbers, "<u4"), np.frombuffer(counts, "<u2"))

    def frequencies(
        self, rows: int, numbers: Numbers, shares: npt.NDArray[np.float64], concept: npt.NDArray[np.int64],
        concepts: int,
    ) -> npt.NDArray[np.float64]:  # fmt: skip
        """(rows, concepts): how often each concept stands in each row; a concept's terms count by their shares."""
        order = np.argsort(numbers, kind="stable")
        asked, shares, concept = numbers[order], shares[order], concept[order]
        ends = np.zeros(_ENDS, bool)  # by their last bits most terms are seen not to be asked for
        ends[asked & (_ENDS - 1)] = True
        near = np.flatnonzero(ends[self.number & (_ENDS - 1)])
        found = self.number[near]
        first, last = np.searchsorted(asked, found, "left"), np.searchsorted(asked, found, "right")
        times = last - first
        entry = np.repeat(near, times)
        which = np.repeat(first - np.concatenate([[0], np.cumsum(times)[:-1]]), times) + np.arange(len(entry))
        values = shares[which] * self.count[entry]
        flat = np.bincount(self.row[entry] * concepts + concept[which], values, minlength=rows * concepts)
        return flat.astype(np.float64).reshape(rows, concepts)
