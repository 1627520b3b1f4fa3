"""Several segments as one, from their own files: postings renumbered, vectors and compressed texts copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from service.backends.embedded.facts import Facts, Found
from service.backends.embedded.kinship import Relations
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.postings import Bag, Postings
from service.backends.embedded.rows import Rows
from service.backends.embedded.segment import Segment, SegmentBuilder

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]


def merge(segments: Iterable[tuple[Segment, Tombstones]], builder: SegmentBuilder) -> None:
    """Add what is live of segments, in their order, to a builder."""
    for segment, marks in segments:
        builder.add(live_rows(segment, marks["articles"]))
        gone = set(marks["copies"])
        for columns in segment.stored_copies():
            if columns[0] not in gone:
                builder.add_stored_copy(columns)


def live_rows(segment: Segment, dead: Iterable[int]) -> Rows:
    """Of a segment, without its deleted articles."""
    articles = np.ones(len(segment.ids), bool)
    articles[list(dead)] = False
    chunks = articles[segment.chunk_article]
    article_number, chunk_number = _numbers(articles), _numbers(chunks)
    table = np.array(segment.table[chunks])
    table[:, 0] = article_number[table[:, 0]]
    kept = articles.tolist()
    stored = [columns for is_kept, columns in zip(kept, segment.stored(), strict=True) if is_kept]
    return Rows(
        [str(columns[0]) for columns in stored],
        stored,
        table,
        _bag(segment.terms, chunks, chunk_number),
        _bag(segment.fields, articles, article_number),
        segment.vectors.stored()[chunks],
        _found(segment.facts, articles, chunks, chunk_number),
        Relations(segment.near.articles.only(articles), segment.near.chunks.only(chunks)),
        settled=True,
    )


def _numbers(kept: Mask) -> Numbers:
    """The new number of each row that is kept."""
    return np.cumsum(kept, dtype=np.int32) - np.int32(1)


def _bag(postings: Postings, kept: Mask, number: Numbers) -> Bag:
    held = kept[postings.rows]
    ids = np.repeat(np.arange(len(postings.terms)), np.diff(postings.offsets))[held]
    used = np.bincount(ids, minlength=len(postings.terms)) > 0
    names = [name for name, is_used in zip(postings.terms, used.tolist(), strict=True) if is_used]
    rows = number[postings.rows[held]]
    return Bag(names, _numbers(used)[ids], rows, postings.counts[held].astype(np.uint16), int(np.count_nonzero(kept)))


def _found(facts: Facts, articles: Mask, chunks: Mask, number: Numbers) -> Found:
    mentions, dates = (
        np.stack([table[name].astype(np.int32) for name in table.dtype.names or ()], axis=1)
        for table in (facts.mentions, facts.dates)
    )
    mentions, dates = mentions[chunks[mentions[:, 0]]], dates[chunks[dates[:, 0]]]
    mentions[:, 0], dates[:, 0] = number[mentions[:, 0]], number[dates[:, 0]]
    used, places = np.unique(mentions[:, 1][mentions[:, 1] >= 0], return_inverse=True)
    mentions[mentions[:, 1] >= 0, 1] = places
    about = np.array(facts.articles[articles])
    sources, about[:, 1] = _used(facts.sources, about[:, 1])
    languages, about[:, 2] = _used(facts.languages, about[:, 2])
    return Found([facts.place(place) for place in used.tolist()], mentions, dates, about, sources, languages)


def _used(names: Sequence[str], numbers: Numbers) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The names that are used, and the numbers that they have then."""
    kept, numbers_now = np.unique(numbers, return_inverse=True)
    return [names[number] for number in kept.tolist()], numbers_now
