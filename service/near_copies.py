"""Passages that tell the same in the same words: wire copies with another first line, a reprint with typing errors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.evidence import text_words

_SHINGLE = 3  # words
_ALIKE = 0.5  # Jaccard of whole passages
_WITHIN = 0.75  # share of the shorter text's shingles that the other has: one is cut out of the other


def groups(texts: Sequence[str]) -> list[int]:
    """For each text the index of the first text that it is a near copy of; its own index for none."""
    shingles = [_shingles(text) for text in texts]
    first = list(range(len(texts)))
    for i, mine in enumerate(shingles):
        for j in range(i):
            if first[j] == j and _near(mine, shingles[j]):
                first[i] = j
                break
    return first


def _near(a: frozenset[int], b: frozenset[int]) -> bool:
    if not a or not b:
        return False
    shared = len(a & b)
    return shared >= _ALIKE * (len(a) + len(b) - shared) or shared >= _WITHIN * min(len(a), len(b))


@lru_cache(maxsize=1024)
def _shingles(text: str) -> frozenset[int]:
    terms = [term for _, _, term in text_words(text)]
    return frozenset(hash(tuple(terms[i : i + _SHINGLE])) for i in range(max(1, len(terms) - _SHINGLE + 1)) if terms)
