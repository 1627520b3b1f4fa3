"""One pinned version of a collection: the legs' searches over its segments, and what they found fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.base import Filter, Keys, StoredChunk, Vectors
from service.backends.embedded import bag, filtering, layout, near
from service.backends.embedded.concepts import ConceptSearch
from service.backends.embedded.lease import Lease
from service.backends.embedded.postings import Statistics
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.complaints import both
from service.errors import ArticleNotFound, IndexDamaged
from service.fusion import ordered
from service.places.area import Area
from service.records import Article, Chunk, Concept, DateMention, Facets, Language, Manifest, PlaceMention, Ranking

Mask = npt.NDArray[np.bool_]
MIN_LIKENESS = 0.5  # Dice's coefficient of letter trigrams


class EmbeddedReader:
    """See backends.base.Reader. ``segments``: those that are open already."""

    def __init__(
        self, folder: Path, k1: float, b: float, epsilon: float, version: str | None = None,
        segments: Segments | None = None,
    ) -> None:  # fmt: skip
        segments = Segments() if segments is None else segments
        self._lease = Lease(folder, version)
        self.manifest: Manifest = layout.read_manifest(folder, self._lease.version)
        deleted = layout.read_deleted(folder, self.manifest.version)
        self._segments: list[Segment] = []
        self._live: list[Mask | None] = []
        self._gone: dict[str, set[int]] = {}
        self._copy_of: dict[str, tuple[str, Segment]] = {}
        for entry in self.manifest.segments:
            name = str(entry["id"])
            layout.check_sizes(folder / "segments" / name, entry["files"])  # type: ignore[arg-type]
            segment = segments.of(folder, entry)
            tombstones = deleted.get(name, {"articles": [], "copies": []})
            dead = np.array(tombstones["articles"], np.int32)
            self._live.append(~np.isin(segment.chunk_article, dead) if len(dead) else None)
            self._gone[name] = set(tombstones["articles"])
            gone_copies = set(tombstones["copies"])
            self._copy_of.update({c: (o, segment) for c, o in segment.copies() if c not in gone_copies})
            self._segments.append(segment)
        segments.hold(folder, self._segments)
        self._bases = np.cumsum([0, *(len(s) for s in self._segments)])
        self._article_bases = np.cumsum([0, *(len(s.ids) for s in self._segments)])
        self._copies: dict[str, list[str]] = {}
        for copy, (original, _) in sorted(self._copy_of.items()):
            self._copies.setdefault(original, []).append(copy)
        bm25 = self.manifest.statistics
        statistics = Statistics(int(bm25["rows"]), bm25["mean_length"], bm25["mean_idf"])
        articles = int(bm25["articles"]), bm25["mean_article_length"]
        self._words = ConceptSearch(self._segments, self._live, statistics, (k1, b, epsilon), articles)
        # None of these may refer to this reader: a circle would keep its files open until the collector finds it.
        self.spelt_alike = lru_cache(maxsize=10_000)(partial(_alike, self._segments, self._live, self._words))
        self._near = lru_cache(maxsize=32)(near.scores)
        self._dated = lru_cache(maxsize=64)(near.dated)
        self._allowed = lru_cache(maxsize=64)(  # every leg of a question has the same filter
            partial(_let_through, self._segments, self._live, self._dated)
        )

    def search_terms(
        self, concepts: Sequence[Concept], depth: int, keep: Filter | None = None, article_weight: float = 0.0
    ) -> Ranking:
        found = self._words.search(concepts, depth, article_weight, lambda i: self._allowed(i, keep) if keep else None)
        return self._best(found, depth)

    def search_vector(self, vector: Vectors, depth: int, keep: Filter | None = None) -> Ranking:
        found = []
        for number, segment in enumerate(self._segments):
            allowed = self._allowed(number, keep) if keep else None
            rows, scores = segment.vectors.search(vector, depth, allowed, self._live[number])
            found.append((rows + self._bases[number], scores))
        return self._best(found, depth)

    def best_possible(self, concepts: Sequence[Concept], article_weight: float = 0.0) -> float:
        return self._words.best_possible(concepts, article_weight)

    def languages(self, keys: Sequence[int]) -> list[Language]:
        arabic = self._by_segment(np.array(keys, np.int64), lambda segment, rows: segment.table[rows, 5]).tolist()
        return [Language.ARABIC if flag else Language.ENGLISH for flag in arabic]

    def homes(self, keys: Sequence[int]) -> list[int]:
        found = np.zeros(len(keys), np.int64)
        sought = np.array(keys, np.int64)
        for number, here, rows in self._split(sought):
            found[here] = self._article_bases[number] + self._segments[number].chunk_article[rows]
        return found.tolist()

    def term_mass(
        self, keys: Sequence[int], shares: Sequence[float]
    ) -> tuple[Sequence[str], npt.NDArray[np.float64], Keys]:
        sought, share = np.array(keys, np.int64), np.array(shares, np.float64)
        parts = [(n, *bag.mass(self._segments[n], rows, share[here])) for n, here, rows in self._split(sought)]
        if len(self._segments) == 1 and parts:
            (_, numbers, mass), postings, live = parts[0], self._segments[0].terms, self._live[0]
            if live is None:
                df = postings.offsets[numbers + 1] - postings.offsets[numbers]
                return bag.Names(postings.terms, numbers), mass, df
        total: dict[str, float] = {}
        for n, numbers, mass in parts:
            for term, value in zip(bag.Names(self._segments[n].terms.terms, numbers), mass.tolist(), strict=True):
                total[term] = total.get(term, 0.0) + value
        terms = sorted(total)
        return terms, np.array([total[term] for term in terms], np.float64), self._words.dfs(terms)

    def search_places(
        self, areas: Sequence[Area], depth: int, keep: Filter | None = None, among: Sequence[int] | Keys = ()
    ) -> Ranking:
        if not self._segments:
            return Ranking(np.zeros(0, np.int64), np.zeros(0))
        found, named = [], []
        wanted = np.unique(np.array(among, np.int64))
        for number in range(len(self._segments)):
            rows, scores = self._near(self._segments[number], tuple(areas))
            allowed = self._allowed(number, keep)
            here = wanted[slice(*np.searchsorted(wanted, self._bases[number : number + 2]))]
            at = np.minimum(np.searchsorted(rows, here - self._bases[number]), max(0, len(rows) - 1))
            near_by = rows[at] == here - self._bases[number] if len(rows) else np.zeros(len(here), bool)
            named.append((here[near_by], scores[at[near_by]]))
            let_in = slice(None) if allowed is None else allowed[rows]
            found.append((rows[let_in] + self._bases[number], scores[let_in]))
        keys, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        best = _first(keys, scores, depth)  # many are equally near: by key, which costs less than by docid
        other, values = (np.concatenate(parts) for parts in zip(*named, strict=True))
        sure = np.sort(keys[best])
        at = np.minimum(np.searchsorted(sure, other), max(0, len(sure) - 1))
        more = sure[at] != other if len(sure) else np.ones(len(other), bool)
        keys, scores = np.concatenate([keys[best], other[more]]), np.concatenate([scores[best], values[more]])
        order = ordered(keys, scores)
        return Ranking(keys[order], scores[order])

    def days(self, keys: Keys) -> Keys:
        return self._by_segment(keys, near.days)

    def in_period(self, keys: Keys, period: tuple[str, str]) -> Mask:
        return self._by_segment(keys, lambda segment, rows: self._dated(segment, period)[rows]).astype(bool)

    def places(self, key: int) -> list[PlaceMention]:
        return near.places(*self._locate(key))

    def dates(self, key: int) -> list[DateMention]:
        return near.dates(*self._locate(key))

    def facets(self, keys: Sequence[int]) -> Facets:
        ordered = np.sort(np.array(keys, np.int64))
        bounds = np.searchsorted(ordered, self._bases)
        return near.facets(
            [
                (segment, ordered[bounds[number] : bounds[number + 1]] - self._bases[number])
                for number, segment in enumerate(self._segments)
                if bounds[number] < bounds[number + 1]
            ]
        )

    def docids(self, keys: Sequence[int]) -> list[str]:
        return [segment.docid(row) for segment, row in map(self._locate, keys)]

    def fetch(self, keys: Sequence[int]) -> list[StoredChunk]:
        stored = []
        for segment, row in map(self._locate, keys):
            article_row, ordinal, start, end, *_ = segment.table[row].tolist()
            article = segment.article(article_row)
            chunk = Chunk(article.article_id, ordinal, start, end, article.text[start:end])
            stored.append(StoredChunk(chunk, article, tuple(self._copies.get(article.article_id, ()))))
        return stored

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        original, holder = self._copy_of.get(article_id, (article_id, None))
        for segment in self._segments:
            row = segment.row_of(original)
            if row is not None and row not in self._gone[segment.folder.name]:
                article = segment.article(row)
                same = tuple(sorted({original, *self._copies.get(original, ())} - {article_id}))
                if holder is None:
                    return article, same
                copy = holder.copy(article_id, article.text, article.sha256)
                if copy is None:
                    raise IndexDamaged(f"copy {article_id!r} is not in {holder.folder}: {layout.REMEDY}")
                return copy, same
        raise ArticleNotFound(both("article_unknown", id=article_id, name=self.manifest.collection))

    def holder(self, sha256: str) -> str | None:
        """Id of the live article with this text, None when there is none."""
        for segment in self._segments:
            for row in segment.rows_of_text(sha256):
                if row not in self._gone[segment.folder.name]:
                    return str(segment.ids[row])
        return None

    def document_frequency(self, term: str) -> int:
        return self._words.df(term)

    def document_frequencies(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        return self._words.dfs(terms)

    def sounds_like(self, skeleton: str) -> list[tuple[str, int]]:
        terms = {
            segment.terms.terms[int(i)] for segment in self._segments for i in segment.sounds.of(skeleton)[0].tolist()
        }
        listed = sorted(terms)
        return [(term, df) for term, df in zip(listed, self._words.dfs(listed).tolist(), strict=True) if df]

    def vocabulary(self) -> list[str]:
        if len(self._segments) == 1:
            return list(self._segments[0].terms.terms)
        return sorted({term for segment in self._segments for term in segment.terms.terms}, key=str.encode)

    def near_copies(self, key: int) -> tuple[str, ...]:
        segment, row = self._locate(key)
        article = int(segment.chunk_article[row])
        own = str(segment.ids[article])
        passage, whole = segment.near.chunks.labels[row], segment.near.articles.labels[article]
        found: dict[str, None] = {}
        for number, other in enumerate(self._segments):
            rows, live = other.near_chunks.rows(passage), self._live[number]
            homes = {*other.chunk_article[rows if live is None else rows[live[rows]]].tolist()}
            homes |= {*other.near_articles.rows(whole).tolist()}
            gone = self._gone[other.folder.name]
            for home in sorted(homes):
                if home not in gone:
                    found[str(other.ids[home])] = None
        found.pop(own, None)
        return tuple(found)

    def near_groups(self, keys: Sequence[int]) -> list[tuple[int, int]]:
        places = [self._locate(key) for key in keys]
        return [
            (int(s.near.chunks.labels[row]), int(s.near.articles.labels[s.chunk_article[row]])) for s, row in places
        ]

    def article_ids(self) -> list[str]:
        """Ids of all live articles and copies, in the order they came."""
        live = [
            article_id
            for segment in self._segments
            for row, article_id in enumerate(segment.ids)
            if row not in self._gone[segment.folder.name]
        ]
        return [*live, *sorted(self._copy_of)]

    def copies(self) -> dict[str, tuple[str, ...]]:
        return {original: tuple(ids) for original, ids in self._copies.items()}

    def close(self) -> None:
        """What it read is let go with it, or with whoever else reads the same segments."""
        self._lease.close()

    def _split(self, keys: Keys) -> Iterator[tuple[int, Mask | slice, Keys]]:
        """(number of a segment, which of the keys are in it, their rows there) for each that has some."""
        if len(self._segments) == 1 and len(keys):
            yield 0, slice(None), keys
            return
        for number in range(len(self._segments)):
            here = (keys >= self._bases[number]) & (keys < self._bases[number + 1])
            if here.any():
                yield number, here, keys[here] - self._bases[number]

    def _by_segment(self, keys: Keys, column: Callable[[Segment, Keys], npt.NDArray[Any]]) -> Keys:
        """For each key its value in a column over the rows of its segment."""
        values = np.zeros(len(keys), np.int64)
        for number, here, rows in self._split(keys):
            values[here] = column(self._segments[number], rows)
        return values

    def _best(self, found: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]], depth: int) -> Ranking:
        """The ``depth`` best of the segments' (keys, scores); among equals at the cut, those first by docid."""
        keys = np.concatenate([np.zeros(0, np.int64), *(k for k, _ in found)])
        scores = np.concatenate([np.zeros(0), *(s for _, s in found)])
        if len(keys) > depth:
            cut = np.partition(scores, len(scores) - depth)[len(scores) - depth]
            kept = np.flatnonzero(scores >= cut)
            keys, scores = keys[kept], scores[kept]
            if len(keys) > depth:
                sure, equal = np.flatnonzero(scores > cut), np.flatnonzero(scores == cut)
                docids = self.docids(keys[equal].tolist())
                equal = equal[sorted(range(len(equal)), key=docids.__getitem__)[: depth - len(sure)]]
                chosen = np.concatenate([sure, equal])
                keys, scores = keys[chosen], scores[chosen]
        order = ordered(keys, scores)
        return Ranking(keys[order], scores[order])

    def _locate(self, key: int) -> tuple[Segment, int]:
        number = int(np.searchsorted(self._bases, key, side="right")) - 1
        return self._segments[number], int(key - self._bases[number])


def _first(keys: Keys, scores: npt.NDArray[np.float64], depth: int) -> Keys:
    """Where the ``depth`` best are, equals at the end by key."""
    if len(keys) <= depth:
        return np.arange(len(keys))
    kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth])
    found: Keys = kept[ordered(keys[kept], scores[kept])[:depth]]
    return found


def _let_through(
    segments: Sequence[Segment], live: Sequence[Mask | None], dated: filtering.Dated, number: int, keep: Filter | None
) -> Mask | None:
    return filtering.let_through(segments[number], live[number], keep, dated)


def _alike(
    segments: Sequence[Segment], live: Sequence[Mask | None], words: ConceptSearch, term: str
) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    for segment in segments:
        found.update(segment.spellings.alike(term, MIN_LIKENESS))
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    if all(mask is None for mask in live):
        return best
    held = words.dfs([other for other, _ in best]).tolist()
    return [entry for entry, df in zip(best, held, strict=True) if df]
