"""The answer over HTTP: as JSON by GET and POST, as events, and on the search page."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.records import Filters

Client = TestClient[Litestar]


def test_get_and_post_answer_alike(client: Client) -> None:
    got = client.get("/api/v1/answer", params={"q": "strikes near Hawija?"})
    posted = client.post("/api/v1/answer", json={"question": "strikes near Hawija?"})
    assert got.status_code == posted.status_code == 200
    assert got.json() == posted.json()
    answer = got.json()
    assert answer["abstained"] is False and answer["citations"][0]["marker"] == 1
    assert answer["sentences"] == [{"text": answer["citations"][0]["quote"], "markers": [1], "supported": True}]
    assert answer["citations"][0]["copies"] == ["en-1-copy", "en/1 copy"]


def test_an_answer_is_asked_for_within_filters(client: Client, engine: Any) -> None:
    given = {"near": "Hawija", "within_km": "30", "from": "2020-05", "source": ["A", "B"], "language": "ar"}
    wanted = Filters(near="Hawija", within_km=30.0, since="2020-05", source=("A", "B"), language=("ar",))

    assert client.get("/api/v1/answer", params={"q": "strikes", **given}).status_code == 200
    assert client.post("/api/v1/answer", json={"question": "strikes", "options": given}).status_code == 200
    assert client.get("/api/v1/answer/stream", params={"q": "strikes", **given}).status_code == 200
    assert client.get("/api/v1/export/answer", params={"q": "strikes", **given}).status_code == 200
    assert engine.filters == [wanted] * 4


@pytest.mark.parametrize(
    "options", [{"nearby": "x"}, {"near": ["A", "B"]}, {"source": "x" * 201}, {"source": ["x"] * 21}, {"places": "?"}]
)
def test_filters_that_cannot_be_are_refused(client: Client, options: dict[str, Any]) -> None:
    assert client.post("/api/v1/answer", json={"question": "strikes", "options": options}).status_code == 400
    assert client.get("/api/v1/answer", params={"q": "strikes", **options}).status_code == 400


def test_a_refusal_has_the_nearest_passages(client: Client) -> None:
    answer = client.get("/api/v1/answer", params={"q": "who made the strikes?"}).json()
    assert answer["abstained"] is True and answer["citations"] == [] and answer["nearest"][0]["text"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": "  "}, 400),
        ({"question": "x" * 5_000}, 400),
        ({"question": "a\u0007b"}, 400),
        ({}, 400),
        ({"question": 5}, 400),
        ({"question": "x", "colection": "seeds"}, 400),
        ({"question": "x", "collection": "../etc"}, 400),
        ({"question": "x", "collection": "absent"}, 404),
        ({"question": "x", "collection": "old"}, 503),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: Client, body: dict[str, Any], status: int) -> None:
    response = client.post("/api/v1/answer", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status


def test_unknown_parameters_are_refused(client: Client) -> None:
    assert client.get("/api/v1/answer", params={"q": "x", "k": "3"}).status_code == 400
    assert client.get("/api/v1/answer/stream").status_code == 400


def test_events(client: Client) -> None:
    response = client.get("/api/v1/answer/stream", params={"q": "strikes streamed"})
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream")
    events = re.findall(r"event: (\w+)\r?\ndata: (.*?)\r?\n\r?\n", response.text, re.DOTALL)
    assert [name for name, _ in events] == ["sentence", "answer"]
    assert json.loads(events[0][1])["markers"] == [1]
    assert json.loads(events[1][1])["abstained"] is False


def test_a_stream_that_cannot_begin_is_a_problem(client: Client) -> None:
    response = client.get("/api/v1/answer/stream", params={"q": "x", "collection": "absent"})
    assert response.status_code == 404 and response.headers["content-type"] == "application/problem+json"


def test_a_question_on_the_page_has_its_answer_above_the_results(client: Client) -> None:
    page = client.get("/", params={"q": "how many strikes near Hawija?"}).text
    assert page.index('class="answer"') < page.index('class="cards"')
    assert 'id="quote-1"' in page and "machine" not in page
    arabic = client.get("/", params={"q": "كم غارات", "lang": "ar"}).text
    assert "مساعدة آلية" in arabic and "machine help" in arabic


def test_a_few_words_to_look_for_get_no_answer(client: Client) -> None:
    assert 'class="answer"' not in client.get("/", params={"q": "strikes Hawija"}).text


def test_a_refusal_on_the_page_says_so(client: Client) -> None:
    assert "The reports do not say" in client.get("/", params={"q": "who made the strikes?"}).text


def test_differing_figures_are_listed_and_nothing_becomes_markup(client: Client) -> None:
    page = client.get("/", params={"q": "how many strikes differ?"}).text
    assert "The reports differ" in page and "<script>alert" not in page and "&lt;script&gt;" in page
