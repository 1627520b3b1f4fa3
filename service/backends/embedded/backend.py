"""Collections as folders on this machine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from service.backends.base import anything
from service.backends.embedded import descriptors, layout, view
from service.backends.embedded.pinned import Pinned
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.shared import Segments
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import CollectionNotFound
from service.records import Manifest

_NOTE = "ingested.json"  # what tally.py has kept


class EmbeddedBackend:
    """See backends.base.Backend."""

    def __init__(self, indexes: Path, bm25: tuple[float, float, float], segment_chunks: int) -> None:
        self._indexes, self._bm25, self._segment_chunks = indexes, bm25, segment_chunks
        self.place = str(indexes)
        self._segments = Segments()  # shared by versions, readers and the writer

    def folder(self, collection: str) -> Path:
        return layout.collection_folder(self._indexes, collection)

    def names(self) -> list[str]:
        return sorted(path.parent.name for path in self._indexes.glob("*/CURRENT"))

    def version(self, collection: str) -> str | None:
        """Of several, the names of all, with commas between them."""
        folders = layout.collection_folders(self._indexes, collection)
        if len(folders) == 1:
            return layout.published(folders[0])
        return layout.SEPARATOR.join(layout.published(one) or layout.read_manifest(one).version for one in folders)

    def manifest(self, collection: str, version: str | None = None) -> Manifest:
        folder = self.folder(collection)
        if version:
            return layout.read_manifest(folder, version)
        return layout.of_published(folder, lambda name: layout.read_manifest(folder, name))

    def reader(
        self, collection: str, version: str | None = None, fits: Callable[[Manifest], None] = anything
    ) -> EmbeddedReader:
        """Several collections are read as one."""
        folders = layout.collection_folders(self._indexes, collection)
        wanted = version.split(layout.SEPARATOR) if version else [None] * len(folders)
        if len(wanted) != len(folders) or not all(name is None or layout.version_number(name) for name in wanted):
            raise CollectionNotFound(f"{version!r} is not the name of a version")
        pins = []
        for folder, name in zip(folders, wanted, strict=True):
            with descriptors.noticed(folder):
                pins.append(self._pinned(folder, name))
        for pin in pins:
            fits(pin.manifest)
        return EmbeddedReader(view.of_one(pins[0]) if len(pins) == 1 else view.of_several(pins), *self._bm25)

    def _pinned(self, folder: Path, version: str | None) -> Pinned:
        pinned = functools.partial(Pinned, folder, segments=self._segments)
        return pinned(version) if version else layout.of_published(folder, pinned)

    def writer(
        self, collection: str, recipe: Mapping[str, str], dim: int, fresh: bool = False, timeout_s: float = 0.0
    ) -> EmbeddedWriter:
        return EmbeddedWriter(
            self.folder(collection), recipe, dim, self._segment_chunks, fresh, timeout_s, self._segments
        )

    def noted(self, collection: str) -> str:
        path = self.folder(collection) / _NOTE
        return path.read_text("utf-8") if path.exists() else ""

    def note(self, collection: str, text: str) -> None:
        path = self.folder(collection) / _NOTE
        staged = path.with_name(f"{_NOTE}.new")
        staged.write_text(text, "utf-8")
        os.replace(staged, path)

    def close(self) -> None:
        self._segments.let_go()
