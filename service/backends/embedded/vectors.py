"""Unit vectors on disk and inner-product search over them: FAISS, its one door.

vectors.faiss          fp16, every row: exact scores, and the whole search where there are few rows or a filter
vectors.coarse.faiss   of a large segment: four bits for every four dimensions, scanned first (product quantisation with
                       SIMD look-ups; André, Kermarrec & Le Scouarnec 2021); the best candidates get their exact scores
vectors.json           how it is searched, and the recall@10 of that against the exact scan, measured when it was built
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.embedded.layout import REMEDY
from service.errors import IndexDamaged, StorageError

COARSE_ROWS = 20_000  # from here on a coarse scan saves more than it costs
MIN_RECALL = 0.98  # at 10, against the exact scan; below it the segment is scanned exactly
_OVERSAMPLED = (2, 4, 8)  # candidates for each row asked for; the first that reaches MIN_RECALL
_LEAST_CANDIDATES = 800  # recall@10 of the news' questions .992; of 1,000, a fifth slower, .996
_MOSTLY_LIVE = 0.8  # share of rows not deleted above which the coarse scan still finds enough of them
_TRAINED_ON = 20_000
_CHECKED = 200  # rows whose neighbours are looked for, to measure recall
Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def write_vectors(folder: Path, vectors: npt.NDArray[np.float16], dim: int) -> None:
    """The files of vectors of shape (n, dim), in row order. Raises StorageError."""
    import faiss

    index = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    for start in range(0, len(vectors), 65_536):
        index.add(vectors[start : start + 65_536].astype(np.float32))
    coarse = _coarse(vectors, dim) if len(vectors) >= COARSE_ROWS and dim % 4 == 0 else None
    built = VectorIndex(index, coarse)
    how: dict[str, object] = {"index": "SQfp16", "recall_at_10": 1.0}
    if coarse is not None:
        recall = 0.0
        for built.oversampled in _OVERSAMPLED:
            recall = _recall(built, vectors)
            if recall >= MIN_RECALL:
                break
        if recall >= MIN_RECALL:
            name = f"PQ{dim // 4}x4fs,Refine(SQfp16)"
            how = {"index": name, "recall_at_10": round(recall, 4), "oversampled": built.oversampled}
        else:
            coarse = None
    try:
        faiss.write_index(index, str(folder / "vectors.faiss"))
        if coarse is not None:
            faiss.write_index(coarse, str(folder / "vectors.coarse.faiss"))
    except RuntimeError as error:
        raise StorageError(
            f"the vectors in {folder} cannot be written: free some space or check permissions and run again"
        ) from error
    (folder / "vectors.json").write_text(json.dumps(how) + "\n", encoding="utf-8")


def open_vectors(folder: Path) -> VectorIndex:
    """The index, memory-mapped. Raises IndexDamaged where a file cannot be read."""
    path = folder / "vectors.json"
    try:
        how = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}): {REMEDY}") from error
    coarse = _opened(folder / "vectors.coarse.faiss") if "oversampled" in how else None
    return VectorIndex(_opened(folder / "vectors.faiss"), coarse, how)


class VectorIndex:
    """One segment's vectors; safe to use from several threads."""

    def __init__(self, exact: Any, coarse: Any = None, how: Mapping[str, object] | None = None) -> None:
        import faiss

        self._exact, self.how = exact, dict(how or {})  # how: what vectors.json says
        self.oversampled = int(str(self.how.get("oversampled", _OVERSAMPLED[0])))
        self._refined = None if coarse is None else faiss.IndexRefine(coarse, exact)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, dimension)"""
        return int(self._exact.ntotal), int(self._exact.d)

    def search(
        self, vector: npt.NDArray[np.float32], depth: int, allowed: Mask | None = None, live: Mask | None = None
    ) -> tuple[Rows, Scores]:
        """(rows, scores) of the best ``depth`` rows among those allowed, and of all that equal the last of them.

        Best first. ``live``, given instead of ``allowed``, lets nearly all rows through. FAISS keeps any of several
        equal rows, so it is asked for more until one is lower.
        """
        total = int(self._exact.ntotal)
        if total == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float64)
        one = vector.reshape(1, -1).astype(np.float32)
        if allowed is None and live is not None and np.count_nonzero(live) < _MOSTLY_LIVE * total:
            allowed = live
        asked = 0
        while True:
            asked = min(total, max(2 * asked, depth + 1))
            if self._refined is not None and allowed is None and asked * self.oversampled < total:
                best, values = self._coarse_first(one, asked)
                if live is not None:
                    kept = live[best]
                    best, values = best[kept], values[kept]
                enough = len(best) > depth and values[depth - 1] > values[-1]
            else:
                best, values = self._exactly(one, asked, live if allowed is None else allowed)
                enough = len(best) < asked or asked == total or values[depth - 1] > values[-1]
            if enough:
                kept = values >= values[min(depth, len(values)) - 1] if len(values) else values > 0
                return best[kept], values[kept]

    def stored(self) -> npt.NDArray[np.float16]:
        """The vectors, (n, dim), as they were written."""
        vectors = np.empty((self._exact.ntotal, self._exact.d), np.float16)
        for start in range(0, len(vectors), 65_536):
            size = min(65_536, len(vectors) - start)
            vectors[start : start + size] = self._exact.reconstruct_n(start, size)
        return vectors

    def _coarse_first(self, one: npt.NDArray[np.float32], asked: int) -> tuple[Rows, Scores]:
        import faiss

        assert self._refined is not None
        factor = max(self.oversampled, _LEAST_CANDIDATES / asked)
        parameters = faiss.IndexRefineSearchParameters(k_factor=factor)
        return _found(self._refined.search(one, asked, params=parameters))

    def _exactly(self, one: npt.NDArray[np.float32], asked: int, allowed: Mask | None) -> tuple[Rows, Scores]:
        import faiss

        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits)))
        return _found(self._exact.search(one, asked, params=parameters))


def _found(result: tuple[Any, Any]) -> tuple[Rows, Scores]:
    scores, rows = result
    held = rows[0] >= 0
    return rows[0][held], scores[0][held].astype(np.float64)


def _coarse(vectors: npt.NDArray[np.float16], dim: int) -> Any:
    import faiss

    index = faiss.IndexPQFastScan(dim, dim // 4, 4, faiss.METRIC_INNER_PRODUCT)
    sample = np.linspace(0, len(vectors) - 1, min(len(vectors), _TRAINED_ON)).astype(np.int64)
    index.train(vectors[sample].astype(np.float32))
    for start in range(0, len(vectors), 65_536):
        index.add(vectors[start : start + 65_536].astype(np.float32))
    return index


def _recall(index: VectorIndex, vectors: npt.NDArray[np.float16], k: int = 10) -> float:
    """Share of the exact best ``k`` that are found, over rows as questions; equal scores count as found."""
    shares = []
    for row in np.linspace(0, len(vectors) - 1, _CHECKED).astype(np.int64).tolist():
        question = vectors[row].astype(np.float32)
        exact = index._exactly(question.reshape(1, -1), k, None)[1]
        found = index.search(question, k)[1][:k]
        shares.append(float(np.mean(found[: len(exact)] >= exact[-1] - 1e-6)) if len(exact) else 1.0)
    return float(np.mean(shares))


def _opened(path: Path) -> Any:
    import faiss

    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise IndexDamaged(f"{path} is not a vector index that can be read: {REMEDY}") from error
