"""A list of strings kept as one UTF-8 blob and its offsets: memory-mapped, nothing read before it is looked up."""

from __future__ import annotations

import bisect
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.mapping import mapped

_OFTEN = 1_000  # look-ups: some ten questions
_SMALL = 100_000  # terms, of which a dictionary takes 15 MB


class Terms(Sequence[str]):
    """A sorted vocabulary kept as one UTF-8 blob and its offsets: nothing is read before it is looked up."""

    def __init__(
        self, blob: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64],
        hashes: npt.NDArray[np.uint64] | None = None, order: npt.NDArray[np.int32] | None = None,
    ) -> None:  # fmt: skip
        self.blob, self.starts = np.asarray(blob), np.asarray(starts)
        self._hashes, self._order = hashes, order  # sorted hashes of the terms, and whose they are
        # One element of a memoryview costs a fifth of one of an array.
        self._bytes, self._at = self.blob.data, self.starts.data
        self._sorted = None if hashes is None else np.asarray(hashes).data
        self._looked_up, self._numbers = 0, dict[bytes, int]()  # for a small list that is looked up again and again

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, i: int) -> bytes:
        return self._bytes[self._at[i] : self._at[i + 1]].tobytes()

    def several(self, numbers: Iterable[int]) -> list[str]:
        """The terms of some numbers, in a third of the time that one after the other takes."""
        held, at = self._bytes, self._at
        return [held[at[i] : at[i + 1]].tobytes().decode() for i in numbers]

    def __getitem__(self, i):  # type: ignore[no-untyped-def]
        return [self[j] for j in range(*i.indices(len(self)))] if isinstance(i, slice) else self.raw(i).decode()

    def __iter__(self) -> Iterator[str]:
        blob, ends = self.blob.tobytes(), self.starts.tolist()
        return (blob[start:end].decode() for start, end in pairwise(ends))

    @classmethod
    def pack(cls, names: Iterable[bytes]) -> Terms:
        """From UTF-8 strings that are sorted already."""
        names = list(names)
        starts = np.concatenate([[0], np.cumsum([len(name) for name in names])]).astype(np.int64)
        return cls(np.frombuffer(b"".join(names), np.uint8), starts)

    def save(self, folder: Path, name: str, hashed: bool = False) -> None:
        """``hashed``: with what finding many terms at once needs, 12 bytes a term."""
        np.save(folder / f"{name}.terms.npy", self.blob, allow_pickle=False)
        np.save(folder / f"{name}.starts.npy", self.starts, allow_pickle=False)
        if hashed:
            found = hashes(self)
            order = np.argsort(found, kind="stable").astype(np.int32)
            np.save(folder / f"{name}.hashes.npy", found[order], allow_pickle=False)
            np.save(folder / f"{name}.order.npy", order, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str, hashed: bool = False) -> Terms:
        """Memory-mapped."""
        parts = ("terms", "starts", "hashes", "order") if hashed else ("terms", "starts")
        return cls(*(mapped(folder / f"{name}.{part}.npy") for part in parts))

    @property
    def hashed(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
        """The hashes of the terms (8 bytes of BLAKE2b), sorted, and whose they are; saved with ``hashed`` only."""
        assert self._hashes is not None and self._order is not None
        return self._hashes, self._order

    def find(self, term: str) -> int:
        """Index of a term, -1 when it is not there."""
        wanted = term.encode()
        if self._sorted is not None and self._order is not None:
            at = bisect.bisect_left(self._sorted, _hash(wanted))
            i = int(self._order[at]) if at < len(self) else -1
            return i if i >= 0 and self.raw(i) == wanted else -1
        if self._numbers:
            return self._numbers.get(wanted, -1)
        self._looked_up += 1
        if self._looked_up > _OFTEN:
            self.learn()
        i = bisect.bisect_left(range(len(self)), wanted, key=self.raw)
        return i if i < len(self) and self.raw(i) == wanted else -1

    def learn(self) -> None:
        """Have a small list at hand as a dictionary: the terms of a large one are found by their hashes."""
        if self._sorted is None and len(self) <= _SMALL and not self._numbers:
            blob, ends = self.blob.tobytes(), self.starts.tolist()
            self._numbers = {blob[start:end]: i for i, (start, end) in enumerate(pairwise(ends))}

    def has_prefix(self, start: str) -> bool:
        """Whether a term begins so; the terms must be sorted."""
        wanted = start.encode()
        i = bisect.bisect_left(range(len(self)), wanted, key=self.raw)
        return i < len(self) and self.raw(i).startswith(wanted)

    def find_many(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        """Index of each term, -1 for those not there: one search over the sorted hashes (8 bytes of BLAKE2b)."""
        if self._hashes is None or self._order is None:
            return np.array([self.find(term) for term in terms], np.int64)
        wanted = hashes(terms)
        at = np.minimum(np.searchsorted(self._hashes, wanted), max(0, len(self) - 1))
        if not len(self):
            return np.full(len(terms), -1, np.int64)
        return np.where(self._hashes[at] == wanted, self._order[at], -1).astype(np.int64)


def _hash(term: bytes) -> int:
    return int.from_bytes(blake2b(term, digest_size=8).digest(), sys.byteorder)


def hashes(terms: Iterable[str]) -> npt.NDArray[np.uint64]:
    """8 bytes of BLAKE2b of each."""
    digests = b"".join(blake2b(term.encode(), digest_size=8).digest() for term in terms)
    return np.frombuffer(digests, np.uint64)
