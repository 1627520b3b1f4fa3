"""One version of a collection, held: its segments, what of them is left out, and the copies of its texts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.backends.embedded import layout
from service.backends.embedded.labelled import Labelled
from service.backends.embedded.layout import NOTHING
from service.backends.embedded.lease import Lease
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.errors import IndexDamaged
from service.records import Article, Manifest

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """One segment as it is read. ``prefix``: what the ids of its articles begin with here, beyond their own."""

    segment: Segment
    live: Mask | None  # of its chunks; None: all
    gone: frozenset[int]  # rows of articles that are left out
    near_chunks: Labelled
    near_articles: Labelled
    prefix: str = ""

    def article_id(self, row: int) -> str:
        """Of an article row."""
        return self.prefix + str(self.segment.ids[row])

    def article(self, row: int) -> Article:
        found = self.segment.article(row)
        return replace(found, article_id=self.prefix + found.article_id) if self.prefix else found

    def docid(self, row: int) -> str:
        return self.prefix + self.segment.docid(row)

    def row_of(self, article_id: str) -> int | None:
        """Of an article that is not left out."""
        if not article_id.startswith(self.prefix):
            return None
        row = self.segment.row_of(article_id.removeprefix(self.prefix))
        return None if row in self.gone else row


class CopyAt(NamedTuple):
    """Another id of a text, and where its metadata are."""

    original: str  # the id that holds the text
    part: Part
    row: int | None = None  # of an article that is left out as a copy; None: among the copies of the segment

    def read(self, article_id: str, text: str, sha256: str) -> Article:
        """The copy under its own id and metadata."""
        segment = self.part.segment
        if self.row is None:
            found = segment.copy(article_id.removeprefix(self.part.prefix), text, sha256)
        else:
            found = segment.article(self.row)
        if found is None:
            raise IndexDamaged(f"copy {article_id!r} is not in {segment.folder}: {layout.REMEDY}")
        return replace(found, article_id=article_id)


class Pinned:
    """A version, the published one by default, kept on disk until ``close``.

    Raises CollectionNotFound, IndexDamaged, IndexMismatch.
    """

    def __init__(self, folder: Path, version: str | None = None, segments: Segments | None = None) -> None:
        segments = Segments() if segments is None else segments
        self._lease = Lease(folder, version)
        self.manifest: Manifest = layout.read_manifest(folder, self._lease.version)
        self.deleted = layout.read_deleted(folder, self.manifest.version)
        self.parts: list[Part] = []
        self.copies: dict[str, CopyAt] = {}
        for entry in self.manifest.segments:
            name = str(entry["id"])
            layout.check_sizes(folder / "segments" / name, entry["files"])  # type: ignore[arg-type]
            segment = segments.of(folder, entry)
            marks = self.deleted.get(name, NOTHING)
            part = part_of(segment, marks["articles"])
            gone = set(marks["copies"])
            self.copies |= {c: CopyAt(original, part) for c, original in segment.copies() if c not in gone}
            self.parts.append(part)
        segments.hold(folder, [part.segment for part in self.parts])

    def close(self) -> None:
        self._lease.close()


def part_of(segment: Segment, gone: Collection[int]) -> Part:
    """A segment without some of its articles."""
    return Part(segment, live_chunks(segment, gone), frozenset(gone), segment.near_chunks, segment.near_articles)


def live_chunks(segment: Segment, gone: Collection[int]) -> Mask | None:
    return ~np.isin(segment.chunk_article, np.array(sorted(gone), np.int32)) if gone else None
