"""One pinned version of a collection on a server: the legs' searches, and what they found fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service import analyzer
from service.backends.base import Filter, Keys, StoredChunk, Vectors
from service.backends.embedded import kernels
from service.backends.embedded.filtering import stands_in
from service.backends.embedded.near import facets_of, iso_of
from service.backends.milvus import placed
from service.backends.milvus.bags import Bags
from service.backends.milvus.canary import Canary
from service.backends.milvus.candidates import Wanted, WordSearch, best
from service.backends.milvus.conditions import Conditions, any_of
from service.backends.milvus.dictionary import Dictionary
from service.backends.milvus.records import Records
from service.backends.milvus.schema import key_of, live_in
from service.backends.milvus.scoring import Asked, Statistics
from service.backends.milvus.server import MOST, PAGE, Server
from service.backends.milvus.stored import Stored
from service.backends.milvus.versions import Version
from service.complaints import both
from service.errors import ArticleNotFound
from service.fusion import ordered
from service.places.area import Area
from service.places.label import joined
from service.records import Article, Chunk, Concept, DateMention, Facets, Language, Manifest, PlaceMention, Ranking

MIN_LIKENESS = 0.5  # as the embedded reader's
_TIED = 64  # further hits asked for, so that equals at the end can be told apart by docid
_CHECKED_PHRASES = 5_000  # passages whose text is read for words that must stand together


class MilvusReader:
    """See backends.base.Reader."""

    def __init__(
        self, server: Server, records: Records, version: Version, words: Dictionary, epsilon: float, articles: int,
        canary_s: float,
    ) -> None:  # fmt: skip
        """``articles``: whole articles looked at by one search of words."""
        self._server = server
        self.manifest: Manifest = version.manifest
        self._words = words
        self._live = live_in(version.number)
        self._statistics = Statistics.of(version.manifest, version.bm25, epsilon)
        self._stored = Stored(server, records, version.passages, version.articles, self._live)
        self._conditions = Conditions(words, self._standing, self._listed if server.lite else None)
        self._of_passages = lru_cache(maxsize=64)(self._conditions.of_passages)
        self._asked = lru_cache(maxsize=64)(self._looked_up)
        self.spelt_alike = lru_cache(maxsize=50_000)(self._alike)
        self._weights = lru_cache(maxsize=64)(self._conditions.weights)
        self._naming = lru_cache(maxsize=16)(self._stored.passages_where)  # one search looks for the same places twice
        self._in_arabic: int | None = None  # passages, once they are counted
        self._canary = Canary(server, version, canary_s)
        self._canary.check()
        self._words_of = WordSearch(server, self._stored, self._canary, articles)

    def warm(self) -> None:
        kernels.load_if_there()
        self.chunks_in(Language.ARABIC)

    def notices(self) -> tuple[str, ...]:
        return self._canary.notices()

    def search_terms(
        self, concepts: Sequence[Concept], depth: int, keep: Filter | None = None, article_weight: float = 0.0
    ) -> Ranking:
        asked = self._asked(_frozen(concepts))
        if not len(asked):
            return _nothing()
        where = self._where(keep)
        if asked.plain and not article_weight:
            least = min(depth, 0 if keep else asked.most)
            return self._searched("sparse", asked.lean(asked.weights), depth, where, least)
        articles = self._articles_where(keep) if article_weight else ""
        return self._words_of.ranking(asked, depth, Wanted(where, articles, bool(keep)), article_weight)

    def search_vector(self, vector: Vectors, depth: int, keep: Filter | None = None) -> Ranking:
        least = 0 if keep else min(depth, self.manifest.chunks)
        return self._searched("dense", vector.astype(np.float32), depth, self._where(keep), least)

    def best_possible(self, concepts: Sequence[Concept], article_weight: float = 0.0) -> float:
        return self._asked(_frozen(concepts)).best_possible(article_weight)

    def languages(self, keys: Sequence[int]) -> list[Language]:
        rows = self._stored.scored.of(keys)
        return [Language.ARABIC if row.arabic else Language.ENGLISH for row in rows]

    def chunks_in(self, language: Language) -> int:
        if self._in_arabic is None:
            passages, live = self._stored.passages, self._live
            english, arabic = (self._server.count(passages, f"{live} and arabic == {flag}") for flag in (0, 1))
            if english + arabic != self.manifest.chunks:  # a node lacks some of them for now: counted again next time
                return arabic if language is Language.ARABIC else english
            self._in_arabic = arabic
        return self._in_arabic if language is Language.ARABIC else self.manifest.chunks - self._in_arabic

    def homes(self, keys: Sequence[int]) -> list[int]:
        return [row.home for row in self._stored.scored.of(keys)]

    def article_lengths(self, keys: Sequence[int]) -> list[int]:
        return [whole.length for whole in self._stored.wholes.of(self.homes(keys))]

    def term_mass(
        self, keys: Sequence[int], shares: Sequence[float]
    ) -> tuple[Sequence[str], npt.NDArray[np.float64], Keys]:
        rows = self._stored.scored.of(keys)
        bags = Bags.of([row.bag for row in rows])
        each = np.array([share / max(1, row.length) for row, share in zip(rows, shares, strict=True)], np.float64)
        held, which = np.unique(self._words.rows_of(bags.number), return_inverse=True)
        counts = np.minimum(bags.count, 255)  # as the forward index of a segment keeps them
        mass = np.bincount(which, counts * each[bags.row], minlength=len(held)).astype(np.float64)
        return [self._words.names[row] for row in held.tolist()], mass, self._words.df[held]

    def search_places(
        self, areas: Sequence[Area], depth: int, keep: Filter | None = None, among: Sequence[int] | Keys = ()
    ) -> Ranking:
        fits = [(area, self._weights(area)) for area in areas]
        numbers: dict[int, float] = {}
        for _, own in fits:
            for number, fit in own.items():
                numbers[number] = max(fit, numbers.get(number, 0.0))
        keys = {*np.array(among, np.int64).tolist()}
        for tier in _tiers(numbers):
            found = self._naming(f"{self._where(keep)} and {any_of('places', tier)}", min(depth, PAGE))
            keys.update(found)
            if len(found) >= depth:
                break
        listed = np.array(sorted(keys), np.int64)
        scores = placed.scores(self._stored, listed, fits) if len(listed) else np.zeros(0)
        kept = scores > 0
        order = ordered(listed[kept], scores[kept])
        return Ranking(listed[kept][order], scores[kept][order])

    def days(self, keys: Keys) -> Keys:
        return np.array([row.published for row in self._stored.scored.of(keys.tolist())], np.int64)

    def in_period(self, keys: Keys, period: tuple[str, str]) -> npt.NDArray[np.bool_]:
        first = date.fromisoformat(period[0]).toordinal() if period[0] else 1
        last = date.fromisoformat(period[1]).toordinal() if period[1] else date.max.toordinal()
        inside = []
        days, told = self.days(keys).tolist(), self._stored.told.of(keys.tolist())
        for day, one in zip(days, told, strict=True):
            dates = one.facts.dates.tolist()
            named = any(e - b <= 31 and b <= last and e >= first for b, e, _, _ in dates)
            inside.append(first <= day <= last or named)
        return np.array(inside, bool)

    def places(self, key: int) -> list[PlaceMention]:
        found = []
        for number, start, length, sure in self._stored.told.of([key])[0].facts.mentions.tolist():
            place = self._words.places[number] if number >= 0 else None
            found.append(PlaceMention(start, start + length, place, sure / 100))
        return found

    def dates(self, key: int) -> list[DateMention]:
        rows = self._stored.told.of([key])[0].facts.dates.tolist()
        return [DateMention(start, start + length, iso_of(first), iso_of(last)) for first, last, start, length in rows]

    def facets(self, keys: Sequence[int]) -> Facets:
        told, scored = self._stored.told.of(keys), self._stored.scored.of(keys)
        articles = {row.home: (day.published, row.source, row.language) for row, day in zip(told, scored, strict=True)}
        named = {(row.home, number) for row in told for number in row.facts.mentions[:, 0].tolist() if number >= 0}
        places: Counter[str] = Counter()
        for _, number in named:
            place = self._words.places[number]
            places[joined(place.name_en, place.admin1, place.country)] += 1
        return facets_of(
            Counter(day for day, _, _ in articles.values() if day > 0),
            Counter(source for _, source, _ in articles.values()),
            Counter(language for _, _, language in articles.values()),
            places,
        )

    def near_copies(self, keys: Sequence[int]) -> list[tuple[str, ...]]:
        told = self._stored.told.of(keys)
        if not told:
            return []
        labels, wholes = sorted({one.near for one in told}), sorted({one.near_article for one in told})
        homes: dict[tuple[bool, int], set[int]] = {}
        for row in self._server.rows(
            self._stored.passages, f"{self._live} and near in {labels}", ["id", "home", "near"], PAGE
        ):
            homes.setdefault((False, int(row["near"])), set()).add(int(row["home"]))
        where = f"{self._live} and copy == 0 and near in {wholes}"
        for row in self._server.rows(self._stored.articles, where, ["id", "near"], PAGE):
            homes.setdefault((True, int(row["near"])), set()).add(int(row["id"]))
        nobody: set[int] = set()
        others = [
            (homes.get((False, one.near), nobody) | homes.get((True, one.near_article), nobody)) - {one.home}
            for one in told
        ]
        every = sorted(set[int]().union(*others))
        names = dict(zip(every, self._ids(every), strict=True))
        return [tuple(names[home] for home in sorted(found)) for found in others]

    def near_groups(self, keys: Sequence[int]) -> list[tuple[int, int]]:
        return [(row.near % 2**64, row.near_article % 2**64) for row in self._stored.told.of(keys)]

    def docids(self, keys: Sequence[int]) -> list[str]:
        return self._stored.docids(keys)

    def fetch(self, keys: Sequence[int]) -> list[StoredChunk]:
        stored = []
        told = self._stored.told.of(keys)
        articles = self._stored.texts([row.home for row in told])
        copies = self._copies_of([article.article_id for article in articles])
        for row, article in zip(told, articles, strict=True):
            chunk = Chunk(article.article_id, row.ordinal, row.start, row.stop, article.text[row.start : row.stop])
            stored.append(StoredChunk(chunk, article, copies.get(article.article_id, ())))
        return stored

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        row = self._stored.named(article_id)
        if row is None:
            raise ArticleNotFound(both("article_unknown", id=article_id, name=self.manifest.collection))
        found = self._stored.article(row)
        if not row["copy"]:
            return found, self._copies_of([article_id]).get(article_id, ())
        holder = self._stored.article_row(f"copy == 0 and article_key == {row['original_key']}")
        if holder is None:
            raise ArticleNotFound(f"article {article_id!r} is a copy of one that is not there: rebuild the collection")
        original = self._stored.article(holder)
        others = {original.article_id, *self._copies_of([original.article_id]).get(original.article_id, ())}
        return replace(found, text=original.text, sha256=original.sha256), tuple(sorted(others - {article_id}))

    def holder(self, sha256: str) -> str | None:
        """Id of the live article with this text, None when there is none."""
        row = self._stored.article_row(f"copy == 0 and text_key == {key_of(sha256)}")
        return self._stored.article(row).article_id if row else None

    def document_frequency(self, term: str) -> int:
        return int(self.document_frequencies([term])[0])

    def document_frequencies(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        rows = self._words.find(terms)
        return np.where(rows >= 0, self._words.df[np.maximum(rows, 0)], 0) if len(self._words) else rows * 0

    def sounds_like(self, skeleton: str) -> list[tuple[str, int]]:
        terms = self._words.sounding(skeleton)
        return [(term, df) for term, df in zip(terms, self.document_frequencies(terms).tolist(), strict=True) if df]

    def vocabulary(self) -> Sequence[str]:
        return self._words.names

    def article_ids(self) -> list[str]:
        """Ids of all live articles, in the order they came, and then of the copies."""
        found = list(self._server.every(self._stored.articles, self._live, ["id", "article_id", "copy"]))
        self._canary.compare(len(found), self.manifest.articles + self.manifest.copies, "articles")
        names = {int(row["id"]): str(row["article_id"]) for row in found}
        for number in [number for number, name in names.items() if not name]:
            names[number] = self._stored.text(number).article_id
        holders = [names[int(row["id"])] for row in found if not row["copy"]]
        return [*holders, *sorted(names[int(row["id"])] for row in found if row["copy"])]

    def copies(self) -> dict[str, tuple[str, ...]]:
        ids = self._copies_of(None)
        return dict(sorted(ids.items()))

    def close(self) -> None:
        self._words_of.close()

    def _looked_up(self, concepts: tuple[tuple[tuple[tuple[str, float], ...], float], ...]) -> Asked:
        found = [Concept("", dict(terms), weight) for terms, weight in concepts]
        return Asked(found, self._words, self._statistics)

    def _where(self, keep: Filter | None) -> str:
        more = self._of_passages(keep) if keep else ""
        return f"{self._live} and {more}" if more else self._live

    def _articles_where(self, keep: Filter | None) -> str:
        more = self._conditions.of_articles(keep)
        return f"{self._live} and {more}" if more else self._live

    def _searched(self, field: str, vector: object, depth: int, where: str, least: int) -> Ranking:
        """What the server's own scores give; ``least``: hits that there must be."""
        most = min(MOST, depth + _TIED)
        found = self._server.search(self._stored.passages, field, vector, most, where)
        if found.whole and len(found.keys) < max(least, 1) and self._canary.waited():
            found = self._server.search(self._stored.passages, field, vector, most, where)
        self._canary.look(len(found.keys), found.whole)
        return best(self._stored, found.keys, found.scores, depth)

    def _standing(self, phrase: tuple[str, ...], where: str) -> list[int]:
        """Passages, among those a condition holds for, in whose text or title the words stand one after the other."""
        fields = ["id", "home", "start", "stop"]
        rows = self._server.rows(self._stored.passages, f"{self._live} and {where}", fields, _CHECKED_PHRASES)
        if len(rows) == _CHECKED_PHRASES:
            self._canary.note("phrase_cut")
        found = []
        for row in rows:
            article = self._stored.text(int(row["home"]))
            parts = (article.text[row["start"] : row["stop"]], article.title)
            if any(stands_in(phrase, analyzer.terms(part)) for part in parts):
                found.append(int(row["id"]))
        return found

    def _listed(self, where: str) -> list[int]:
        found = self._server.every(self._stored.passages, f"{self._live} and {where}", ["id"])
        return [int(row["id"]) for row in found]

    def _ids(self, numbers: Sequence[int]) -> list[str]:
        """Article ids of numbers, in their order."""
        if not numbers:
            return []
        rows = self._server.rows(
            self._stored.articles, f"{self._live} and id in {list(numbers)}", ["id", "article_id"], PAGE
        )
        return [str(row["article_id"]) or self._stored.text(int(row["id"])).article_id for row in rows]

    def _copies_of(self, article_ids: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
        """Ids of the copies of some articles, of all for None."""
        if not self.manifest.copies:
            return {}
        fields = ["id", "article_id", "blob", "parts", "original_key"]
        where = f"{self._live} and copy == 1"
        if article_ids is not None:
            where += f" and original_key in {sorted({key_of(name) for name in article_ids})}"
        found: dict[int, list[str]] = {}
        for row in self._server.every(self._stored.articles, where, fields):
            name = str(row["article_id"]) or self._stored.article(row).article_id
            found.setdefault(int(row["original_key"]), []).append(name)
        if article_ids is None:
            holders = self._server.every(
                self._stored.articles, f"{self._live} and copy == 0 and article_key in {sorted(found)}",
                ["id", "article_id", "blob", "parts"],
            )  # fmt: skip
            article_ids = [str(row["article_id"]) or self._stored.article(row).article_id for row in holders]
        return {name: tuple(sorted(found[key])) for name in article_ids if (key := key_of(name)) in found}

    def _alike(self, term: str, most: int) -> list[tuple[str, float]]:
        found = self._words.spellings.alike(term, MIN_LIKENESS) if len(self._words) else {}
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        held = self.document_frequencies([other for other, _ in best]).tolist()
        return [entry for entry, df in zip(best, held, strict=True) if df][:most]


def _frozen(concepts: Sequence[Concept]) -> tuple[tuple[tuple[tuple[str, float], ...], float], ...]:
    return tuple((tuple(concept.terms.items()), concept.weight) for concept in concepts)


def _tiers(numbers: Mapping[int, float]) -> Iterable[list[int]]:
    """Places by how well they fit, best first: those that are wholly meant, then the others."""
    if not numbers:
        return
    best = max(numbers.values())
    first = sorted(number for number, fit in numbers.items() if fit >= best)
    yield first
    if rest := sorted(set(numbers) - set(first)):
        yield rest


def _nothing() -> Ranking:
    return Ranking(np.zeros(0, np.int64), np.zeros(0))
