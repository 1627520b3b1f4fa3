from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.records import Filters
from service.settings import Settings

Client = TestClient[Litestar]

PASSAGE_FIELDS = [
    "rank",
    "score",
    "article_id",
    "docid",
    "title",
    "source",
    "published",
    "url",
    "language",
    "text",
    "start",
    "end",
    "sha256",
    "highlights",
    "copies",
    "near_copies",
    "places",
    "dates",
]


def test_search_answers_with_passages_in_their_articles(client: Client) -> None:
    response = client.get("/api/v1/search", params={"q": "Hawija"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["query"] == "Hawija"
    assert (answer["language"], answer["collection"], answer["version"]) == ("en", "seeds", "20261120-a1")
    assert (answer["took_ms"], answer["notices"]) == (1.5, [])
    assert list(answer["passages"][0]) == PASSAGE_FIELDS
    [passage] = answer["passages"]
    assert passage["article_id"] == "en-1"
    assert passage["copies"] == ["en-1-copy", "en/1 copy"]
    article = client.get("/api/v1/articles/en-1").json()
    assert article["text"][passage["start"] : passage["end"]] == passage["text"] == "Jets made strikes near Hawija."
    assert [article["text"][start:end] for start, end in passage["highlights"]] == ["Hawija"]


def test_filters_reach_the_search_under_their_names(client: Client, engine: Any) -> None:
    given = {
        "near": "Hawija",
        "within_km": 30,
        "place": "Kirkuk",
        "from": "2020-05",
        "to": "2020-06-01",
        "now": "2020-07-01",
    }
    switched = {"places": "false", "dates": "false", "recent": "true", "facets": "true"}

    answer = client.get("/api/v1/search", params={"q": "strikes", **given, **switched}).json()

    assert engine.filters == [
        Filters("Hawija", 30.0, ("Kirkuk",), "2020-05", "2020-06-01", "2020-07-01", False, False, True, True)
    ]
    assert answer["areas"] == ["near Hawija (Kirkuk, Iraq)"]
    assert answer["period"] == ["2020-05", "2020-06-01"]
    assert answer["facets"]["days"] == [{"value": "2020-05-14", "count": 2}]


def test_a_passage_says_which_place_and_day_it_names(client: Client) -> None:
    answer = client.get("/api/v1/search", params={"q": "Hawija"}).json()

    [passage] = answer["passages"]
    assert passage["places"][0]["name_ar"] == "الحويجة"
    assert (passage["places"][0]["distance_km"], passage["places"][0]["precision_km"]) == (0.0, 20.0)
    assert passage["dates"] == [{"start": 0, "end": 5, "first": "2020-05-14", "last": "2020-05-14"}]
    assert "facets" not in answer


@pytest.mark.parametrize(
    "name, value", [("within_km", "-1"), ("within_km", "far"), ("place", "x" * 201), ("recent", "maybe")]
)
def test_a_filter_that_cannot_be_is_refused(client: Client, name: str, value: str) -> None:
    assert client.get("/api/v1/search", params={"q": "strikes", name: value}).status_code == 400


def test_offsets_are_code_points_and_arabic_is_not_escaped(client: Client) -> None:
    response = client.get("/api/v1/search", params={"q": "الحويجة"})

    assert "نفذ التحالف غارات قرب الحويجة." in response.text
    [passage] = response.json()["passages"]
    assert passage["start"] == len("🛰 صباح هادئ.\n")


def test_explain_adds_legs_and_matches(client: Client) -> None:
    [passage] = client.get("/api/v1/search", params={"q": "Hawija", "explain": "true"}).json()["passages"]

    assert list(passage) == [*PASSAGE_FIELDS, "legs", "matches", "mentions"]
    assert passage["legs"] == [
        {"leg": "bm25", "score": 2.5, "rank": 1},
        {"leg": "dense", "score": None, "rank": None},
    ]
    assert passage["matches"] == [{"source": "strikes", "form": "strike", "weight": 1.0, "evidence": "same"}]
    assert [(place["name_en"], place["lat"], place["admin1"]) for place in passage["mentions"]] == [
        ("Hawija", 35.3259, "Kirkuk")
    ]


def test_defaults_come_from_settings(client: Client, engine: Any, settings: Settings) -> None:
    client.get("/api/v1/search", params={"q": "strikes"})
    client.get("/api/v1/search", params={"q": "strikes", "k": settings.max_k, "collection": "seeds"})

    assert engine.asked == [("strikes", settings.k, False), ("strikes", settings.max_k, False)]


def test_k_is_an_upper_bound(client: Client) -> None:
    assert [p["rank"] for p in client.get("/api/v1/search", params={"q": "strikes", "k": 2}).json()["passages"]] == [
        1,
        2,
    ]


def test_nothing_found_is_an_answer(client: Client) -> None:
    response = client.get("/api/v1/search", params={"q": "nowhere"})

    assert response.status_code == 200
    assert response.json()["passages"] == []


def test_an_article_is_given_as_received(client: Client) -> None:
    article = client.get("/api/v1/articles/en-1").json()

    assert article == {
        "article_id": "en-1",
        "title": "Strikes near Hawija",
        "source": "Field & Desk",
        "published": "2020-05-14T09:30:00+03:00",
        "url": "https://example.org/1",
        "language": "en",
        "text": "Quiet morning.\nJets made strikes near Hawija.",
        "sha256": "1e93eb9dd107a0a2971ece06c5c04834bd441cacde770f0e214562d2c128cb98",
        "copies": ["en-1-copy", "en/1 copy"],
    }


@pytest.mark.parametrize("safe", ["", "/"], ids=["slashes encoded", "slashes as they are"])
def test_ids_may_hold_slashes_and_odd_characters(client: Client, safe: str) -> None:
    odd = "wire/2020/7?a=b#c %41"

    response = client.get(f"/api/v1/articles/{quote(odd, safe=safe)}")

    assert response.status_code == 200
    assert response.json()["article_id"] == odd


def test_slashes_of_an_id_are_not_folded(client: Client) -> None:
    response = client.get("/api/v1/articles/wire//2020/7/")

    assert response.status_code == 404
    assert "'wire//2020/7/'" in response.json()["detail"]


def test_head_is_answered_like_get_without_a_body(client: Client) -> None:
    response = client.head("/api/v1/search", params={"q": "Hawija"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == b""
