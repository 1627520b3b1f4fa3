"""Question words against a text's words in the bilingual word space: the cosines of all pairs.

What ColBERT does with contextual vectors (Khattab & Zaharia 2020), with the bundled static ones: it sees that
"captured" and استعادت are near although no lexicon pairs them, and that "wedding" meets nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.encoder import bundled

Floats = npt.NDArray[np.float32]
_LOW, _HIGH = 0.2, 0.65  # cosines of words that have nothing in common, and of translations


def strengths(asked: Sequence[str], words: Sequence[str]) -> Floats:
    """How alike each asked word and each other word are, (asked, words), 0 to 1."""
    if not asked or not words:
        return np.zeros((len(asked), len(words)), np.float32)
    vectors = _vectors([*asked, *words])
    found: Floats = np.clip((vectors[: len(asked)] @ vectors[len(asked) :].T - _LOW) / (_HIGH - _LOW), 0.0, 1.0)
    return found


_CACHED = 50_000  # words
_rows: dict[str, int] = {}
_table: list[Floats] = [np.zeros((0, 0), np.float32)]
_lock = threading.Lock()


def _vectors(words: Sequence[str]) -> Floats:
    """Unit vectors of words as written, (n, dim), of the bundled encoder whatever encoder ranks the passages."""
    with _lock:
        new = list(dict.fromkeys(word for word in words if word not in _rows))
        if new:
            if len(_rows) + len(new) > _CACHED or not _rows:
                _rows.clear()
                _table[0] = np.zeros((0, bundled().dim), np.float32)
                new = list(dict.fromkeys(words))
            if len(_rows) + len(new) > len(_table[0]):
                grown = np.zeros((max(2 * len(_table[0]), len(_rows) + len(new), 4_096), bundled().dim), np.float32)
                grown[: len(_table[0])] = _table[0]
                _table[0] = grown
            _table[0][len(_rows) : len(_rows) + len(new)] = bundled().encode_words(new)
            _rows.update({word: len(_rows) + i for i, word in enumerate(new)})
        return _table[0][[_rows[word] for word in words]]
