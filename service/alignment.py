"""Question words against a text's words in the bilingual word space: the cosines of all pairs.

What ColBERT does with contextual vectors (Khattab & Zaharia 2020), with the bundled static ones: it sees that
"captured" and استعادت are near although no lexicon pairs them, and that "wedding" meets nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service import analyzer
from service.encoder import bundled, unit

Floats = npt.NDArray[np.float32]
_LOW, _HIGH = 0.2, 0.65  # cosines of words that have nothing in common, and of translations


def strengths(asked: Sequence[str], words: Sequence[str]) -> Floats:
    """How alike each asked word and each other word are, (asked, words), 0 to 1."""
    if not asked or not words:
        return np.zeros((len(asked), len(words)), np.float32)
    left, right = (np.stack([_vector(word) for word in part]) for part in (asked, words))
    found: Floats = np.clip((left @ right.T - _LOW) / (_HIGH - _LOW), 0.0, 1.0)
    return found


@lru_cache(maxsize=100_000)
def _vector(word: str) -> Floats:
    """Unit vector of a word as written, whatever encoder ranks the passages."""
    vector: Floats = unit(bundled().word(analyzer.normalize(word))[None, :])[0]
    return vector
