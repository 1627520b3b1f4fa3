"""Chunks of a segment by the places and days that they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from service.backends.embedded.segment import Segment
from service.places import area as areas_of
from service.places.area import Area
from service.records import DateMention, Facets, PlaceMention

ELSEWHERE = 0.5  # what a place counts for the other chunks of its article
_FACET_VALUES = 50
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def scores(segment: Segment, areas: Sequence[Area]) -> tuple[Rows, Floats]:
    """(rows, ascending; above 0 to 1): the mean over the areas of a chunk's best mention, or half its article's best.

    Chunks without either are left out.
    """
    found = [_of_area(segment, area) for area in areas]
    rows = np.concatenate([np.zeros(0, np.int64), *(r for r, _ in found)])
    values = np.concatenate([np.zeros(0), *(v for _, v in found)])
    if len(found) > 1:
        rows, where = np.unique(rows, return_inverse=True)
        values = np.bincount(where, values, minlength=len(rows)).astype(np.float64)
    return rows, values / max(1, len(areas))


def _of_area(segment: Segment, area: Area) -> tuple[Rows, Floats]:
    held, best = _best_mentions(segment, area)
    if not len(held):
        return held, best
    homes = segment.chunk_article[held]
    first = np.flatnonzero(np.diff(homes, prepend=-1))
    articles, whole = homes[first], np.maximum.reduceat(best, first)
    starts = segment.article_starts[articles]
    sizes = segment.article_starts[articles + 1] - starts
    ends = np.cumsum(sizes)
    rows = np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]))
    values = np.repeat(ELSEWHERE * whole, sizes)
    at = np.searchsorted(rows, held)
    values[at] = np.maximum(values[at], best)
    kept = values * area.weight > 0
    return rows[kept], area.weight * values[kept]


def within(segment: Segment, areas: Sequence[Area]) -> Mask:
    """Chunks that name a place of one of the areas; a mention in the title counts for all chunks of its article."""
    weights = np.max([areas_of.weights(area, segment.facts) for area in areas], axis=0)
    mentions = segment.facts.of_places(weights)
    found = np.zeros(len(segment), bool)
    found[mentions.rows] = True
    titled = mentions.rows[mentions.titled]
    if len(titled):
        articles = np.zeros(len(segment.ids), bool)
        articles[segment.chunk_article[titled]] = True
        found |= articles[segment.chunk_article]
    return found


def dated(segment: Segment, period: tuple[str, str]) -> Mask:
    """Chunks of articles published in the period, and chunks that name a day or a period of at most a month in it."""
    facts = segment.facts
    first = date.fromisoformat(period[0]).toordinal() if period[0] else 1
    last = date.fromisoformat(period[1]).toordinal() if period[1] else date.max.toordinal()
    days = facts.articles[:, 0]
    found: Mask = ((days >= first) & (days <= last))[segment.chunk_article]
    rows, begins, ends = facts.days
    inside = (ends - begins <= 31) & (begins <= last) & (ends >= first)
    found[rows[inside]] = True
    return found


def published_by(segment: Segment, sources: Sequence[str], languages: Sequence[str]) -> Mask:
    """Chunks of articles of exactly one of these sources and in one of these languages; none given: any."""
    facts = segment.facts
    found = np.ones(len(segment.ids), bool)
    for column, names, wanted in ((1, facts.sources, sources), (2, facts.languages, languages)):
        if wanted:
            numbers = [i for i, name in enumerate(names) if name in wanted]
            found &= np.isin(facts.articles[:, column], numbers)
    among: Mask = found[segment.chunk_article]
    return among


def places(segment: Segment, row: int) -> list[PlaceMention]:
    facts = segment.facts
    numbers = facts.in_row(row)
    return [
        PlaceMention(start, start + length, facts.place(place) if place >= 0 else None, confidence / 100)
        for _, place, start, length, confidence in facts.mentions[numbers.start : numbers.stop].tolist()
    ]


def dates(segment: Segment, row: int) -> list[DateMention]:
    numbers = segment.facts.dates_in_row(row)
    return [
        DateMention(start, start + length, iso_of(first), iso_of(last))
        for _, first, last, start, length in segment.facts.dates[numbers.start : numbers.stop].tolist()
    ]


def days(segment: Segment, rows: Rows) -> npt.NDArray[np.int32]:
    """Day of publication of each chunk's article, as date.toordinal(); 0 when unknown."""
    found: npt.NDArray[np.int32] = segment.facts.articles[:, 0][segment.chunk_article[rows]]
    return found


def facets(chunks: Sequence[tuple[Segment, npt.NDArray[np.int64]]]) -> Facets:
    """Counts over the articles of chunks, each article once; its places are those that the chunks name.

    The chunks are given as rows of segments, in order.
    """
    days, sources, languages = Counter[int](), Counter[str](), Counter[str]()
    named: Counter[str] = Counter()
    for segment, rows in chunks:
        facts = segment.facts
        articles = np.unique(segment.chunk_article[rows])
        about = facts.articles[articles]
        days.update(about[:, 0][about[:, 0] > 0].tolist())
        for column, names, counter in ((1, facts.sources, sources), (2, facts.languages, languages)):
            values, counts = np.unique(about[:, column], return_counts=True)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                counter[names[value]] += count
        mentions = facts.mentions[facts.in_rows(rows)]
        mentions = mentions[mentions["place"] >= 0]
        placed = mentions["place"].astype(np.int64) * len(segment.ids) + segment.chunk_article[mentions["row"]]
        values, counts = np.unique(np.unique(placed) // len(segment.ids), return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            named[facts.label(value)] += count
    return facets_of(days, sources, languages, named)


def facets_of(days: Counter[int], sources: Counter[str], languages: Counter[str], places: Counter[str]) -> Facets:
    """From counts of articles, those of days by date.toordinal()."""
    months: Counter[str] = Counter()
    for day, count in days.items():
        months[iso_of(day)[:7]] += count
    return Facets(
        tuple(sorted(months.items())), tuple((iso_of(day), n) for day, n in sorted(days.items())),
        _most(places), _most(sources), _most(languages),
    )  # fmt: skip


def _best_mentions(segment: Segment, area: Area) -> tuple[Rows, Floats]:
    """(rows, ascending, that name a place of the area; the best of their mentions, above 0)."""
    mentions = segment.facts.of_places(areas_of.weights(area, segment.facts))
    kept = mentions.weights > 0
    rows, values = mentions.rows[kept].astype(np.int64), mentions.weights[kept]
    order = np.argsort(rows)
    rows, values = rows[order], values[order]
    if not len(rows):
        return rows, values
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[first], np.maximum.reduceat(values, first)


def _most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    listed = sorted(((name, n) for name, n in counted.items() if name), key=lambda item: (-item[1], item[0]))
    return tuple(listed[:_FACET_VALUES])


def iso_of(day: int) -> str:
    """A day by date.toordinal(), "" for 0."""
    return date.fromordinal(day).isoformat() if day > 0 else ""
