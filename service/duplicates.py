"""MinHash signatures of texts (Broder 1997): what two of them share tells how many three-word sequences they share.

A signature is kept as the keys of its bands, each of four hashes of one byte: texts that share a key are looked at
(locality-sensitive hashing), and the share of equal hashes over all bands estimates Jaccard's coefficient. This file is
the door of rensa, which computes the hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Bands = npt.NDArray[np.uint32]
WORDS = 3  # of a sequence
MIN_SEQUENCES = 3  # a shorter text is like no other
_HASHES = 4  # of a band
_SEED = 42
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)  # odd, without a pattern in their bits
_MIXED = np.uint64(0xFF51AFD7ED558CCD)


class Kin(NamedTuple):
    """How near copies are told: an article has twice the bands of a passage, as it holds more."""

    bands: int  # of a passage
    alike: float  # least share of equal hashes

    def __str__(self) -> str:
        return f"words{WORDS}/{self.bands}/{self.alike:g}"

    @classmethod
    def of(cls, recipe: Mapping[str, str], default: str) -> Kin:
        """As an index's recipe says it."""
        _, bands, alike = recipe.get("near_copies", default).split("/")
        return cls(int(bands), float(alike))


def signatures(tokens: Hashes, lengths: npt.NDArray[np.int64], bands: int) -> npt.NDArray[np.uint32]:
    """(n, 4 * bands): of n texts of so many tokens; all ones for a text with too few."""
    import rensa

    rows, padding = np.repeat(np.arange(len(lengths)), lengths), WORDS - 1
    padded = np.zeros(len(tokens) + padding * (len(lengths) + 1), np.uint64)
    padded[np.arange(len(tokens)) + padding * rows] = tokens
    joined = np.zeros(len(padded) - padding, np.uint64)
    for shift, factor in enumerate(_FACTORS):
        joined += padded[shift : shift + len(joined)] * np.uint64(factor)
    joined = (joined ^ (joined >> np.uint64(31))) * _MIXED
    joined ^= joined >> np.uint64(29)
    counts = np.maximum(lengths - padding, 0)
    counts[counts < MIN_SEQUENCES] = 0
    starts = np.cumsum(lengths + padding) - (lengths + padding)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    taken = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
    found = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        joined[taken], offsets.astype(np.uint64), _HASHES * bands, _SEED
    )
    return np.array(found.to_rows(), np.uint32).reshape(len(lengths), _HASHES * bands)


def keys(signatures: npt.NDArray[np.uint32], own: Hashes) -> Bands:
    """(bands, n): the bands of each text; those of a text with too few tokens are like no others, made from ``own``."""
    packed = np.ascontiguousarray(signatures.astype(np.uint8)).view(np.uint32)
    empty = (signatures == np.uint32(0xFFFFFFFF)).all(axis=1)
    packed[empty] = _unlike(own[empty], packed.shape[1])
    return np.ascontiguousarray(packed.T)


def renamed(keys: Bands, old: Hashes, new: Hashes) -> Bands:
    """Keys that were made with ``old`` for ``own``, as they would be with ``new``."""
    empty = (keys == _unlike(old, len(keys)).T).all(axis=0)
    if not empty.any():
        return keys
    found = keys.copy()
    found[:, empty] = _unlike(new[empty], len(keys)).T
    return found


def _unlike(own: Hashes, bands: int) -> Bands:
    """(n, bands): of texts that are like no others."""
    numbers = np.arange(1, bands + 1, dtype=np.uint64)
    mixed: Hashes = np.multiply.outer(own, numbers * _MIXED)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def alike(one: Bands, other: Bands) -> npt.NDArray[np.float64]:
    """Share of equal hashes of texts in pairs, from their (bands, n) keys."""
    equal = np.ascontiguousarray(one.T).view(np.uint8) == np.ascontiguousarray(other.T).view(np.uint8)
    return np.asarray(equal.mean(axis=1), np.float64)
