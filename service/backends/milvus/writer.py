"""The one writer of a collection on a server: holds what is new until ``commit``, then writes and publishes it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from service.backends.base import NOTHING_FOUND, Packer, Prepared, Vectors
from service.backends.embedded.kinship import Kinship
from service.backends.embedded.postings import mean_idf
from service.backends.embedded.rows import NEAR_COPIES, Rows, packer
from service.backends.embedded.writer import check_recipe
from service.backends.milvus import dictionary as words_of
from service.backends.milvus import facts, kin
from service.backends.milvus.bags import Bags, raw
from service.backends.milvus.dictionary import Change, Dictionary
from service.backends.milvus.entities import Bm25, Entities, Numbered, copy_row
from service.backends.milvus.locks import Lock
from service.backends.milvus.reader import MilvusReader
from service.backends.milvus.records import Records
from service.backends.milvus.schema import ARTICLES, FOREVER, FORMAT, PASSAGES, key_of, live_in, names, on_server
from service.backends.milvus.server import Server
from service.backends.milvus.stored import part_name
from service.backends.milvus.versions import Version, Versions, name_of, number_of
from service.complaints import both
from service.duplicates import Kin
from service.errors import ArticleNotFound, EngineIncomplete
from service.records import Annotations, Article, Chunk, Manifest

KEPT = 2  # versions: the published one and the one before it
_KNOWN = 2_000_000  # articles up to which their ids are held, so that new ones need not be asked for
_MOVED = 500  # rows that are marked as deleted together
_LAG_S = 6.0  # "bounded" consistency of a server, 5 s unless it is told otherwise, and one more
_COUNTS = 20  # a second between two: a query node that joins counts what it has loaded
_EMPTY = np.zeros(0, np.int64)


class MilvusWriter:
    """See backends.base.Writer. ``fresh``: the next version starts empty, whatever the last one was made with."""

    def __init__(
        self, server: Server, records: Records, collection: str, recipe: Mapping[str, str], dim: int,
        bm25: tuple[float, float, float], sample: int, shards: int, replicas: int, fresh: bool = False,
        timeout_s: float = 0.0,
    ) -> None:  # fmt: skip
        self._server, self._records, self._versions = server, records, Versions(records)
        self._collection, self._recipe, self._dim, self._bm25 = collection, dict(recipe), dim, bm25
        self._sample, self._shards, self._replicas = sample, shards, replicas
        self.pack: Packer = packer(recipe)
        self._alike = Kin.of(recipe, NEAR_COPIES).alike
        self.extra: dict[str, str] = {}
        self._reader: MilvusReader | None = None
        self._lock = Lock(server, records, collection, timeout_s)
        try:
            self._open(fresh)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, fresh: bool = False) -> None:
        published = self._versions.published(self._collection)
        self._base: Version | None = None
        self._before = self._versions.get(self._collection, published) if published and fresh else None
        self._number = number_of(published or "") + 1
        self._new: dict[str, str] = {}  # id -> sha256, of everything added since the last commit
        self._new_texts: dict[str, str] = {}  # sha256 -> id
        self._batches: list[Rows] = []
        self._copies: list[tuple[Article, str]] = []
        self._removed: dict[str, bool] = {}  # id -> whether it is a copy
        self._ids: frozenset[int] | None = None
        if published and not fresh:
            self._base = self._versions.get(self._collection, published)
            check_recipe(self._base.manifest, self._recipe, "engine_recipe")
            self._undo(self._base)
            self._words = self._versions.dictionary(self._base)
            if self._reader:
                self._reader.close()
            self._reader = MilvusReader(
                self._server, self._records, self._base, self._words, self._bm25[2], 1, float("inf")
            )
            self.extra = dict(self._base.manifest.extra)
            if self._base.manifest.articles + self._base.manifest.copies <= _KNOWN:
                rows = self._server.every(
                    self._base.articles, live_in(self._base.number), ["id", "article_key", "text_key"]
                )
                self._ids = frozenset(key for row in rows for key in (row["article_key"], row["text_key"]))
        else:
            self._words = Dictionary()

    def known(self, article_id: str) -> str | None:
        if article_id in self._new:
            return self._new[article_id]
        try:
            return self.article(article_id)[0].sha256
        except ArticleNotFound:
            return None

    def holder(self, sha256: str) -> str | None:
        if sha256 in self._new_texts:
            return self._new_texts[sha256]
        if self._reader is None or (self._ids is not None and key_of(sha256) not in self._ids):
            return None
        found = self._reader.holder(sha256)
        return None if found in self._removed else found

    def add(
        self, article: Article, chunks: Sequence[Chunk], terms: Iterable[Sequence[str]], vectors: Vectors,
        found: Annotations = NOTHING_FOUND,
    ) -> None:  # fmt: skip
        self.add_packed(self.pack([Prepared(article, chunks, list(terms), vectors, found)]))

    def add_packed(self, packed: Rows) -> None:
        self._batches.append(packed)
        for columns in packed.stored:
            article_id, sha256 = str(columns[0]), str(columns[8])
            self._new[article_id] = sha256
            self._new_texts[sha256] = article_id

    def add_copy(self, article: Article, original: str) -> None:
        self._copies.append((article, original))
        self._new[article.article_id] = article.sha256

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        missing = self._ids is not None and key_of(article_id) not in self._ids
        if self._reader is None or article_id in self._removed or missing:
            raise ArticleNotFound(both("article_unknown", id=article_id, name=self._collection))
        return self._reader.article(article_id)

    def delete(self, article_id: str) -> None:
        """Take a published article or copy out; what was added since the last commit cannot be deleted before it."""
        found, _ = self.article(article_id)
        assert self._reader is not None
        self._removed[article_id] = self._reader.holder(found.sha256) != article_id

    def commit(self) -> Manifest:
        """Writes rows that no version shows yet, counts them, then publishes in one upsert."""
        base = self._base
        if base and not (self._batches or self._copies or self._removed) and self.extra == base.manifest.extra:
            return base.manifest
        generation = base.generation if base else 1 + (self._before.generation if self._before else 0)
        passages, articles = names(self._collection, generation)
        if base is None:
            for name, layout in ((passages, PASSAGES), (articles, ARTICLES)):
                if name in self._server.names():
                    self._server.drop(name)  # left by a writer that died
                self._server.create(name, layout, self._dim, self._shards, self._replicas)
        bm25 = base.bm25 if base else _measured(self._batches, *self._bm25[:2])
        gone = self._take_out(passages, articles)
        self._lock.renew()
        come, counts = self._put_in(passages, articles, bm25)
        manifest = self._counted(generation, bm25, gone, come, counts)
        self._check(passages, articles, manifest)
        self._versions.write(manifest, self._words)
        self._versions.publish(manifest)
        self._server.alias(f"rasad_{on_server(self._collection)}", passages)
        self._retire(manifest)
        self._before = None
        self._open()
        return manifest

    def close(self) -> None:
        if self._reader:
            self._reader.close()
        self._lock.release()

    def _take_out(self, passages: str, articles: str) -> Change:
        """Mark what was deleted; what it takes from the dictionary."""
        self._lost = [0, 0, 0]  # passages, articles, terms
        terms, owners, counts, df = [_EMPTY], [_EMPTY], [_EMPTY], np.zeros(len(self._words), np.int64)
        removed = list(self._removed)
        for start in range(0, len(removed), _MOVED):
            keys = [key_of(name) for name in removed[start : start + _MOVED]]
            rows = self._rows(articles, f"article_key in {keys}")
            rows = [row for row in rows if row["article_id"] in self._removed or not row["article_id"]]
            self._mark(articles, rows)
            holders = [row for row in rows if not row["copy"]]
            bags = Bags.of([raw(row["bag"]) for row in holders])
            terms.append(self._words.rows_of(bags.number))
            owners.append(np.array([row["id"] for row in holders], np.int64)[bags.row])
            counts.append(bags.count.astype(np.int64))
            self._lost[1] += len(holders)
            for row in holders:  # one article may have thousands of passages
                own = self._rows(passages, f"home == {row['id']}")
                self._mark(passages, own)
                self._lost[0] += len(own)
                self._lost[2] += sum(int(passage["length"]) for passage in own)
                found = Bags.of([raw(passage["bag"]) for passage in own])
                np.add.at(df, self._words.rows_of(found.number), 1)
        term = np.concatenate(terms)
        held, which = np.unique(term, return_inverse=True)
        return Change(
            [self._words.names[row] for row in held.tolist()], which.astype(np.int64), np.concatenate(owners),
            np.concatenate(counts), df[held],
        )  # fmt: skip

    def _rows(self, name: str, where: str) -> list[dict[str, Any]]:
        """Whole rows of the published version."""
        assert self._base is not None
        fields = [*(ARTICLES if name == self._base.articles else PASSAGES)]
        return list(self._server.every(name, f"{live_in(self._base.number)} and {where}", fields))

    def _mark(self, name: str, rows: Sequence[dict[str, Any]], died: int | None = None) -> None:
        self._server.put(name, [{**row, "died": self._number if died is None else died} for row in rows])

    def _put_in(self, passages: str, articles: str, bm25: Bm25) -> tuple[Change, tuple[int, int, int]]:
        """Write what is new; what it brings to the dictionary, and the next numbers and the terms in all."""
        base = self._base
        next_passage, next_article = (base.next_passage, base.next_article) if base else (0, 0)
        first = next_article
        names: dict[str, int] = {}
        for batch in self._batches:
            for name in batch.terms.names:
                names.setdefault(name, len(names))
        numbers = words_of.numbered(names, self._words)
        where = live_in(base.number) if base else ""
        server = self._server if base else None
        near_articles = kin.grouped([b.near.articles for b in self._batches], self._alike, server, articles, where)
        near_passages = kin.grouped([b.near.chunks for b in self._batches], self._alike, server, passages, where)
        terms, owners, counts, df = [_EMPTY], [_EMPTY], [_EMPTY], np.zeros(len(names), np.int64)
        done = 0
        for batch in self._batches:
            near = (
                _slice(near_articles, next_article - first, len(batch.ids)),
                _slice(near_passages, done, len(batch.chunks)),
            )
            rows = Entities(batch, numbers, bm25, Numbered(next_passage, next_article, self._number), near)
            self._server.put(passages, rows.passages())
            for row, rest in rows.articles():
                self._put_article(articles, row, rest)
            own = np.array([names[name] for name in batch.terms.names], np.int64)[batch.terms.ids]
            np.add.at(df, own, 1)
            homes = next_article + batch.chunks[:, 0].astype(np.int64)[batch.terms.rows]
            pairs, which = np.unique(homes * 2**32 + own, return_inverse=True)
            terms.append(pairs & 0xFFFFFFFF)
            owners.append(pairs >> 32)
            counts.append(np.bincount(which, batch.terms.counts, minlength=len(pairs)).astype(np.int64))
            done += len(batch.chunks)
            next_passage, next_article = next_passage + len(batch.chunks), next_article + len(batch.ids)
            self._lock.renew()
        self._flush_articles(articles)
        for copy, original in self._copies:
            self._put_article(articles, *copy_row(next_article, self._number, copy, original))
            next_article += 1
        self._flush_articles(articles)
        change = Change(list(names), np.concatenate(terms), np.concatenate(owners), np.concatenate(counts), df)
        self._numbers = numbers
        return change, (next_passage, next_article, sum(int(b.chunks[:, 4].sum()) for b in self._batches))

    _waiting: tuple[dict[str, Any], ...] = ()

    def _put_article(self, articles: str, row: dict[str, Any], rest: Sequence[str]) -> None:
        for i, part in enumerate(rest, 1):
            self._records.put(part_name(articles, row["id"], i), part.encode())
        self._waiting = (*self._waiting, row)
        if len(self._waiting) >= 100:
            self._flush_articles(articles)

    def _flush_articles(self, articles: str) -> None:
        self._server.put(articles, self._waiting)
        self._waiting = ()

    def _counted(
        self, generation: int, bm25: Bm25, gone: Change, come: Change, counts: tuple[int, int, int]
    ) -> Manifest:
        base = self._base.manifest if self._base else None
        places = {facts.number_of(place): place for batch in self._batches for place in batch.found.places}
        self._words = words_of.changed(self._words, come, self._numbers, gone, places, self._sample)
        before = base.statistics if base else {"rows": 0, "articles": 0, "terms": 0}
        lost = self._lost
        rows = int(before["rows"]) + sum(len(b.chunks) for b in self._batches) - lost[0]
        articles = int(before["articles"]) + sum(len(b.ids) for b in self._batches) - lost[1]
        copies = (base.copies if base else 0) + len(self._copies) - sum(self._removed.values())
        terms = before["terms"] + counts[2] - lost[2]
        statistics = {
            "rows": rows, "articles": articles, "terms": terms, "k1": bm25.k1, "b": bm25.b,
            "mean_length": bm25.mean_length, "mean_article_length": bm25.mean_article_length,
            "live_mean_length": terms / rows if rows else 0.0, "mean_idf": mean_idf(rows, self._words.df),
        }  # fmt: skip
        place = {
            "id": f"g{generation:06d}", "generation": generation, "next_passage": counts[0], "next_article": counts[1],
        }  # fmt: skip
        return Manifest(
            name_of(self._number), self._collection, datetime.now(UTC).isoformat(timespec="seconds"), FORMAT,
            self._recipe, articles, copies, rows, 0, (place,), statistics, self.extra,
        )  # fmt: skip

    def _check(self, passages: str, articles: str, manifest: Manifest) -> None:
        """What was written is what is there, for every reader: a search may lag behind a write by so many seconds."""
        if not self._server.lite:
            time.sleep(_LAG_S)
        live = live_in(self._number)
        for name, wanted in ((passages, manifest.chunks), (articles, manifest.articles + manifest.copies)):
            self._server.flush(name)
            for _ in range(_COUNTS):
                if (found := self._server.count(name, live)) == wanted:
                    break
                time.sleep(1)
            else:
                raise EngineIncomplete(
                    f"Milvus has {found:,} rows in {name} where {wanted:,} were written: nothing was "
                    "published, run again"
                )

    def _undo(self, base: Version) -> None:
        """Take away what a writer left that died before it published."""
        for name in (base.passages, base.articles):
            fields = [*(ARTICLES if name == base.articles else PASSAGES)]
            self._server.load(name, self._replicas)
            where = f"died > {base.number} and died < {FOREVER} and born <= {base.number}"
            marked = list(self._server.every(name, where, fields))
            self._mark(name, marked, FOREVER)
            if self._server.count(name, f"born > {base.number}"):
                self._server.delete(name, f"born > {base.number}")

    def _retire(self, manifest: Manifest) -> None:
        """Remove versions before the last KEPT, and rows and collections that none of these shows."""
        oldest = self._number - KEPT + 1
        generation = int(str(manifest.segments[0]["generation"]))
        kept = generation - 1 if self._before else generation  # collections whose rows a kept version shows
        self._versions.drop(self._collection, [name_of(n) for n in range(oldest - 1, max(0, oldest - 6), -1)])
        for name in names(self._collection, generation):
            gone = f"died > 0 and died <= {oldest}"
            if self._server.count(name, gone):
                self._server.delete(name, gone)
        present = set(self._server.names())
        for old in range(max(1, kept - 3), kept):
            for name in present.intersection(names(self._collection, old)):
                self._server.drop(name)


def _slice(near: Kinship, start: int, size: int) -> Kinship:
    return Kinship(near.keys[:, start : start + size], near.labels[start : start + size])


def _measured(batches: Sequence[Rows], k1: float, b: float) -> Bm25:
    """With the mean lengths of what is written first; they stay as long as these vectors do."""
    length = sum(int(batch.chunks[:, 4].sum()) for batch in batches)
    rows, articles = (sum(len(part) for part in parts) for parts in
                      ([b.chunks for b in batches], [b.ids for b in batches]))  # fmt: skip
    return Bm25(k1, b, length / rows if rows else 0.0, length / articles if articles else 0.0)
