"""The engine as seen from the event loop: every call is made in a worker thread."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from service.errors import ServiceError
from service.records import Answer, AnswerSentence, Article, Filters, Manifest, SearchResult
from service.web.asked import Asked
from service.web.freshness import matches
from service.web.metrics import Metrics
from service.web.paging import Cursor, Page, page
from service.web.ports import SearchEngine

NO_FILTERS = Filters()
T = TypeVar("T")


@dataclass(frozen=True)
class Shelf:
    """One collection as far as it can be opened: ``problem`` is "" where ``version`` is known."""

    collection: str
    version: str
    problem: str = ""
    manifest: Manifest | None = None


class ThreadedEngine:
    """At most ``search_threads`` retrievals at once; the rest wait their turn without holding up the event loop.

    Answers have as many threads of their own: one that waits for a language model holds up no search.
    Looking at versions has a thread of its own, so that a health check never queues behind searches.
    """

    def __init__(self, engine: SearchEngine, search_threads: int, metrics: Metrics | None = None) -> None:
        self._engine, self._metrics = engine, metrics
        self._searching = CapacityLimiter(search_threads)
        self._answering = CapacityLimiter(search_threads)
        self._looking = CapacityLimiter(1)

    async def search(
        self, collection: str, text: str, k: int, explain: bool = False, filters: Filters = NO_FILTERS
    ) -> SearchResult:
        return await self._in_thread(
            lambda: self._engine.retriever(collection).search(text, k, explain, filters), self._searching, "search"
        )

    async def page(
        self, asked: Asked, cursor: Cursor | None, tag: Callable[[str], str], known: str | None
    ) -> tuple[str, Page | None]:
        """A page of a search and its tag; no page where the client knows the tag already."""

        def look() -> tuple[str, Page | None]:
            version = cursor.version if cursor else self._engine.version(asked.collection)
            if matches(known, found := tag(version)):
                return found, None
            found_page = page(self._engine, asked, cursor)
            return tag(found_page.result.version), found_page

        return await self._in_thread(look, self._searching, "search")

    async def version(self, collection: str) -> str:
        return await self._in_thread(lambda: self._engine.version(collection), self._looking)

    async def manifest(self, collection: str, version: str) -> Manifest:
        """How a version that just answered was made."""

        def look() -> Manifest:
            return self._engine.manifest(collection, version)

        return await self._in_thread(look, self._looking)

    async def known(self, collection: str, tag: Callable[[str], str], known: str | None) -> str | None:
        """The tag that a client has, if it still holds for the collection; None where there is work to do."""
        if not known:
            return None
        found = tag(await self._in_thread(lambda: self._engine.version(collection), self._looking))
        return found if matches(known, found) else None

    async def answer(self, collection: str, text: str, filters: Filters = NO_FILTERS) -> Answer:
        found = await self._in_thread(
            lambda: self._engine.answerer(collection).answer(text, filters), self._answering, "answer"
        )
        self._outcome(found)
        return found

    async def answer_parts(
        self, collection: str, text: str, filters: Filters = NO_FILTERS
    ) -> AsyncIterator[AnswerSentence | Answer]:
        """Parts of an answer as they come; the thread is given back between them."""
        parts = await self._in_thread(lambda: self._engine.answerer(collection).stream(text, filters), self._answering)
        while (part := await self._in_thread(lambda: next(parts, None), self._answering, "answer")) is not None:
            if isinstance(part, Answer):
                self._outcome(part)
            yield part

    async def article(self, collection: str, article_id: str) -> tuple[Article, tuple[str, ...]]:
        return await self._in_thread(lambda: self._engine.article(collection, article_id), self._searching, "article")

    async def open(self, collection: str) -> str:
        """The version that would answer. Raises what keeps the collection from opening."""
        return await self._in_thread(lambda: self._open(collection), self._looking)

    async def collections(self) -> list[str]:
        return await self._in_thread(self._engine.collections, self._looking)

    async def shelves(self) -> list[Shelf]:
        """Every collection with its version, or with what is wrong with it."""
        return await self._in_thread(lambda: [self._shelf(name) for name in self._engine.collections()], self._looking)

    def _outcome(self, answer: Answer) -> None:
        if self._metrics:
            self._metrics.answers.labels("abstained" if answer.abstained else "answered").inc()

    def _open(self, collection: str) -> str:
        self._engine.retriever(collection)
        return self._engine.version(collection)

    def _shelf(self, collection: str) -> Shelf:
        try:
            manifest = self._engine.status(collection)
            return Shelf(collection, manifest.version, manifest=manifest)
        except ServiceError as error:
            return Shelf(collection, "", str(error))

    async def _in_thread(self, call: Callable[[], T], limiter: CapacityLimiter, stage: str = "look") -> T:
        """A request that is given up on leaves its thread to finish alone."""
        asked = time.perf_counter()

        def timed() -> T:
            began = time.perf_counter()
            try:
                return call()
            finally:
                if self._metrics:
                    self._metrics.stages.labels("wait").observe(began - asked)
                    self._metrics.stages.labels(stage).observe(time.perf_counter() - began)

        return await to_thread.run_sync(timed, limiter=limiter, abandon_on_cancel=True)
