"""The one writer of a collection: stages segments, then publishes them and the tombstones as the next version."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from service.backends.base import NOTHING_FOUND, Packer, Prepared, Vectors
from service.backends.embedded import descriptors, layout, policy, publishing
from service.backends.embedded.kinship import Relations
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.locking import Lock
from service.backends.embedded.merging import merge
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.rows import NEAR_COPIES, Rows, packer
from service.backends.embedded.segment import SegmentBuilder
from service.backends.embedded.shared import Segments
from service.complaints import both
from service.duplicates import Kin
from service.errors import ArticleNotFound, IndexMismatch
from service.records import Annotations, Article, Chunk, Manifest


class EmbeddedWriter:
    """See backends.base.Writer. Holds the collection's lock from creation to ``close``.

    ``fresh``: the next version starts empty, whatever recipe the last one was made with.
    ``timeout_s``: how long to wait for another writer to end. ``segments``: those that are open already.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Mapping[str, str],
        dim: int,
        segment_chunks: int,
        fresh: bool = False,
        timeout_s: float = 0.0,
        segments: Segments | None = None,
    ) -> None:
        self._folder, self._recipe, self._dim, self._segment_chunks = folder, dict(recipe), dim, segment_chunks
        self._lock = Lock(folder, timeout_s)
        self.extra: dict[str, str] = {}
        self._segments = Segments() if segments is None else segments
        self.pack: Packer = packer(recipe)
        self._alike = Kin.of(recipe, NEAR_COPIES).alike
        try:
            with descriptors.noticed(folder):
                self._open(fresh)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, fresh: bool = False) -> None:
        current = layout.version_number(layout.published(self._folder))
        with layout.disk_errors(self._folder):
            shutil.rmtree(self._folder / "staging", ignore_errors=True)
            for path in (self._folder / "versions").glob("*"):
                if not 0 < layout.version_number(path.name) <= current:  # left by a writer that died
                    layout.discard(path)
            for pointer in self._folder.glob(".CURRENT.*"):
                pointer.unlink()
        self._reader: EmbeddedReader | None = None
        self._number = current + 1
        if current and not fresh:
            self._reader = EmbeddedReader(self._folder, 1.5, 0.75, 0.25, segments=self._segments)
            check_recipe(self._reader.manifest, self._recipe)
            self.extra = dict(self._reader.manifest.extra)
        self._builder: SegmentBuilder | None = None
        self._staged: list[str] = []
        self._new: dict[str, str] = {}  # id -> sha256, of everything added since the last commit
        self._new_texts: dict[str, str] = {}  # sha256 -> id
        self._new_copies: dict[str, str] = {}  # id -> original
        self._removed: set[str] = set()

    def known(self, article_id: str) -> str | None:
        if article_id in self._new:
            return self._new[article_id]
        if self._reader is None or article_id in self._removed:
            return None
        try:
            return self._reader.article(article_id)[0].sha256
        except ArticleNotFound:
            return None

    def holder(self, sha256: str) -> str | None:
        if sha256 in self._new_texts:
            return self._new_texts[sha256]
        found = self._reader.holder(sha256) if self._reader else None
        return None if found in self._removed else found

    def add(
        self, article: Article, chunks: Sequence[Chunk], terms: Iterable[Sequence[str]], vectors: Vectors,
        found: Annotations = NOTHING_FOUND,
    ) -> None:  # fmt: skip
        self.add_packed(self.pack([Prepared(article, chunks, list(terms), vectors, found)]))

    def add_packed(self, packed: Rows) -> None:
        with layout.disk_errors(self._folder):
            self._staging().add(packed)
            for columns in packed.stored:
                article_id, sha256 = str(columns[0]), str(columns[8])
                self._new[article_id] = sha256
                self._new_texts[sha256] = article_id
            if self._builder is not None and self._builder.chunks >= self._segment_chunks:
                self._write_segment()

    def add_copy(self, article: Article, original: str) -> None:
        with layout.disk_errors(self._folder):
            self._staging().add_copy(article, original)
            self._new[article.article_id] = article.sha256
            self._new_copies[article.article_id] = original

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        if self._reader is None or article_id in self._removed:
            raise ArticleNotFound(both("article_unknown", id=article_id, name=self._folder.name))
        return self._reader.article(article_id)

    def delete(self, article_id: str) -> None:
        """Take a published article or copy out; what was added since the last commit cannot be deleted before it."""
        self.article(article_id)
        self._removed.add(article_id)

    def commit(self) -> Manifest:
        """Publishes; then merges the segments that policy.py says, as a version of its own."""
        with layout.disk_errors(self._folder):
            self._write_segment()
            unchanged = not self._staged and not self._removed
            if unchanged and self._reader is not None and self.extra == self._reader.manifest.extra:
                return self._reader.manifest
            entries = [dict(entry) for entry in self._reader.manifest.segments] if self._reader else []
            for i, name in enumerate(self._staged):
                entries.append(self._take(name, i))
            manifest = self._publish(entries, self._tombstones())
            if spans := policy.due(self._sizes(manifest), self._segment_chunks):
                manifest = self._merge(manifest, spans)
        return manifest

    def _publish(self, entries: Sequence[dict[str, object]], deleted: Mapping[str, Tombstones]) -> Manifest:
        kept = [entry for entry in entries if not publishing.is_empty(entry, deleted)]
        names = {str(entry["id"]) for entry in kept}
        marks = {name: own for name, own in deleted.items() if name in names}
        version = layout.version_name(self._number)
        manifest = publishing.manifest_of(self._folder, version, kept, marks, self._recipe, self.extra, self._segments)
        layout.write_version(self._folder, manifest, marks)
        publishing.retire(self._folder)
        if self._reader:
            self._reader.close()
        self._open()
        return manifest

    def _take(self, staged: str, number: int) -> dict[str, object]:
        name = f"s{self._number:06d}-{number}"
        return publishing.take_segment(self._folder, self._folder / "staging" / staged, name, self._segments)

    def _sizes(self, manifest: Manifest) -> list[policy.Size]:
        deleted = layout.read_deleted(self._folder, manifest.version)
        sizes = []
        for entry in manifest.segments:
            segment = self._segments.of(self._folder, entry)
            live = publishing.counted(segment, deleted.get(str(entry["id"]), layout.NOTHING)).rows
            sizes.append(policy.Size(live, len(segment) - live))
        return sizes

    def _merge(self, manifest: Manifest, spans: Sequence[tuple[int, int]]) -> Manifest:
        deleted = layout.read_deleted(self._folder, manifest.version)
        entries = [dict(entry) for entry in manifest.segments]
        for number, (start, stop) in reversed(list(enumerate(spans))):
            builder = SegmentBuilder(self._folder / "staging" / f"merged-{number}", self._dim)
            parts = [
                (self._segments.of(self._folder, entry), deleted.pop(str(entry["id"]), layout.NOTHING))
                for entry in entries[start:stop]
            ]
            try:
                merge(parts, builder)
                builder.write()
            finally:
                builder.abandon()
            entries[start:stop] = [self._take(builder.folder.name, number)]
        return self._publish(entries, deleted)

    def close(self) -> None:
        if self._builder:
            self._builder.abandon()
        if self._reader:
            self._reader.close()
        shutil.rmtree(self._folder / "staging", ignore_errors=True)
        self._lock.release()

    def _staging(self) -> SegmentBuilder:
        if self._builder is None:
            name = f"{len(self._staged)}-{os.getpid()}"
            self._builder = SegmentBuilder(self._folder / "staging" / name, self._dim)
        return self._builder

    def _write_segment(self) -> None:
        if self._builder is not None:
            published = self._reader.manifest.segments if self._reader else ()
            before = [self._segments.of(self._folder, entry).near for entry in published]
            before += [Relations.load(self._folder / "staging" / name) for name in self._staged]
            self._builder.write(before, self._alike)
            self._staged.append(self._builder.folder.name)
            self._builder = None

    def _tombstones(self) -> dict[str, Tombstones]:
        if self._reader is None:
            return {}
        deleted = layout.read_deleted(self._folder, self._reader.manifest.version)
        if not self._removed:
            return deleted
        for entry in self._reader.manifest.segments:
            segment = self._segments.of(self._folder, entry)
            own = deleted.get(str(entry["id"]), layout.NOTHING)
            rows = {row for article_id in self._removed if (row := segment.row_of(article_id)) is not None}
            copies = {copy for copy, _ in segment.copies()} & self._removed
            deleted[str(entry["id"])] = {
                "articles": sorted(set(own["articles"]) | rows),
                "copies": sorted(set(own["copies"]) | copies),
            }
        return {name: marks for name, marks in deleted.items() if marks["articles"] or marks["copies"]}


def check_recipe(manifest: Manifest, recipe: Mapping[str, str]) -> None:
    """Raise IndexMismatch naming both values where an index was made otherwise than this code would."""
    for part, wanted in recipe.items():
        found = manifest.recipe.get(part, "nothing")
        if found != wanted:
            raise IndexMismatch(
                both("index_recipe", name=manifest.collection, version=manifest.version, part=part, found=found,
                     wanted=wanted)
            )  # fmt: skip
