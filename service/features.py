"""A word -> the features whose vectors add up to the word's vector in the bundled encoder.

Features of a word: its stem, its character 3-5-grams (hashed) and, shared by both scripts,
its consonant skeleton. (The word itself as a further feature made every figure worse: 2 to 4 points of nDCG@10 on
XQuAD.) The encoder and its training read words through this file alone.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from service import analyzer
from service.sound import skeleton

FEATURES_ID = "stem-3to5grams-skeleton-1"


def spellings(text: str) -> list[str]:
    """The words of a text in plain spelling, in order: what the encoder sees."""
    return [plain for word in analyzer.words(text) if (plain := analyzer.normalize(word))]


@lru_cache(maxsize=300_000)
def named(plain: str) -> tuple[str, ...]:
    """Keys looked up in the encoder's vocabulary: the stem, and the skeleton of a word with two consonants."""
    keys = ["s" + analyzer.light(plain)]
    sound = skeleton(plain)
    if len(sound) >= 2:
        keys.append("k" + sound)
    return tuple(keys)


def grams(plain: str, buckets: int) -> list[int]:
    """Bucket numbers, 0 <= n < buckets, of the character 3- to 5-grams of the word between boundary marks."""
    bare = plain[2:] if plain.startswith("ال") and len(plain) > 4 else plain
    padded = f"<{bare}>"
    return [zlib.crc32(padded[i : i + n].encode()) % buckets for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
