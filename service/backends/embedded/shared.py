"""Segments that are open in this process, each once: versions have most of theirs in common, and so do who reads them
and who writes the next one.

A segment never changes, so what was opened and worked out for one version is as good for those that follow. Of each
collection the segments of the version opened last stay open, others as long as somebody uses them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from service.backends.embedded.segment import Segment


class Segments:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: WeakValueDictionary[tuple[str, ...], Segment] = WeakValueDictionary()
        self._held: dict[Path, list[Segment]] = {}  # folder of segments: those that stay open

    def open(self, home: Path, files: Mapping[str, Mapping[str, Any]]) -> Segment:
        """The segment in a folder, of which a manifest says these ``files``. Raises IndexDamaged."""
        key = (str(home), *(str(file["sha256"]) for file in files.values()))  # a name may be given again, after a crash
        with self._lock:
            segment = self._open.get(key)
            if segment is None:
                segment = self._open[key] = Segment(home)
                self._held.setdefault(home.parent, []).append(segment)
            return segment

    def of(self, collection: Path, entry: Mapping[str, Any]) -> Segment:
        """The segment that an entry of a manifest names."""
        return self.open(collection / "segments" / str(entry["id"]), entry["files"])

    def hold(self, collection: Path, segments: Sequence[Segment]) -> None:
        """These, and no others of the collection, stay open though nobody uses them."""
        with self._lock:
            self._held[collection / "segments"] = list(segments)

    def let_go(self) -> None:
        """Nothing stays open but what is in use."""
        with self._lock:
            self._held.clear()
