"""What a collection was sent so far, by outcome: counted beside its versions, whoever ingested.

Counts for operators, kept as well as they can be: what goes wrong with them never stops an ingest.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Protocol

from service.errors import ServiceError
from service.records import IngestReport

OUTCOMES = ("added", "updated", "unchanged", "copies", "rejected")


class Notes(Protocol):
    """What keeps a text beside a collection's versions."""

    def noted(self, collection: str) -> str: ...

    def note(self, collection: str, text: str) -> None: ...


def add(notes: Notes, collection: str, report: IngestReport) -> None:
    """Whoever calls it holds the collection's lock."""
    counts = read(notes, collection)
    told = {name: counts[name] + getattr(report, name) for name in OUTCOMES}
    with suppress(OSError, ServiceError):
        notes.note(collection, json.dumps(told) + "\n")


def read(notes: Notes, collection: str) -> dict[str, int]:
    """Records by outcome; 0 for what was never counted."""
    try:
        found = json.loads(notes.noted(collection))
        return {name: int(found[name]) for name in OUTCOMES}
    except (OSError, ServiceError, ValueError, KeyError, TypeError):
        return dict.fromkeys(OUTCOMES, 0)
