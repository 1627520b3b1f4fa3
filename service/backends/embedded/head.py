"""The published version of a collection, as its writer has it open, and the only way to the next one.

Two threads publish: the one that commits and the one that merges (see merger.py). Each changes what is published when
its turn comes, so that neither undoes what the other did.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from service.backends.embedded import layout, publishing
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.pinned import Pinned
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.backends.embedded.view import of_one
from service.records import Manifest

Entry = Mapping[str, Any]  # of a segment, in a manifest


class Content(NamedTuple):
    """What a version holds: its segments in order, their tombstones by name, and what the manifest keeps besides."""

    entries: list[Entry]
    deleted: dict[str, Tombstones]
    extra: dict[str, str]


class Head:
    """Under the collection's lock. Safe to use from several threads."""

    def __init__(self, folder: Path, recipe: Mapping[str, str], segments: Segments) -> None:
        """Removes what a writer that died left behind. Raises IndexDamaged, StorageError."""
        self.folder, self._recipe, self._segments = folder, recipe, segments
        self._turn = threading.RLock()
        self._coming: set[str] = set()  # segments in their place that no version names yet
        self._pin: Pinned | None = None
        self.reader: EmbeddedReader | None = None
        current = layout.version_number(layout.published(folder))
        with layout.disk_errors(folder):
            shutil.rmtree(self.staging, ignore_errors=True)
            for path in (folder / "versions").glob("*"):
                if not 0 < layout.version_number(path.name) <= current:
                    layout.discard(path)
            for pointer in folder.glob(".CURRENT.*"):
                pointer.unlink()
        self._number = current + 1  # of the next version
        self._in_doubt = False  # whether what is open is what is published

    @property
    def staging(self) -> Path:
        return self.folder / "staging"

    def open(self) -> EmbeddedReader:
        """The published version, in place of the one that was open."""
        pin, before = Pinned(self.folder, segments=self._segments), self.reader
        found = EmbeddedReader(of_one(pin), 1.5, 0.75, 0.25)
        self._pin, self.reader, self._in_doubt = pin, found, False
        self._number = layout.version_number(pin.manifest.version) + 1
        if before:
            before.close()
        return found

    def segment(self, entry: Entry) -> Segment:
        return self._segments.of(self.folder, entry)

    @contextlib.contextmanager
    def turn(self) -> Iterator[Content]:
        """What is published, and goes on to be for as long as this lasts."""
        with self._turn:
            if self._in_doubt and layout.published(self.folder):
                self.open()
            if self._pin is None:
                yield Content([], {}, {})
            else:
                manifest = self._pin.manifest
                yield Content(list(manifest.segments), dict(self._pin.deleted), dict(manifest.extra))

    def take(self, staged: Sequence[Path], mark: str = "") -> list[Entry]:
        """Staged segments moved to their place, durably; they stay there until ``publish`` or ``leave``."""
        with self._turn:
            names = [f"s{self._number:06d}-{mark}{i}" for i in range(len(staged))]
            self._coming.update(names)
        try:
            return [
                publishing.take_segment(self.folder, path, name, self._segments)
                for path, name in zip(staged, names, strict=True)
            ]
        except BaseException:
            self.leave(names)
            raise

    def leave(self, names: Sequence[str]) -> None:
        """Segments that were taken and will not be published, or are."""
        with self._turn:
            self._coming.difference_update(names)

    def publish(self, change: Callable[[Content], Content], taken: Sequence[Entry]) -> Manifest:
        """The next version is what ``change`` makes of the published one; ``taken``: the segments that it brings in."""
        try:
            with self.turn() as before:
                entries, deleted, extra = change(before)
                kept = [entry for entry in entries if not publishing.is_empty(entry, deleted)]
                names = {str(entry["id"]) for entry in kept}
                marks = {name: own for name, own in deleted.items() if name in names}
                version = layout.version_name(self._number)
                manifest = publishing.manifest_of(
                    self.folder, version, kept, marks, self._recipe, extra, self._segments
                )
                self._in_doubt = True  # until it is open: this may end before or after CURRENT is switched
                layout.write_version(self.folder, manifest, marks)
                self.leave([str(entry["id"]) for entry in taken])  # one of which nothing is left goes at once
                publishing.retire(self.folder, coming=self._coming)
                self.open()
                return manifest
        finally:
            self.leave([str(entry["id"]) for entry in taken])

    def close(self) -> None:
        if self.reader:
            self.reader.close()
