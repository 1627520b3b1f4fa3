"""A small engine of plain values, and a client of the service over it."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.complaints import both
from service.errors import ArticleNotFound, CollectionNotFound, IndexMismatch, QueryError, VersionGone
from service.records import (
    Answer,
    AnswerSentence,
    Article,
    Citation,
    DateMention,
    Facets,
    Figure,
    Filters,
    Language,
    Leg,
    LegScore,
    Manifest,
    Match,
    NearPlace,
    Open,
    Passage,
    Place,
    PlaceMention,
    SearchResult,
)
from service.settings import Settings
from service.web.app import create_app

HAWIJA = Place("Hawija", "الحويجة", 35.3259, 43.7727, "district", "Kirkuk", "Iraq", "team", 10.0, 20.0)
HOSTILE = '<script>alert("x")</script>'


def report(article_id: str, title: str, text: str, language: str = "en", url: str = "") -> Article:
    return Article(
        article_id=article_id,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=title,
        source="Field & Desk",
        published="2020-05-14T09:30:00+03:00",
        url=url,
        language=language,
    )


ARTICLES = {
    article.article_id: article
    for article in (
        report(
            "en-1", "Strikes near Hawija", "Quiet morning.\nJets made strikes near Hawija.", url="https://example.org/1"
        ),
        report("ar-1", "غارات قرب الحويجة", "🛰 صباح هادئ.\nنفذ التحالف غارات قرب الحويجة.", "ar"),
        report("wire/2020/7?a=b#c %41", "Odd strikes", "An odd id, and strikes."),
        report(f'"><{HOSTILE}', HOSTILE, f"strikes {HOSTILE} & </mark>", "xx onload=x", "javascript:alert(1)"),
    )
}


class FakeRetriever:
    """Finds the articles that contain a word of the question; each is one passage, from its last line."""

    def __init__(self, engine: FakeEngine, collection: str) -> None:
        self.engine = engine
        self.collection = collection

    def search(self, text: str, k: int = 10, explain: bool = False, filters: Filters = Filters()) -> SearchResult:  # noqa: B008
        self.engine.called()
        self.engine.before_search()
        self.engine.filters.append(filters)
        self.engine.asked.append((text, k, explain))
        if text.count('"') % 2:
            raise QueryError(both("quotation_open", at=text.index('"') + 1))
        if text == "crash":
            raise ZeroDivisionError("secret internals")
        words = re.compile("|".join(re.escape(word) for word in text.split()), re.IGNORECASE)
        found = [passage(article, words) for article in ARTICLES.values() if words.search(article.text)]
        return SearchResult(
            query=text,
            language=Language.ARABIC if re.search("[\u0600-\u06ff]", text) else Language.ENGLISH,
            passages=tuple(replace(hit, rank=rank, score=1 / rank) for rank, hit in enumerate(found[:k], 1)),
            collection=self.collection,
            version=self.engine.version(self.collection),
            took_ms=1.5,
            notices=("no leg could use <b>",) if "<b>" in text else (),
            areas=("near Hawija (Kirkuk, Iraq)",) if filters.near else (),
            period=(filters.since, filters.until),
            facets=Facets(days=(("2020-05-14", 2),), places=(("Hawija, Kirkuk, Iraq", 2),)) if filters.facets else None,
        )


class FakeAnswerer:
    """Answers with the first passage that the retriever finds and the copies it has; refuses when there is none."""

    def __init__(self, engine: FakeEngine, collection: str) -> None:
        self.engine = engine
        self.collection = collection

    def stream(self, text: str, filters: Filters = Filters()) -> Iterator[AnswerSentence | Answer]:  # noqa: B008
        answer = self.answer(text, filters)
        yield from answer.sentences
        yield answer

    def answer(self, text: str, filters: Filters = Filters()) -> Answer:  # noqa: B008
        found = FakeRetriever(self.engine, self.collection).search(text, filters=filters)
        refusal = Answer(
            text,
            found.language,
            True,
            0.1,
            "other",
            "",
            (),
            (),
            (),
            found.passages,
            self.collection,
            found.version,
            1.0,
        )
        if "who" in text.lower() or not found.passages:
            return refusal
        first = found.passages[0]
        citation = Citation(
            1, first.article_id, first.title, first.source, first.published, first.url, first.start, first.end,
            first.text, first.sha256, first.copies, first.language, "machine help" if first.language == "ar" else "",
        )  # fmt: skip
        return replace(
            refusal, abstained=False, confidence=0.9, short_answer=first.text.split()[0], citations=(citation,),
            notices=found.notices,
            nearest=(), sentences=(AnswerSentence(first.text, (1,)),),
            figures=(Figure("40", 40.0, 1, HOSTILE, ""), Figure("50", 50.0, 1, "", "2015")) if "differ" in text else (),
        )  # fmt: skip


def passage(article: Article, words: re.Pattern[str]) -> Passage:
    start = article.text.rfind("\n") + 1
    return Passage(
        rank=1,
        score=0.5,
        article_id=article.article_id,
        docid=f"{article.article_id}#0",
        title=article.title,
        source=article.source,
        published=article.published,
        url=article.url,
        language=article.language,
        text=article.text[start:],
        start=start,
        end=len(article.text),
        highlights=tuple(match.span() for match in words.finditer(article.text, start)),
        copies=("en-1-copy", "en/1 copy") if article.article_id == "en-1" else (),
        sha256=article.sha256,
        legs=(LegScore(Leg.BM25, 2.5, 1), LegScore(Leg.DENSE, None, None)),
        matches=(Match("strikes", "strike", 1.0, "same"),),
        places=(NearPlace("Hawija", "الحويجة", 35.3259, 43.7727, "district", "Iraq", 0.0, 20.0, 34, 40, 0.97),),
        dates=(DateMention(0, 5, "2020-05-14", "2020-05-14"),),
        mentions=(PlaceMention(start, start + 6, HAWIJA, 0.97), PlaceMention(start, start + 3, None, 0.2)),
    )


def open_settings(**given: Any) -> Settings:
    """For a client that stands in the same process: it has no address, and calls the service testserver.local."""
    return Settings(**{"open": Open.EVERYONE, "hosts": "testserver.local", "rate_per_minute": 0, **given})


class FakeEngine:
    """Two collections, one of them built with another recipe; remembers which threads it was called from."""

    def __init__(self, state_path: Path) -> None:
        self.state_path = state_path
        self.threads: set[int] = set()
        self.asked: list[tuple[str, int, bool]] = []
        self.filters: list[Filters] = []
        self.before_search: Callable[[], object] = lambda: None
        self.closed = False
        self.versions = {"seeds": "20261120-a1", "old": ""}

    def called(self) -> None:
        self.threads.add(threading.get_ident())

    def retriever(self, collection: str, version: str = "") -> FakeRetriever:
        self.called()
        if version not in ("", self.version(collection)):
            raise VersionGone(f"{version} is no longer kept: search again from the first page")
        return FakeRetriever(self, collection)

    def answerer(self, collection: str) -> FakeAnswerer:
        self.called()
        self.version(collection)
        return FakeAnswerer(self, collection)

    def article(self, collection: str, article_id: str) -> tuple[Article, tuple[str, ...]]:
        self.called()
        self.version(collection)
        if article_id not in ARTICLES:
            raise ArticleNotFound(both("article_unknown", id=article_id, name=collection))
        return ARTICLES[article_id], ("en-1-copy", "en/1 copy") if article_id == "en-1" else ()

    def collections(self) -> list[str]:
        self.called()
        return list(self.versions)

    def version(self, collection: str) -> str:
        self.called()
        if collection not in self.versions:
            raise CollectionNotFound(both("collection_empty", name=collection))
        if not self.versions[collection]:
            raise IndexMismatch("index old was built with analyzer ar-1, this code is ar-2: run rasad ingest")
        return self.versions[collection]

    def status(self, collection: str) -> Manifest:
        version = self.version(collection)
        recipe = {"encoder": "fake-encoder", "analyzer": "ar-en-0"}
        return Manifest(version, collection, "2026-11-20T09:00:00+00:00", "fake", recipe, 4, 2, 4, 1000)

    def ingested(self, collection: str) -> dict[str, int]:
        return {"added": 4, "rejected": 1}

    def manifest(self, collection: str, version: str) -> Manifest:
        self.retriever(collection, version)
        return self.status(collection)


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    return FakeEngine(tmp_path / "state.sqlite3")


@pytest.fixture
def settings() -> Settings:
    return open_settings(search_threads=2)


@pytest.fixture
def app(engine: FakeEngine, settings: Settings) -> Litestar:
    return create_app(engine, settings)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
