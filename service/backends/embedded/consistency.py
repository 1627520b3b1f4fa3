"""Whether the files of a version agree with each other, once their checksums do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from service.backends.embedded import layout, publishing
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.postings import Postings
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.errors import IndexDamaged
from service.records import Manifest

_CAPPED = 65_535  # a count that may stand for more


def inside(folder: Path, entry: Mapping[str, Any], dead: Tombstones, dim: int) -> Iterator[tuple[str, str]]:
    """(file, what is wrong with it) of one segment, whose texts can be read."""
    try:
        segment = Segment(folder)
    except IndexDamaged as error:
        yield "", str(error)
        return
    articles, chunks = len(segment.ids), len(segment)
    counted = {"articles": articles, "chunks": chunks, "copies": len(segment.copies())}
    for what, found in counted.items():
        if found != entry[what]:
            yield "store.sqlite", f"holds {found:,} {what}, its manifest says {entry[what]:,}"
    if any(not 0 <= row < articles for row in dead["articles"]):
        yield "ids.terms.npy", "holds fewer articles than the version leaves out"
    rows = segment.table[:, 0]
    if chunks and not (rows[0] >= 0 and rows[-1] < articles and (np.diff(rows) >= 0).all()):
        yield "chunks.npy", "names articles that are not there"
        return
    yield from _texts(segment, frozenset(dead["articles"]))
    for name, postings, size in (("terms", segment.terms, chunks), ("fields", segment.fields, articles)):
        if wrong := _postings(postings, size):
            yield f"{name}.rows.npy", wrong
        elif name == "terms" and wrong_rows(segment):
            yield "terms.counts.npy", f"disagrees with the lengths of {wrong_rows(segment):,} chunks"
    if segment.vectors.shape != (chunks, dim):
        yield "vectors.faiss", f"holds {segment.vectors.shape} numbers, wanted {(chunks, dim)}"
    if len(segment.forward.starts) != chunks + 1 or len(segment.forward.packed) != len(segment.terms.rows):
        yield "forward.npy", "does not fit the postings"
    if len(segment.facts.articles) != articles:
        yield "articles.npy", f"knows {len(segment.facts.articles):,} articles of {articles:,}"
    for name, table in (("mentions.npy", segment.facts.mentions), ("dates.npy", segment.facts.dates)):
        if len(table) and not (table["row"].min() >= 0 and table["row"].max() < chunks):
            yield name, "names chunks that are not there"
    segment.close()


def _texts(segment: Segment, dead: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Ids against the store, and the chunks' places against the texts."""
    starts = np.searchsorted(segment.table[:, 0], np.arange(len(segment.ids) + 1))
    for row, article_id in enumerate(segment.ids):
        if row in dead:
            continue
        article = segment.article(row)
        if article.article_id != article_id:
            yield "ids.terms.npy", f"has {article_id!r} where the store has {article.article_id!r}"
        own = segment.table[starts[row] : starts[row + 1]]
        inside_text = (own[:, 2] >= 0) & (own[:, 2] <= own[:, 3]) & (own[:, 3] <= len(article.text))
        if not inside_text.all() or own[:, 1].tolist() != list(range(len(own))):
            yield "chunks.npy", f"does not fit the text of {article_id!r}"


def _postings(postings: Postings, size: int) -> str:
    """What is wrong with inverted lists over ``size`` rows; "" for nothing."""
    offsets, rows = postings.offsets, postings.rows
    if (
        len(offsets) != len(postings.terms) + 1
        or offsets[0]
        or offsets[-1] != len(rows)
        or (np.diff(offsets) < 1).any()
    ):
        return "does not fit its offsets"
    if len(rows) != len(postings.counts) or (len(rows) and not (rows.min() >= 0 and rows.max() < size)):
        return "names rows that are not there"
    falls = np.flatnonzero(np.diff(rows) <= 0) + 1
    if not np.isin(falls, offsets).all():
        return "is not in order"
    if any(a >= b for a, b in pairwise(name.encode() for name in postings.terms)):
        return "has terms out of order"
    return ""


def wrong_rows(segment: Segment) -> int:
    """Chunks whose length is not the sum of the counts of their terms."""
    counts = segment.terms.counts
    found = np.bincount(segment.terms.rows, weights=counts.astype(np.float64), minlength=len(segment))
    capped = np.isin(np.arange(len(segment)), segment.terms.rows[counts == _CAPPED])
    return int(((found != segment.lengths) & ~capped).sum())


def between(folder: Path, manifest: Manifest, deleted: Mapping[str, Tombstones]) -> Iterator[str]:
    """What a manifest says otherwise than its segments: counts, statistics, and whose copies there are."""
    entries = [dict(entry) for entry in manifest.segments]
    segments = Segments()
    found = publishing.manifest_of(
        folder, manifest.version, entries, deleted, manifest.recipe, manifest.extra, segments
    )
    for name in ("articles", "copies", "chunks", "size_bytes"):
        if getattr(found, name) != getattr(manifest, name):
            yield f"says {getattr(manifest, name):,} {name}, found {getattr(found, name):,}"
    for name, value in found.statistics.items():
        if not np.isclose(value, manifest.statistics.get(name, np.nan), rtol=1e-9, atol=0):
            yield f"says {name} {manifest.statistics.get(name)}, found {value}"
    live: set[str] = set()
    copies: list[tuple[str, str]] = []
    for entry in entries:
        segment = segments.of(folder, entry)
        marks = deleted.get(str(entry["id"]), layout.NOTHING)
        dead, gone = set(marks["articles"]), set(marks["copies"])
        live.update(article_id for row, article_id in enumerate(segment.ids) if row not in dead)
        copies += [(copy, original) for copy, original in segment.copies() if copy not in gone]
    for copy, original in copies:
        if original not in live:
            yield f"has the copy {copy!r} of {original!r}, which is not there"
