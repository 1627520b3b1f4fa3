"""Whether the engine answers from all rows of a version: what a joining node leaves out, without an error, is noticed.

Four signs: witnesses that are missing from a search itself (witnesses.py); a count of the version's rows, taken at most
every ``every_s``; hits that there must be (a term's document frequency is known); and nothing found at all, upon which
the rows are counted at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from service.backends.milvus.schema import live_in
from service.backends.milvus.server import Server
from service.backends.milvus.versions import Version
from service.complaints import both
from service.errors import EngineIncomplete

_TRIES, _PAUSE_S = 8, 0.75  # a node joins in some seconds


class Canary:
    """Of one version; safe to use from several threads."""

    def __init__(self, server: Server, version: Version, every_s: float) -> None:
        self._server, self._version, self._every_s = server, version, every_s
        self._live = live_in(version.number)
        self._lock = threading.Lock()
        self._counted = -float("inf")
        self._missing = 0
        self._notes: set[str] = set()
        self._here = threading.local()  # whether a search of this thread lacked a shard

    def look(self, hits: int, whole: bool = True) -> None:
        """After a search with so many hits, answered by all shards or not.

        Raises EngineIncomplete where it found nothing and rows are missing.
        """
        if self._server.lite:
            return
        if not whole:
            self._here.partial = True
            if not hits:
                raise EngineIncomplete(both("engine_shard", **self._which()))
        if not hits:
            self.check()
        elif time.monotonic() - self._counted >= self._every_s:
            self._counted = time.monotonic()
            self._server.later(self._count)  # who has an answer does not wait for a count that stalls

    def waited(self) -> bool:
        """After a search with fewer hits than there must be: wait for all rows, as long as a node takes to join.

        Whether that was needed.
        """
        for attempt in range(0 if self._server.lite else _TRIES):
            if not self._count():
                return attempt > 0
            time.sleep(_PAUSE_S)
        return not self._server.lite

    def check(self) -> None:
        """Raises EngineIncomplete where rows are missing for longer than a node takes to join."""
        for attempt in range(_TRIES):
            if not self._count():
                return
            if attempt < _TRIES - 1:
                time.sleep(_PAUSE_S)
        self.compare(self._version.manifest.chunks - self._missing, self._version.manifest.chunks, "passages")

    def compare(self, found: int, wanted: int, what: str) -> None:
        if found < wanted:
            told = {"found": found, "wanted": wanted, **self._which()}
            of_articles = what == "articles"
            raise EngineIncomplete(both("engine_articles", **told) if of_articles else both("engine_passages", **told))

    def _which(self) -> Mapping[str, str]:
        made = self._version.manifest
        return {"name": made.collection, "version": made.version}

    def note(self, what: str) -> None:
        self._notes.add(what)

    def notices(self) -> tuple[str, ...]:
        """What is to be said of this thread's searches since it asked last, and of the last count."""
        found = sorted(self._notes)
        partial, self._here.partial = getattr(self._here, "partial", False), False
        return ("engine_incomplete", *found) if partial or self._missing else tuple(found)

    def _count(self) -> int:
        """Rows that are missing."""
        with self._lock:
            self._counted = time.monotonic()
            found = self._server.count(self._version.passages, self._live, strong=False)
            self._missing = max(0, self._version.manifest.chunks - found)
            return self._missing
