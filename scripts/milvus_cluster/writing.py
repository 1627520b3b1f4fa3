"""Two writers that never rest: rows by batches through our door to Milvus, articles by commits of the whole backend."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from milvus_cluster.ledger import Ledger, Verdict
from service.backends.milvus.schema import PASSAGES, Kind, live_in
from service.backends.milvus.server import PAGE, Server
from service.engine import Engine
from service.errors import ServiceError
from service.records import Article

ROWS = "rasad_cluster_test_rows"
EVERY_S, BATCH, MOST = 0.25, 10, 2_000  # keys; small, as the broker keeps little
PATIENCE_S = 240.0  # for one commit: a writer's lease of 120 s may have to run out


class Beside:
    """Something done again and again in a thread of its own, between start and stop."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _ended(self, wait_s: float) -> bool:
        """Whether it has come to its end, asked to, within so long."""
        self._stop.set()
        if self._thread:
            self._thread.join(wait_s)
        return not (self._thread and self._thread.is_alive())

    def _run(self) -> None:
        raise NotImplementedError


class Rows(Beside):
    """Batches upserted and deleted, each acknowledged or not; a row's revision is in its field ``length``."""

    def __init__(self, server: Server, dim: int, shards: int, replicas: int) -> None:
        super().__init__()
        self._server, self._dim = server, dim
        self._ledger, self._revision = Ledger(), 0
        self._chance = random.Random(2)
        server.create(ROWS, PASSAGES, dim, shards, replicas)

    def stop(self) -> None:
        self._ended(120)

    def verdict(self) -> Verdict:
        """Once nothing is written any more."""
        self._server.flush(ROWS)
        found = []
        keys = self._ledger.keys
        for start in range(0, len(keys), 1_000):
            rows = self._server.rows(
                ROWS, f"id in {keys[start : start + 1_000]}", ["id", "length"], limit=PAGE, strong=True
            )
            found += [(int(row["id"]), int(row["length"])) for row in rows]
        return self._ledger.against(found, self._server.count(ROWS, "id >= 0"))

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._revision += 1
            living = self._ledger.living
            if self._revision % 4 == 0 and len(living) > 3 * BATCH:
                self._write(self._chance.sample(living, 3), 0)
            else:
                self._write(self._chance.sample(range(MOST), BATCH), self._revision)

    def _write(self, keys: Sequence[int], revision: int) -> None:
        self._ledger.begin(keys, revision)
        try:
            if revision:
                self._server.put(ROWS, [self._row(key, revision) for key in keys])
            else:
                self._server.delete(ROWS, f"id in {list(keys)}")
        except ServiceError:
            return  # not acknowledged
        self._ledger.acknowledged(keys, revision)

    def _row(self, key: int, revision: int) -> dict[str, object]:
        vector = np.random.default_rng(key).normal(size=self._dim).astype(np.float32)
        empty = {Kind.NUMBER: 0, Kind.NUMBERS: [], Kind.TEXT: "", Kind.SPARSE: {}, Kind.DENSE: vector}
        row = {field: empty[kind] for field, kind in PASSAGES.items() if kind is not Kind.KEY}
        return {**row, "id": key, "length": revision}


class Commits(Beside):
    """Commits of articles, new, changed and deleted in turn, to the collection that is searched; mirrored exactly."""

    def __init__(
        self, engine: Engine, mirror: Engine, name: str, articles: Sequence[Article], spare: Sequence[Article],
        published: Callable[[dict[str, Article]], None],
    ) -> None:  # fmt: skip
        """``articles`` are in both already; ``published`` is told of what is live after every commit."""
        super().__init__()
        self._engine, self._mirror, self._name, self._published = engine, mirror, name, published
        self.live = {article.article_id: article for article in articles}
        self._number = {article.article_id: i for i, article in enumerate([*articles, *spare])}
        self._spare = list(spare)
        self._ledger = Ledger()
        self._ledger.begin(self._number.values(), 0)
        for name, article in self.live.items():
            self._ledger.acknowledged([self._number[name]], edition_of(article.text))
        self._ledger.acknowledged([self._number[article.article_id] for article in spare], 0)
        self._ledger.upserts = self._ledger.deletes = 0
        self._chance, self._edition, self.commits = random.Random(3), 1_000, 0
        self.failure = ""

    def stop(self) -> None:
        """After the commit that is under way. Raises RuntimeError where one could not be made."""
        ended = self._ended(300)
        if self.failure or not ended:
            raise RuntimeError(f"a commit did not come to an end: {self.failure or 'after 300 s'}")

    def verdict(self) -> Verdict:
        with_rows = self._engine.reader(self._name)
        found = []
        for name in with_rows.article_ids():
            text = with_rows.article(name)[0].text
            found.append((self._number[name], edition_of(text)))
        version = int(with_rows.manifest.version.removeprefix("v"))
        server = self._engine._backend._server  # type: ignore[attr-defined]
        rows = f"rasad_{self._name}_g000001_articles"
        return self._ledger.against(found, server.count(rows, f"{live_in(version)} and id >= 0"))

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self._edition += 1
            if self._edition % 3 == 0:
                self._commit([], self._chance.sample(sorted(self.live), 2))
            else:
                some = [self.live[name] for name in self._chance.sample(sorted(self.live), 4)]
                fresh, self._spare = self._spare[:2], self._spare[2:]
                self._commit([edition(article, self._edition) for article in [*some, *fresh]], [])

    def _commit(self, put: Sequence[Article], gone: Sequence[str]) -> None:
        keys = [self._number[name] for name in [*gone, *(a.article_id for a in put)]]
        revision = 0 if gone else self._edition
        self._ledger.begin(keys, revision)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:  # the same again: what was published already is not written twice
            try:
                if gone:
                    left = set(self._engine.article_ids(self._name))
                    if here := [name for name in gone if name in left]:
                        self._engine.delete(self._name, here)
                else:
                    self._engine.take(self._name, list(put), True)
            except ServiceError as error:
                self.failure = str(error)
                time.sleep(2)
                continue
            self.failure = ""
            self._ledger.acknowledged(keys, revision)
            self.commits += 1
            break
        else:
            self._stop.set()
            return
        if gone:
            self._mirror.delete(self._name, list(gone))
        else:
            self._mirror.take(self._name, list(put), True)
        self.live = {name: article for name, article in self.live.items() if name not in gone}
        self.live |= {article.article_id: article for article in put}
        self._published(self.live)


def edition(article: Article, number: int) -> Article:
    """The article with another last line, so another text."""
    text = f"{_without(article.text)}\n\nedition {number}"
    return replace(article, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())


def edition_of(text: str) -> int:
    """1 for a text without one."""
    last = text.rpartition("\n\nedition ")[2]
    return int(last) if last != text and last.isdigit() else 1


def _without(text: str) -> str:
    before, found, number = text.rpartition("\n\nedition ")
    return before if found and number.isdigit() else text
