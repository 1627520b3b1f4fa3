"""A small collection with every kind of row: two segments, a copy, an update and a deleted article."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from service.engine import Engine
from service.records import SearchResult

Reports = Callable[..., Path]
QUESTION = "raid near Hawija"


def articles() -> list[dict[str, object]]:
    words = ["raid", "bridge", "market", "hospital", "school", "convoy"]
    return [
        {
            "id": f"r{i}",
            "title": f"Report {i} on the {words[i % 6]}",
            "text": f"A {words[i % 6]} near Hawija was reported on {i + 1} May 2020. Number {i} says more of the raid.",
            "source": f"Agency {i % 2}",
            "published": f"2020-05-{i + 1:02d}",
        }
        for i in range(8)
    ]


@pytest.fixture
def care(engine: Engine, reports: Reports) -> Engine:
    """An engine with the collection ``c``."""
    first = articles()
    engine.ingest("c", [reports(*first[:5], {**first[0], "id": "copy-of-r0"})])
    engine.ingest("c", [reports(*first[5:], {**first[1], "text": "A bridge near Kirkuk was closed."})], update=True)
    engine.delete("c", ["r4"])
    return engine


def shown(engine: Engine, collection: str = "c") -> list[tuple[str, float, tuple[str, ...], str]]:
    """What a search gives, but for the version."""
    found: SearchResult = engine.retriever(collection).search(QUESTION, 20)
    return [(p.docid, p.score, p.copies, p.text) for p in found.passages]


def flip(path: Path, position: float = 0.5) -> None:
    """One bit of a file, in place."""
    whole = bytearray(path.read_bytes())
    whole[int(position * (len(whole) - 1))] ^= 0x10
    path.write_bytes(whole)
