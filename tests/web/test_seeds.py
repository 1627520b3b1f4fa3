"""The service over the real engine and the collection that ships."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.engine import Engine
from service.records import Open
from service.settings import Settings
from service.web.app import create_app

QUESTIONS = ["strikes near Hawija", "غارات قرب الحويجة"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    settings = Settings(
        indexes=tmp_path_factory.mktemp("indexes"), open=Open.EVERYONE, hosts="testserver.local", rate_per_minute=0
    )
    engine = Engine(settings)
    try:
        engine.prepare_sample()
        with TestClient(create_app(engine, settings), raise_server_exceptions=False) as client:
            yield client
    finally:
        engine.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_languages_are_found_in_either_and_quoted_exactly(client: TestClient[Litestar], question: str) -> None:
    answer = client.get("/api/v1/search", params={"q": question, "explain": "true"}).json()

    assert {passage["language"] for passage in answer["passages"]} == {"ar", "en"}
    assert answer["version"] == client.get("/health").json()["collections"]["seeds"]
    for passage in answer["passages"]:
        article = client.get(f"/api/v1/articles/{quote(passage['article_id'], safe='')}").json()
        assert article["text"][passage["start"] : passage["end"]] == passage["text"]
        assert all(passage["start"] <= start < end <= passage["end"] for start, end in passage["highlights"])
        assert {leg["leg"] for leg in passage["legs"]} >= {"bm25", "cross", "dense"}
    first = answer["passages"][0]
    assert "Hawija" in first["text"] + first["title"] or "الحويجة" in first["text"] + first["title"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_marks_what_the_answer_marks(client: TestClient[Litestar], question: str) -> None:
    passages = client.get("/api/v1/search", params={"q": question}).json()["passages"]
    page = client.get("/", params={"q": question, "lang": "ar"}).text

    assert page.count("</mark>") == sum(len(passage["highlights"]) for passage in passages) > 0
    assert page.count('<p class="text" dir="rtl" lang="ar">') == sum(p["language"] == "ar" for p in passages)


def test_questions_at_the_same_time_get_the_answers_they_get_alone(client: TestClient[Litestar]) -> None:
    def ask(question: str) -> list[tuple[str, float]]:
        passages = client.get("/api/v1/search", params={"q": question}).json()["passages"]
        return [(passage["docid"], passage["score"]) for passage in passages]

    alone = [ask(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, QUESTIONS * 10))

    assert together == alone * 10


@pytest.mark.parametrize(
    "question", ['"open', "-", "title:", "OR", "()", '""', "-Hawija", "🛰", "\u202eabc", "a" * 1_000]
)
def test_no_question_breaks_the_service(client: TestClient[Litestar], question: str) -> None:
    for path in ("/api/v1/search", "/"):
        assert client.get(path, params={"q": question}).status_code in (200, 400)


def test_an_unknown_article_and_collection_are_not_found(client: TestClient[Litestar]) -> None:
    assert client.get("/api/v1/articles/no/such").status_code == 404
    assert client.get("/api/v1/search", params={"q": "a", "collection": "none"}).status_code == 404
