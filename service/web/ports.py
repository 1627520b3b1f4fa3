"""What the web service asks of the engine: nothing more, so that a test can stand in for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from service.records import Answer, AnswerSentence, Article, Filters, Manifest, SearchResult


class Searcher(Protocol):
    """Answers from one pinned version of one collection; safe to call from several threads."""

    def search(self, text: str, k: int = ..., explain: bool = ..., filters: Filters = ...) -> SearchResult: ...


class Answering(Protocol):
    """Answers from one pinned version of one collection; safe to call from several threads."""

    def answer(self, text: str, filters: Filters = ..., /) -> Answer: ...

    def stream(self, text: str, filters: Filters = ..., /) -> Iterator[AnswerSentence | Answer]: ...


class SearchEngine(Protocol):
    """The reading half of ``service.engine.Engine``; every method may block and none runs on the event loop."""

    @property
    def state_path(self) -> Path: ...

    def retriever(self, collection: str, version: str = ...) -> Searcher: ...

    def answerer(self, collection: str) -> Answering: ...

    def article(self, collection: str, article_id: str) -> tuple[Article, tuple[str, ...]]: ...

    def collections(self) -> list[str]: ...

    def version(self, collection: str) -> str: ...

    def status(self, collection: str) -> Manifest: ...

    def ingested(self, collection: str) -> dict[str, int]: ...

    def manifest(self, collection: str, version: str) -> Manifest: ...
