"""Unit vectors on disk and exact inner-product search over them: FAISS with fp16 codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.embedded.layout import REMEDY
from service.errors import IndexDamaged, StorageError


def write_vectors(path: Path, vectors: npt.NDArray[np.float16], dim: int) -> None:
    """An index file of vectors of shape (n, dim), in row order. Raises StorageError."""
    import faiss

    index = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    for start in range(0, len(vectors), 65_536):
        index.add(vectors[start : start + 65_536].astype(np.float32))
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise StorageError(f"{path} cannot be written: free some space or check permissions and run again") from error


def open_vectors(path: Path) -> Any:
    """The index, memory-mapped. Raises IndexDamaged when FAISS cannot read the file."""
    import faiss

    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise IndexDamaged(f"{path} is not a vector index that can be read: {REMEDY}") from error


def search(
    index: Any, vector: npt.NDArray[np.float32], depth: int, allowed: npt.NDArray[np.bool_] | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """(rows, scores) of the best ``depth`` rows among those allowed, and of all that equal the last of them.

    Best first. FAISS keeps any of several equal rows, so it is asked for more until one is lower.
    """
    import faiss

    if index.ntotal == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float64)
    parameters = None
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits)))
    asked = 0
    while True:
        asked = min(index.ntotal, max(2 * asked, depth + 1))
        scores, rows = index.search(vector.reshape(1, -1).astype(np.float32), asked, params=parameters)
        found = rows[0] >= 0
        best, values = rows[0][found], scores[0][found].astype(np.float64)
        if len(best) < asked or asked == index.ntotal or values[depth - 1] > values[-1]:
            kept = values >= values[min(depth, len(values)) - 1] if len(values) else found[:0]
            return best[kept], values[kept]
