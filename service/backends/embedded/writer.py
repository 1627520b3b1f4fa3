"""The one writer of a collection: stages segments, then publishes them and the tombstones as the next version."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from service.backends.base import NOTHING_FOUND, Packer, Prepared, Vectors
from service.backends.embedded import descriptors, layout
from service.backends.embedded.head import Content, Entry, Head
from service.backends.embedded.kinship import Relations
from service.backends.embedded.locking import Lock
from service.backends.embedded.merger import Merger
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
        self.pack: Packer = packer(recipe)
        self._alike = Kin.of(recipe, NEAR_COPIES).alike
        try:
            with descriptors.noticed(folder):
                self._head = self._opened(fresh, Segments() if segments is None else segments)
        except BaseException:
            self._lock.release()
            raise
        self._merger = Merger(self._head, dim, segment_chunks)
        self._closed = False
        self._forget()

    def _opened(self, fresh: bool, segments: Segments) -> Head:
        head = Head(self._folder, self._recipe, segments)
        if layout.published(self._folder) and not fresh:
            check_recipe(head.open().manifest, self._recipe)
        return head

    def _forget(self) -> None:
        """What was added and deleted since the last commit."""
        if self._reader:
            self.extra = dict(self._reader.manifest.extra)
        self._builder: SegmentBuilder | None = None
        self._staged: list[str] = []
        self._new: dict[str, str] = {}  # id -> sha256, of everything added since the last commit
        self._new_texts: dict[str, str] = {}  # sha256 -> id
        self._new_copies: dict[str, str] = {}  # id -> original
        self._removed: set[str] = set()

    @property
    def _reader(self) -> EmbeddedReader | None:
        """Of what is published; another one when segments have been merged, with the same articles."""
        return self._head.reader

    def known(self, article_id: str) -> str | None:
        if article_id in self._new:
            return self._new[article_id]
        reader = self._reader
        if reader is None or article_id in self._removed:
            return None
        try:
            return reader.article(article_id)[0].sha256
        except ArticleNotFound:
            return None

    def holder(self, sha256: str) -> str | None:
        if sha256 in self._new_texts:
            return self._new_texts[sha256]
        reader = self._reader
        found = reader.holder(sha256) if reader else None
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
        reader = self._reader
        if reader is None or article_id in self._removed:
            raise ArticleNotFound(both("article_unknown", id=article_id, name=self._folder.name))
        return reader.article(article_id)

    def delete(self, article_id: str) -> None:
        """Take a published article or copy out; what was added since the last commit cannot be deleted before it."""
        self.article(article_id)
        self._removed.add(article_id)

    def commit(self) -> Manifest:
        """Publishes; then the segments that policy.py says are merged in the background (see merger.py)."""
        reader = self._reader
        with layout.disk_errors(self._folder):
            self._write_segment()
            unchanged = not self._staged and not self._removed
            if unchanged and reader is not None and self.extra == reader.manifest.extra:
                return reader.manifest
            taken = self._head.take([self._head.staging / name for name in self._staged])
            manifest = self._head.publish(lambda content: self._added(content, taken), taken)
        self._forget()
        self._merger.begin()
        return manifest

    def _added(self, content: Content, taken: Sequence[Entry]) -> Content:
        deleted = dict(content.deleted)
        for entry in content.entries if self._removed else ():
            segment, own = self._head.segment(entry), deleted.get(str(entry["id"]), layout.NOTHING)
            rows = {row for article_id in self._removed if (row := segment.row_of(article_id)) is not None}
            copies = {copy for copy, _ in segment.copies()} & self._removed
            deleted[str(entry["id"])] = {
                "articles": sorted(set(own["articles"]) | rows),
                "copies": sorted(set(own["copies"]) | copies),
            }
        marks = {name: own for name, own in deleted.items() if own["articles"] or own["copies"]}
        return Content([*content.entries, *taken], marks, self.extra)

    def close(self) -> None:
        """Waits until nothing is left to be merged. Raises StorageError, IndexDamaged where that failed."""
        if self._closed:
            return
        self._closed = True
        if self._builder:
            self._builder.abandon()
        self._merger.close(self._let_go)

    def _let_go(self) -> None:
        self._head.close()
        shutil.rmtree(self._head.staging, ignore_errors=True)
        self._lock.release()

    def _staging(self) -> SegmentBuilder:
        if self._builder is None:
            name = f"{len(self._staged)}-{os.getpid()}"
            self._builder = SegmentBuilder(self._head.staging / name, self._dim)
        return self._builder

    def _write_segment(self) -> None:
        if self._builder is not None:
            with self._head.turn() as published:
                before = [self._head.segment(entry).near for entry in published.entries]
            before += [Relations.load(self._head.staging / name) for name in self._staged]
            self._builder.write(before, self._alike)
            self._staged.append(self._builder.folder.name)
            self._builder = None


def check_recipe(manifest: Manifest, recipe: Mapping[str, str], complaint: str = "index_recipe") -> None:
    """Raise IndexMismatch naming both values where an index was made otherwise than this code would.

    ``complaint``: how it is said what to do about it.
    """
    for part, wanted in recipe.items():
        found = manifest.recipe.get(part, "nothing")
        if found != wanted:
            raise IndexMismatch(
                both(complaint, name=manifest.collection, version=manifest.version, part=part, found=found,
                     wanted=wanted)
            )  # fmt: skip
