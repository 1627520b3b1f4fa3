"""The engine as seen from the event loop: every call is made in a worker thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from service.errors import ServiceError
from service.records import Answer, AnswerSentence, Article, Filters, Manifest, SearchResult
from service.web.asked import Asked
from service.web.freshness import matches
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

    def __init__(self, engine: SearchEngine, search_threads: int) -> None:
        self._engine = engine
        self._searching = CapacityLimiter(search_threads)
        self._answering = CapacityLimiter(search_threads)
        self._looking = CapacityLimiter(1)

    async def search(
        self, collection: str, text: str, k: int, explain: bool = False, filters: Filters = NO_FILTERS
    ) -> SearchResult:
        return await _in_thread(
            lambda: self._engine.retriever(collection).search(text, k, explain, filters), self._searching
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

        return await _in_thread(look, self._searching)

    async def version(self, collection: str) -> str:
        return await _in_thread(lambda: self._engine.version(collection), self._looking)

    async def manifest(self, collection: str, version: str) -> Manifest:
        """How a version that just answered was made."""

        def look() -> Manifest:
            return self._engine.manifest(collection, version)

        return await _in_thread(look, self._looking)

    async def known(self, collection: str, tag: Callable[[str], str], known: str | None) -> str | None:
        """The tag that a client has, if it still holds for the collection; None where there is work to do."""
        if not known:
            return None
        found = tag(await _in_thread(lambda: self._engine.version(collection), self._looking))
        return found if matches(known, found) else None

    async def answer(self, collection: str, text: str) -> Answer:
        return await _in_thread(lambda: self._engine.answerer(collection).answer(text), self._answering)

    async def answer_parts(self, collection: str, text: str) -> AsyncIterator[AnswerSentence | Answer]:
        """Parts of an answer as they come; the thread is given back between them."""
        parts = await _in_thread(lambda: self._engine.answerer(collection).stream(text), self._answering)
        while (part := await _in_thread(lambda: next(parts, None), self._answering)) is not None:
            yield part

    async def article(self, collection: str, article_id: str) -> tuple[Article, tuple[str, ...]]:
        return await _in_thread(lambda: self._engine.article(collection, article_id), self._searching)

    async def open(self, collection: str) -> str:
        """The version that would answer. Raises what keeps the collection from opening."""
        return await _in_thread(lambda: self._open(collection), self._looking)

    async def collections(self) -> list[str]:
        return await _in_thread(self._engine.collections, self._looking)

    async def shelves(self) -> list[Shelf]:
        """Every collection with its version, or with what is wrong with it."""
        return await _in_thread(lambda: [self._shelf(name) for name in self._engine.collections()], self._looking)

    def _open(self, collection: str) -> str:
        self._engine.retriever(collection)
        return self._engine.version(collection)

    def _shelf(self, collection: str) -> Shelf:
        try:
            manifest = self._engine.status(collection)
            return Shelf(collection, manifest.version, manifest=manifest)
        except ServiceError as error:
            return Shelf(collection, "", str(error))


async def _in_thread(call: Callable[[], T], limiter: CapacityLimiter) -> T:
    return await to_thread.run_sync(call, limiter=limiter)
