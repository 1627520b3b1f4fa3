"""A list of strings kept as one UTF-8 blob and its offsets: memory-mapped, nothing read before it is looked up."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


class Terms(Sequence[str]):
    """A sorted vocabulary kept as one UTF-8 blob and its offsets: nothing is read before it is looked up."""

    def __init__(self, blob: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> None:
        # Plain views: indexing a np.memmap goes through Python each time, six times as slow.
        self.blob, self.starts = np.asarray(blob), np.asarray(starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def raw(self, i: int) -> bytes:
        return self.blob[self.starts[i] : self.starts[i + 1]].tobytes()

    def __getitem__(self, i):  # type: ignore[no-untyped-def]
        return [self[j] for j in range(*i.indices(len(self)))] if isinstance(i, slice) else self.raw(i).decode()

    def __iter__(self) -> Iterator[str]:
        blob, ends = self.blob.tobytes(), self.starts.tolist()
        return (blob[start:end].decode() for start, end in zip(ends, ends[1:], strict=False))

    @classmethod
    def pack(cls, names: Iterable[bytes]) -> Terms:
        """From UTF-8 strings that are sorted already."""
        names = list(names)
        starts = np.concatenate([[0], np.cumsum([len(name) for name in names])]).astype(np.int64)
        return cls(np.frombuffer(b"".join(names), np.uint8), starts)

    def save(self, folder: Path, name: str) -> None:
        np.save(folder / f"{name}.terms.npy", self.blob, allow_pickle=False)
        np.save(folder / f"{name}.starts.npy", self.starts, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Terms:
        """Memory-mapped."""
        return cls(*(np.load(folder / f"{name}.{part}.npy", mmap_mode="r") for part in ("terms", "starts")))

    def find(self, term: str) -> int:
        """Index of a term, -1 when it is not there."""
        wanted = term.encode()
        i = bisect.bisect_left(range(len(self)), wanted, key=self.raw)
        return i if i < len(self) and self.raw(i) == wanted else -1
