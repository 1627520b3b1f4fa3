"""Rows of no article, one in every shard, that every read asks for too: without them it was not answered from all.

A query node that joins is asked before it has loaded what it should: a whole shard is then missing, without an error,
for some seconds. Counting cannot show that, since the count is answered by another node than the search. A witness
comes by the same request, or it does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from service.backends.milvus.schema import Kind, Layout

WHERE = "id < 0"  # witnesses, and they alone
_NOBODY = 2**32 - 2  # the number that no term has; rows without a term have it with the weight 1


def rows(layout: Layout, dim: int, shards: int) -> Iterator[Mapping[str, Any]]:
    """A witness for each shard: live in no version, with keys below zero."""
    empty: Mapping[Kind, Any] = {
        Kind.NUMBER: 0, Kind.NUMBERS: [], Kind.TEXT: "", Kind.SPARSE: question("sparse", dim),
        Kind.DENSE: question("dense", dim),
    }  # fmt: skip
    for key in keys(shards):
        yield {field: key if kind is Kind.KEY else empty[kind] for field, kind in layout.items()}


def question(field: str, dim: int) -> Any:
    """The vector that finds the witnesses before all other rows: its product with theirs is the highest there is."""
    return {_NOBODY: 2.0} if field == "sparse" else [1 / math.sqrt(dim)] * dim


def keys(shards: int) -> list[int]:
    """The first keys below zero that fall into each of so many shards, one each."""
    found: dict[int, int] = {}
    for key in count(-1, -1):
        found.setdefault(shard_of(key, shards), key)
        if len(found) == shards:
            return sorted(found.values())
    raise AssertionError


def shard_of(key: int, shards: int) -> int:
    """As Milvus spreads rows: MurmurHash3 (32 bits, seed 0) of the key's eight bytes, without the sign, by shards."""
    state = 0
    for word in (key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF):
        word = word * 0xCC9E2D51 & 0xFFFFFFFF
        word = (word << 15 | word >> 17) & 0xFFFFFFFF
        state ^= word * 0x1B873593 & 0xFFFFFFFF
        state = (state << 13 | state >> 19) & 0xFFFFFFFF
        state = (state * 5 + 0xE6546B64) & 0xFFFFFFFF
    state ^= 8
    state = (state ^ state >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    state = (state ^ state >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return (state ^ state >> 16) % 2**31 % shards
