"""Passages that tell the same in the same words: wire copies with another first line, a reprint with typing errors.

The index knows which articles and passages are near copies (kinship.py); passages that were cut otherwise, and so are
nearly the same for a part only, are compared here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from service.evidence import text_words
from service.records import Passage

_SHINGLE = 3  # words
_ALIKE = 0.5  # Jaccard of whole passages
_WITHIN = 0.75  # share of the shorter text's shingles that the other has: one is cut out of the other


def groups(passages: Sequence[Passage]) -> list[int]:
    """For each passage the index of the first passage that it is a near copy of; its own index for none."""
    shingles = [_shingles(passage.text) for passage in passages]
    first = list(range(len(passages)))
    for i, passage in enumerate(passages):
        for j in range(i):
            known = passage.article_id in passages[j].near_copies
            if first[j] == j and (known or _near(shingles[i], shingles[j])):
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
