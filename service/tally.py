"""What a collection was sent so far, by outcome: counted beside its versions, whoever ingested.

Counts for operators, kept as well as they can be: what goes wrong with them never stops an ingest.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from service.records import IngestReport

OUTCOMES = ("added", "updated", "unchanged", "copies", "rejected")
_FILE = "ingested.json"


def add(folder: Path, report: IngestReport) -> None:
    """Whoever calls it holds the collection's lock."""
    counts = read(folder)
    told = {name: counts[name] + getattr(report, name) for name in OUTCOMES}
    staged = folder / f"{_FILE}.new"
    with suppress(OSError):
        staged.write_text(json.dumps(told) + "\n", "utf-8")
        os.replace(staged, folder / _FILE)


def read(folder: Path) -> dict[str, int]:
    """Records by outcome; 0 for what was never counted."""
    try:
        found = json.loads((folder / _FILE).read_text("utf-8"))
        return {name: int(found[name]) for name in OUTCOMES}
    except (OSError, ValueError, KeyError, TypeError):
        return dict.fromkeys(OUTCOMES, 0)
