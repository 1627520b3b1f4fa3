"""One pinned version of a collection: the legs' searches over its segments, and what they found fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service import alignment, analyzer
from service.backends.base import Filter, Keys, StoredChunk, Vectors
from service.backends.embedded import bag, filtering, kernels, near
from service.backends.embedded.concepts import ConceptSearch
from service.backends.embedded.pinned import Pinned
from service.backends.embedded.postings import Statistics
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.backends.embedded.view import View, of_one
from service.complaints import both
from service.errors import ArticleNotFound
from service.fusion import ordered
from service.places.area import Area
from service.records import Article, Chunk, Concept, DateMention, Facets, Language, PlaceMention, Ranking

Mask = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Placed = tuple[Keys, Scores]  # rows or keys, and how near the places lie that are named there
_READ_FIRST = 1_000  # articles: they hold most of the words of those found later
_WORDS_AT_ONCE = 1_000
_NEAR_KEPT = 32_000_000  # passages near an area that are remembered, at most: 32 countries of a million passages
_BY_FLAG = np.array([Language.ENGLISH, Language.ARABIC], object)  # by the last column of a segment's chunk table
MIN_LIKENESS = 0.5  # Dice's coefficient of letter trigrams


class EmbeddedReader:
    """See backends.base.Reader."""

    def __init__(
        self, source: Path | View, k1: float, b: float, epsilon: float, version: str | None = None,
        segments: Segments | None = None,
    ) -> None:  # fmt: skip
        """``source``: a collection's folder, or what is to be read of several. ``segments``: those open already."""
        view = source if isinstance(source, View) else of_one(Pinned(source, version, segments))
        self.manifest, self._parts, self._copy_at, self._pins = view
        self._segments = [part.segment for part in self._parts]
        self._live = [part.live for part in self._parts]
        self._in_arabic: list[int] = []  # chunks, once they are counted
        self._bases = np.cumsum([0, *(len(s) for s in self._segments)])
        self._article_bases = np.cumsum([0, *(len(s.ids) for s in self._segments)])
        self._copies: dict[str, list[str]] = {}
        for copy, at in sorted(self._copy_at.items(), key=itemgetter(0)):
            self._copies.setdefault(at.original, []).append(copy)
        bm25 = self.manifest.statistics
        statistics = Statistics(int(bm25["rows"]), bm25["mean_length"], bm25["mean_idf"])
        articles = int(bm25["articles"]), bm25["mean_article_length"]
        self._words = ConceptSearch(self._segments, self._live, statistics, (k1, b, epsilon), articles)
        # None of these may refer to this reader: a circle would keep its files open until the collector finds it.
        self.spelt_alike = lru_cache(maxsize=10_000)(partial(_alike, self._segments, self._live, self._words))
        areas = max(32, min(256, _NEAR_KEPT // max(1, int(self._bases[-1]))))
        self._near = lru_cache(maxsize=areas)(near.scores)
        self._dated = lru_cache(maxsize=64)(near.dated)
        self._allowed = lru_cache(maxsize=64)(  # every leg of a question has the same filter
            partial(_let_through, self._segments, self._live, self._dated)
        )
        self._nearest = lru_cache(areas)(partial(_nearest, self._segments, self._bases, self._near, self._allowed))

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
        arabic = self._by_segment(np.array(keys, np.int64), lambda segment, rows: segment.table[rows, 5])
        found: list[Language] = _BY_FLAG[arabic].tolist()
        return found

    def chunks_in(self, language: Language) -> int:
        if not self._in_arabic:
            every = zip(self._segments, self._live, strict=True)
            flags = (segment.table[:, 5] if live is None else segment.table[live, 5] for segment, live in every)
            self._in_arabic.append(sum(int(flag.sum()) for flag in flags))
        arabic = self._in_arabic[0]
        return arabic if language is Language.ARABIC else self.manifest.chunks - arabic

    def homes(self, keys: Sequence[int]) -> list[int]:
        found = np.zeros(len(keys), np.int64)
        sought = np.array(keys, np.int64)
        for number, here, rows in self._split(sought):
            found[here] = self._article_bases[number] + self._segments[number].chunk_article[rows]
        return found.tolist()

    def article_lengths(self, keys: Sequence[int]) -> list[int]:
        sought = np.array(keys, np.int64)
        found = self._by_segment(sought, lambda segment, rows: segment.article_lengths[segment.chunk_article[rows]])
        lengths: list[int] = found.tolist()
        return lengths

    def term_mass(
        self, keys: Sequence[int], shares: Sequence[float]
    ) -> tuple[Sequence[str], npt.NDArray[np.float64], Keys]:
        sought, share = np.array(keys, np.int64), np.array(shares, np.float64)
        parts = [(n, *bag.mass(self._segments[n], rows, share[here])) for n, here, rows in self._split(sought)]
        if len(self._segments) == 1 and parts:
            (_, numbers, mass), postings, live = parts[0], self._segments[0].terms, self._live[0]
            if live is None:
                df = postings.offsets[numbers + 1] - postings.offsets[numbers]
                return bag.Names(postings.terms, numbers, self._words.met), mass, df
        total: dict[str, float] = {}
        for n, numbers, mass in parts:
            names = self._segments[n].terms.terms
            for i, value in zip(numbers.tolist(), mass.tolist(), strict=True):
                total[names[i]] = total.get(names[i], 0.0) + value
        terms = sorted(total)
        return terms, np.array([total[term] for term in terms], np.float64), self._words.dfs(terms)

    def search_places(
        self, areas: Sequence[Area], depth: int, keep: Filter | None = None, among: Sequence[int] | Keys = ()
    ) -> Ranking:
        if not self._segments:
            return Ranking(np.zeros(0, np.int64), np.zeros(0))
        keys, scores, sure = self._nearest(tuple(areas), depth, keep)
        wanted = np.sort(np.array(among, np.int64))
        wanted = wanted[np.diff(wanted, prepend=-1) > 0]
        named = []
        for number, segment in enumerate(self._segments):
            here = wanted[slice(*np.searchsorted(wanted, self._bases[number : number + 2]))]
            named.append(_looked_up(self._near(segment, tuple(areas)), here - self._bases[number], here))
        other, values = (np.concatenate(parts) for parts in zip(*named, strict=True))
        at = np.minimum(np.searchsorted(sure, other), max(0, len(sure) - 1))
        more = sure[at] != other if len(sure) else np.ones(len(other), bool)
        keys, scores = np.concatenate([keys, other[more]]), np.concatenate([scores, values[more]])
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
        return [self._parts[number].docid(row) for number, row in map(self._place, keys)]

    def fetch(self, keys: Sequence[int]) -> list[StoredChunk]:
        stored = []
        for number, row in map(self._place, keys):
            article_row, ordinal, start, end, *_ = self._segments[number].table[row].tolist()
            article = self._parts[number].article(article_row)
            chunk = Chunk(article.article_id, ordinal, start, end, article.text[start:end])
            stored.append(StoredChunk(chunk, article, tuple(self._copies.get(article.article_id, ()))))
        return stored

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        at = self._copy_at.get(article_id)
        original = at.original if at else article_id
        for part in self._parts:
            row = part.row_of(original)
            if row is not None:
                article = part.article(row)
                same = tuple(sorted({original, *self._copies.get(original, ())} - {article_id}))
                return (at.read(article_id, article.text, article.sha256) if at else article), same
        unknown = "article_unknown_together" if len(self._pins) > 1 else "article_unknown"
        raise ArticleNotFound(both(unknown, id=article_id, name=self.manifest.collection))

    def holder(self, sha256: str) -> str | None:
        """Id of the live article with this text, None when there is none."""
        for part in self._parts:
            for row in part.segment.rows_of_text(sha256):
                if row not in part.gone:
                    return part.article_id(row)
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

    def near_copies(self, keys: Sequence[int]) -> list[tuple[str, ...]]:
        sought = np.array(keys, np.int64)
        passages, wholes = np.zeros(len(keys), np.uint64), np.zeros(len(keys), np.uint64)
        own = np.zeros((len(keys), 2), np.int64)  # number of the part, and the article there
        for number, here, rows in self._split(sought):
            part = self._parts[number]
            articles = part.segment.chunk_article[rows]
            passages[here], wholes[here] = part.near_chunks.labels[rows], part.near_articles.labels[articles]
            own[here, 0], own[here, 1] = number, articles
        found: list[list[str]] = [[] for _ in keys]
        homes = own.tolist()
        for number, part in enumerate(self._parts):
            same = zip(part.near_chunks.groups(passages), part.near_articles.groups(wholes), strict=True)
            for i, (rows, articles) in enumerate(same):
                if len(rows) + len(articles) == 2 and homes[i][0] == number:
                    continue  # the passage and its article alone
                rows = rows if part.live is None else rows[part.live[rows]]
                others = {*part.segment.chunk_article[rows].tolist(), *articles.tolist()} - part.gone
                found[i] += [part.article_id(home) for home in sorted(others) if [number, home] != homes[i]]
        return [tuple(ids) for ids in found]

    def near_groups(self, keys: Sequence[int]) -> list[tuple[int, int]]:
        found = []
        for number, row in map(self._place, keys):
            part = self._parts[number]
            article = part.segment.chunk_article[row]
            found.append((int(part.near_chunks.labels[row]), int(part.near_articles.labels[article])))
        return found

    def article_ids(self) -> list[str]:
        """Ids of all live articles and copies, in the order they came."""
        live = [
            part.prefix + article_id
            for part in self._parts
            for row, article_id in enumerate(part.segment.ids)
            if row not in part.gone
        ]
        return [*live, *sorted(self._copy_at)]

    def copies(self) -> dict[str, tuple[str, ...]]:
        return {original: tuple(ids) for original, ids in self._copies.items()}

    def warm(self) -> None:
        kernels.load_if_there()
        met: Counter[str] = Counter()
        every = sum(len(segment.ids) for segment in self._segments)
        for segment in self._segments:  # most passages are made of the words of a few
            share = min(len(segment.ids), -(-_READ_FIRST * len(segment.ids) // every)) if every else 0
            for row in np.linspace(0, len(segment.ids) - 1, share).astype(np.int64).tolist():
                met.update(analyzer.words(segment.article(row).text))
        for word in met:
            analyzer.terms(word)
        words = [word for word, times in met.items() if times > 1]
        for start in range(0, len(words), _WORDS_AT_ONCE):  # who asks meanwhile waits for no more than that
            if len(known := alignment.words_known()) + _WORDS_AT_ONCE < alignment.CACHED:
                known.rows(words[start : start + _WORDS_AT_ONCE])

    def notices(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """What it read is let go with it, or with whoever else reads the same segments."""
        for pin in self._pins:
            pin.close()

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
        if len(found) == 1:
            keys, scores = found[0]
        else:
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

    def _place(self, key: int) -> tuple[int, int]:
        """The number of a chunk's segment, and its row there."""
        number = int(np.searchsorted(self._bases, key, side="right")) - 1
        return number, int(key - self._bases[number])

    def _locate(self, key: int) -> tuple[Segment, int]:
        number, row = self._place(key)
        return self._segments[number], row


def _first(keys: Keys, scores: npt.NDArray[np.float64], depth: int) -> Keys:
    """Where the ``depth`` best are, equals at the end by key."""
    if len(keys) <= depth:
        return np.arange(len(keys))
    kept = np.flatnonzero(scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth])
    found: Keys = kept[ordered(keys[kept], scores[kept])[:depth]]
    return found


def _nearest(
    segments: Sequence[Segment], bases: Keys, near_by: Callable[[Segment, tuple[Area, ...]], Placed],
    allowed: Callable[[int, Filter | None], Mask | None], areas: tuple[Area, ...], depth: int, keep: Filter | None,
) -> tuple[Keys, Scores, Keys]:  # fmt: skip
    """The ``depth`` keys with the best scores, these scores, and the keys once more, ascending.

    Many are equally near: those at the end are chosen by key, which costs less than by docid.
    """
    found = []
    for number, segment in enumerate(segments):
        rows, scores = near_by(segment, areas)
        mask = allowed(number, keep)
        let_in = slice(None) if mask is None else mask[rows]
        found.append((rows[let_in] + bases[number], scores[let_in]))
    keys, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
    best = _first(keys, values, depth)
    return keys[best], values[best], np.sort(keys[best])


def _looked_up(placed: Placed, rows: Keys, keys: Keys) -> Placed:
    """Of rows, ascending, those that are among what lies near: their keys and scores."""
    known, scores = placed
    if not len(known):
        return keys[:0], scores
    at = np.minimum(np.searchsorted(known, rows), len(known) - 1)
    held = known[at] == rows
    return keys[held], scores[at[held]]


def _let_through(
    segments: Sequence[Segment], live: Sequence[Mask | None], dated: filtering.Dated, number: int, keep: Filter | None
) -> Mask | None:
    return filtering.let_through(segments[number], live[number], keep, dated)


def _alike(
    segments: Sequence[Segment], live: Sequence[Mask | None], words: ConceptSearch, term: str, most: int
) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    whole = all(mask is None for mask in live)
    met = words.met if whole and len(segments) == 1 else None
    for segment in segments:
        found.update(segment.spellings.alike(term, MIN_LIKENESS, most if whole else 0, met))
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    if whole:
        return best[:most]
    held = words.dfs([other for other, _ in best]).tolist()
    return [entry for entry, df in zip(best, held, strict=True) if df][:most]
