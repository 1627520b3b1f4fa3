"""What a segment knows of its chunks' places and days: built at ingest, memory-mapped for reading.

places.points.npy   (p, 4) float32: lat, lon, extent and precision in km of the places named in the segment
places.labels.*     name_en, name_ar, kind, admin1, country, source of each, joined by tabs (vocabulary.Terms)
mentions.npy        (m,) by chunk row: row, place (-1 unresolved), start (-1 in the title), length, percent sure
mentions.order.npy  (m,) mentions by place, and mentions.offsets.npy (p + 1,) where each place's begin
dates.npy           (d,) chunk row, first and last day (days since 0001-01-01), start, length; by chunk row
articles.npy        (a, 3) int32: day published (0 unknown), number of the source, number of the language
sources.*, languages.*   their names
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from service.dates.calendars import iso_day
from service.mapping import mapped
from service.places.label import joined
from service.records import Annotations, Article, Chunk, Place
from service.vocabulary import Terms

MENTION = np.dtype([("row", "<i4"), ("place", "<i4"), ("start", "<i4"), ("length", "<u2"), ("confidence", "u1")])
DATED = np.dtype([("row", "<i4"), ("first", "<i4"), ("last", "<i4"), ("start", "<i4"), ("length", "<u2")])
_LONGEST = 65_535
Table = npt.NDArray[np.int32]
Name = TypeVar("Name", str, Place)


class Found(NamedTuple):
    """What was found in some articles, as columns; rows and articles are numbered from 0."""

    places: list[Place]
    mentions: Table  # (m, 5) as MENTION
    dates: Table  # (d, 5) as DATED
    articles: Table  # (a, 3) as articles.npy
    sources: list[str]
    languages: list[str]


def found_in(batch: Sequence[tuple[Article, Sequence[Chunk], Annotations]]) -> Found:
    """Of articles in order, their chunks' rows following one another."""
    places: dict[Place, int] = {}
    known: dict[int, int] = {}  # the gazetteer gives the same object for the same place: its identity is quick
    sources: dict[str, int] = {}
    languages: dict[str, int] = {}
    mentions, dates, articles = array("i"), array("i"), array("i")
    first_row = 0
    for article, chunks, found in batch:
        articles.extend(
            (
                _day(found.published or article.published),
                sources.setdefault(article.source, len(sources)),
                languages.setdefault(article.language, len(languages)),
            )
        )
        starts, ends = [chunk.start for chunk in chunks], [chunk.end for chunk in chunks]
        for mention in found.places:
            number = -1
            if mention.place is not None:
                number = known.get(id(mention.place), -1)
                if number < 0:
                    number = known[id(mention.place)] = places.setdefault(mention.place, len(places))
            size, sure = min(_LONGEST, mention.end - mention.start), round(mention.confidence * 100)
            if mention.start < 0:
                rows = range(1 if chunks else 0)
            else:  # a sentence shared by neighbours puts a mention into both
                rows = range(bisect_left(ends, mention.end), bisect_right(starts, mention.start))
            for i in rows:
                mentions.extend((first_row + i, number, mention.start, size, sure))
        for dated in found.dates:
            size = min(_LONGEST, dated.end - dated.start)
            for i in range(bisect_left(ends, dated.end), bisect_right(starts, dated.start)):
                dates.extend((first_row + i, _day(dated.first), _day(dated.last), dated.start, size))
        first_row += len(chunks)
    return Found(
        list(places), _shaped(mentions, 5), _shaped(dates, 5), _shaped(articles, 3), list(sources), list(languages)
    )


def _shaped(numbers: array[int], width: int) -> Table:
    return np.array(numbers, np.int32).reshape(-1, width)


class FactsBuilder:
    """Collects what ingest found, batch by batch."""

    def __init__(self) -> None:
        self._places: dict[Place, int] = {}
        self._sources: dict[str, int] = {}
        self._languages: dict[str, int] = {}
        self._mentions: list[Table] = []
        self._dates: list[Table] = []
        self._articles: list[Table] = []

    def extend(self, found: Found, first_row: int) -> None:
        """The next articles; their chunks have the rows from ``first_row`` on."""
        mentions, dates, articles = found.mentions.copy(), found.dates.copy(), found.articles.copy()
        mentions[:, 0] += first_row
        dates[:, 0] += first_row
        numbers = np.array([*_numbers(found.places, self._places), -1], np.int32)  # -1 stays -1
        mentions[:, 1] = numbers[mentions[:, 1]]
        articles[:, 1] = np.array(_numbers(found.sources, self._sources), np.int32)[articles[:, 1]]
        articles[:, 2] = np.array(_numbers(found.languages, self._languages), np.int32)[articles[:, 2]]
        self._mentions.append(mentions)
        self._dates.append(dates)
        self._articles.append(articles)

    def write(self, folder: Path) -> None:
        places = list(self._places)
        points = [(p.lat, p.lon, p.extent_km, p.precision_km) for p in places]
        labels = ["\t".join((p.name_en, p.name_ar, p.kind, p.admin1, p.country, p.source)) for p in places]
        mentions = _table(self._mentions, MENTION)
        order = np.argsort(mentions["place"], kind="stable").astype(np.int32)
        offsets = np.searchsorted(mentions["place"][order], np.arange(len(places) + 1)).astype(np.int64)
        arrays = {
            "places.points": np.array(points, np.float32).reshape(-1, 4), "mentions": mentions, "mentions.order": order,
            "mentions.offsets": offsets, "dates": _table(self._dates, DATED),
            "articles": np.concatenate([np.zeros((0, 3), np.int32), *self._articles]),
        }  # fmt: skip
        for name, values in arrays.items():
            np.save(folder / f"{name}.npy", values, allow_pickle=False)
        for name, texts in (("places.labels", labels), ("sources", self._sources), ("languages", self._languages)):
            Terms.pack(text.encode() for text in texts).save(folder, name)


class ByPlace(NamedTuple):
    """Mentions of some places, as columns."""

    rows: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float64]  # of the place, times how sure it is that it is meant
    titled: npt.NDArray[np.bool_]


class Facts:
    """The facts of one segment; columns of its places as area.Places wants them."""

    def __init__(self, folder: Path) -> None:
        names = ("places.points", "mentions", "mentions.order", "mentions.offsets", "dates", "articles")
        loaded = [mapped(folder / f"{name}.npy") for name in names]
        self._points, self.mentions, self._order, self._offsets, self.dates, self.articles = loaded
        self._labels = Terms.load(folder, "places.labels")
        self.place = lru_cache(maxsize=4096)(self._place)
        self.label = lru_cache(maxsize=4096)(self._label)
        self.sources, self.languages = Terms.load(folder, "sources"), Terms.load(folder, "languages")

    @cached_property
    def lat(self) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(self._points[:, 0])

    @cached_property
    def lon(self) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(self._points[:, 1])

    @cached_property
    def extent(self) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(self._points[:, 2])

    @cached_property
    def _columns(self) -> list[npt.NDArray[np.str_]]:
        cells = [label.split("\t") for label in self._labels]
        return [np.array([cell[i] for cell in cells], dtype=str) for i in (2, 3, 4)]

    @property
    def kinds(self) -> npt.NDArray[np.str_]:
        return self._columns[0]

    @property
    def admins(self) -> npt.NDArray[np.str_]:
        return self._columns[1]

    @property
    def countries(self) -> npt.NDArray[np.str_]:
        return self._columns[2]

    def _place(self, number: int) -> Place:
        name_en, name_ar, kind, admin1, country, source = self._labels[number].split("\t")
        lat, lon, extent, precision = (round(float(value), 4) for value in self._points[number])
        return Place(name_en, name_ar, lat, lon, kind, admin1, country, source, extent, precision)

    def _label(self, number: int) -> str:
        """What facets call a place: "Hawija, Kirkuk, Iraq"."""
        name_en, _, _, admin1, country, _ = self._labels[number].split("\t")
        return joined(name_en, admin1, country)

    def of_places(self, weights: npt.NDArray[np.float64]) -> ByPlace:
        """The mentions of all places that weigh something, and each one's weight."""
        numbers = np.flatnonzero(weights)
        rows, confidence, titled = self._by_place
        spans = [slice(self._offsets[n], self._offsets[n + 1]) for n in numbers.tolist()]
        if not spans:
            return ByPlace(rows[:0], np.zeros(0), titled[:0])
        sizes = self._offsets[numbers + 1] - self._offsets[numbers]
        sure = np.concatenate([confidence[span] for span in spans]) / 100
        return ByPlace(
            np.concatenate([rows[span] for span in spans]),
            np.repeat(weights[numbers], sizes) * sure,
            np.concatenate([titled[span] for span in spans]),
        )

    def in_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Numbers of the mentions of chunks."""
        first, last = np.searchsorted(self.mention_rows, np.stack([rows, rows + 1]))
        begin = np.repeat(first - np.concatenate([[0], np.cumsum(last - first)[:-1]]), last - first)
        found: npt.NDArray[np.int64] = begin + np.arange(len(begin))
        return found

    def in_row(self, row: int) -> range:
        """Numbers of the mentions of a chunk."""
        return range(bisect_left(self.mention_rows.data, row), bisect_left(self.mention_rows.data, row + 1))

    def dates_in_row(self, row: int) -> range:
        return range(bisect_left(self.days[0].data, row), bisect_left(self.days[0].data, row + 1))

    @cached_property
    def mention_rows(self) -> npt.NDArray[np.int32]:
        """A column of its own: searched in records it would be copied each time."""
        return np.ascontiguousarray(self.mentions["row"])

    @cached_property
    def days(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Chunk row, first and last day of each date."""
        rows, first, last = (np.ascontiguousarray(self.dates[name]) for name in ("row", "first", "last"))
        return rows, first, last

    @cached_property
    def _by_place(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        """Chunk row, percent sure and whether it is in the title, of the mentions by place."""
        ordered = self.mentions[self._order]
        return np.ascontiguousarray(ordered["row"]), np.ascontiguousarray(ordered["confidence"]), ordered["start"] < 0


def _numbers(names: Sequence[Name], known: dict[Name, int]) -> list[int]:
    """The number of each name; new ones get the next."""
    return [known.setdefault(name, len(known)) for name in names]


def _table(parts: Sequence[Table], kind: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Records of ``kind``, by their first column."""
    names = kind.names or ()
    columns = np.concatenate([np.zeros((0, len(names)), np.int32), *parts])
    columns = columns[np.argsort(columns[:, 0], kind="stable")]
    table = np.empty(len(columns), kind)
    for i, name in enumerate(names):
        table[name] = columns[:, i]
    return table


@lru_cache(maxsize=10_000)
def _day(iso: str) -> int:
    """Days since 0001-01-01, which is 1; 0 for none."""
    found = iso_day(iso)
    return found.toordinal() if found else 0
