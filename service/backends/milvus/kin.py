"""Groups of near copies across commits: those on the server that share a band with what is new."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from service.backends.embedded.kinship import Kinship, joined, settled
from service.backends.milvus.conditions import any_of
from service.backends.milvus.entities import band_codes
from service.backends.milvus.server import Server

_ASKED = 2_000  # bands of one look-up


def grouped(
    new: Sequence[Kinship], alike: float, server: Server | None = None, name: str = "", live: str = ""
) -> Kinship:
    """New rows with the labels of the groups they belong to, those on the server included where one is named."""
    fresh = joined(new)
    earlier = [_related(fresh, server, name, live)] if server and len(fresh.labels) else []
    return settled(fresh, earlier, alike)


def _related(fresh: Kinship, server: Server, name: str, live: str) -> Kinship:
    """The rows on the server that share a band, in the order they came."""
    codes = sorted({code for row in range(len(fresh.labels)) for code in band_codes(fresh.keys[:, row])})
    found: dict[int, tuple[int, str]] = {}
    for start in range(0, len(codes), _ASKED):
        where = f"{live} and {any_of('bands', codes[start : start + _ASKED])}"
        for row in server.every(name, where, ["id", "near", "kin"]):
            found[int(row["id"])] = int(row["near"]), str(row["kin"])
    if not found:
        return joined([])
    rows = [found[key] for key in sorted(found)]
    keys = np.stack([np.frombuffer(base64.b64decode(kin), "<u4") for _, kin in rows], axis=1).astype(np.uint32)
    return Kinship(keys, np.array([label for label, _ in rows], np.int64).astype(np.uint64))
