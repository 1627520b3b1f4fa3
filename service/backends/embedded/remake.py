"""Segments made again, from their stored texts or from their rows, and published in the place of the old ones."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from service.backends.base import Packer, Takes
from service.backends.embedded import layout, publishing
from service.backends.embedded.kinship import Relations
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.merging import live_rows
from service.backends.embedded.rows import NEAR_COPIES, Rows, packer
from service.backends.embedded.segment import Segment, SegmentBuilder
from service.backends.embedded.stored import Store
from service.backends.embedded.verify import damaged_files
from service.duplicates import Kin
from service.records import Article, Manifest

Write = Callable[[Iterable[Article], Takes], None]  # articles, in this order, as rows to what takes them


@dataclass(frozen=True, slots=True)
class Making:
    """How segments are made: what the manifest says of it, the vectors' dimension, and what does it."""

    names: Mapping[str, str]
    dim: int
    write: Write


class _Into:
    """One segment as the place that articles are written to."""

    def __init__(self, builder: SegmentBuilder, recipe: Mapping[str, str]) -> None:
        self._builder = builder
        self.pack: Packer = packer(recipe)

    def add_packed(self, packed: Rows) -> None:
        self._builder.add(packed)

    def add_copy(self, article: Article, original: str) -> None:
        self._builder.add_copy(article, original)


class Remaking:
    """Stages segments of one version again. Under the collection's lock; ``publish`` makes them a new version."""

    def __init__(self, folder: Path, base: Manifest, deleted: Mapping[str, Tombstones], making: Making) -> None:
        self._folder, self._base, self._deleted, self._making = folder, base, deleted, making
        self._replaced: dict[str, Path | None] = {}
        self._staging = folder / "staging"
        self.extra = dict(base.extra)
        shutil.rmtree(self._staging, ignore_errors=True)

    def again(self, name: str, without: Collection[str] = ()) -> None:
        """Stage a segment again from what can be read of its texts, but for its tombstones and some ids."""
        entry = next(entry for entry in self._base.segments if entry["id"] == name)
        marks = self._deleted.get(name, layout.NOTHING)
        store = Store.of(self._folder, entry)
        builder = SegmentBuilder(self._staging / f"{name}-{os.getpid()}", self._making.dim)
        into = _Into(builder, self._making.names)
        dead = frozenset(marks["articles"])
        self._making.write((a for a in store.articles(dead) if a.article_id not in without), into)
        gone = {*marks["copies"], *without}
        for copy, original in store.copies():
            if copy.article_id not in gone:
                into.add_copy(copy, original)
        filled = builder.articles + builder.copies > 0
        builder.write(self._before(name), Kin.of(self._making.names, NEAR_COPIES).alike)
        self._replaced[name] = builder.folder if filled else None

    def without(self, name: str, ids: Collection[str]) -> None:
        """Stage a segment but for its tombstones and some ids: its rows are copied, as nothing else of them changes.

        Where a file of it is damaged it is made again instead: what is copied gets new checksums.
        """
        entry = next(entry for entry in self._base.segments if entry["id"] == name)
        if any(damaged_files(self._folder, entry)):
            self.again(name, ids)
            return
        marks = self._deleted.get(name, layout.NOTHING)
        gone = {*marks["copies"], *ids}
        builder = SegmentBuilder(self._staging / f"{name}-{os.getpid()}", self._making.dim)
        with contextlib.closing(Segment(self._folder / "segments" / name)) as segment:
            dead = {*marks["articles"], *(row for row, own in enumerate(segment.ids) if own in gone)}
            if len(dead) < len(segment.ids):
                builder.add(live_rows(segment, dead))
            for columns in segment.stored_copies():
                if columns[0] not in gone:
                    builder.add_stored_copy(columns)
        filled = builder.articles + builder.copies > 0
        builder.write()
        self._replaced[name] = builder.folder if filled else None

    def _before(self, name: str) -> list[Relations]:
        """The groups of near copies of the segments before one, as far as they can be read."""
        found = []
        for entry in self._base.segments:
            if entry["id"] == name:
                break
            again = self._replaced.get(str(entry["id"]), self._folder / "segments" / str(entry["id"]))
            if again is not None:
                with contextlib.suppress(OSError, ValueError):
                    found.append(Relations.load(again))
        return found

    def publish(self) -> Manifest:
        """A new version with what was staged; nothing of the versions before it is kept."""
        manifest = publishing.revise(
            self._folder, self._base, self._deleted, self._replaced, self._making.names, self.extra
        )
        publishing.retire(self._folder, kept=1, forced=True)
        shutil.rmtree(self._staging, ignore_errors=True)
        return manifest
