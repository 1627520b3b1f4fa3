"""Saved searches and their feeds, over an engine of a few reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from litestar.testing import TestClient

from service.engine import Engine
from service.keys import Keys
from service.records import Open, Role
from service.settings import Settings
from service.state import State
from service.web.app import create_app

ATOM = "{http://www.w3.org/2005/Atom}"
Client = TestClient[Any]
Reports = Callable[..., Path]


@pytest.fixture
def news(indexes: Path, reports: Reports) -> Iterator[Engine]:
    settings = Settings(
        indexes=indexes,
        collection="news",
        open=Open.EVERYONE,
        hosts="testserver.local",
        public_url="https://desk.example/",
    )
    with closing(Engine(settings)) as engine:
        engine.ingest("news", [reports({"id": "old", "text": "A raid near the old bridge."})])
        yield engine


@pytest.fixture
def client(news: Engine) -> Iterator[Client]:
    with TestClient(create_app(news, news.settings), raise_server_exceptions=False) as client:
        yield client


def save(client: Client, question: str = "raid bridge", **given: Any) -> dict[str, Any]:
    response = client.post("/api/v1/saved", json={"question": question, **given})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def entries(client: Client, feed: str) -> list[ElementTree.Element]:
    response = client.get(feed)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")


def titles(client: Client, feed: str) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in entries(client, feed)]


def test_a_feed_has_what_came_since_the_search_was_saved(client: Client, news: Engine, reports: Reports) -> None:
    feed = save(client)["feed"]
    assert titles(client, feed) == []

    news.ingest(
        "news", [reports({"id": "new", "title": "Second raid", "text": "Another raid at a bridge."}, name="2.jsonl")]
    )
    assert titles(client, feed) == ["Second raid"]
    news.ingest("news", [reports({"id": "b", "title": "Third", "text": "A bridge, a raid."}, name="3.jsonl")])
    assert titles(client, feed) == ["Third", "Second raid"]
    assert titles(client, feed) == ["Third", "Second raid"]


def test_what_only_changed_its_rank_or_came_back_is_not_news(client: Client, news: Engine, reports: Reports) -> None:
    feed = save(client)["feed"]

    news.delete("news", ["old"])
    assert titles(client, feed) == []
    again = reports({"id": "old", "title": "Retitled", "text": "A raid near the old bridge."}, name="3.jsonl")
    news.ingest("news", [again])

    assert titles(client, feed) == []


def test_a_saved_phrase_is_waited_for(client: Client, news: Engine, reports: Reports) -> None:
    feed = save(client, 'raid "iron bridge"')["feed"]
    assert len(client.get("/api/v1/search", params={"q": 'raid "iron bridge"'}).json()["passages"]) == 1

    news.ingest(
        "news", [reports({"id": "a", "title": "Other", "text": "A raid near a bridge of iron."}, name="2.jsonl")]
    )
    assert titles(client, feed) == []
    news.ingest("news", [reports({"id": "b", "title": "It", "text": "A raid at the iron bridge."}, name="3.jsonl")])
    assert titles(client, feed) == ["It"]


def test_an_entry_says_what_where_and_why(client: Client, news: Engine, reports: Reports) -> None:
    feed = save(client, "raid", options={"near": "Hawija"})["feed"]
    text = "A raid near Hawija\x0b <script>alert(1)</script> & more."
    report = {"id": "a/b", "title": "<b>Raid</b>", "text": text, "source": "Desk", "url": "javascript:alert(1)"}
    news.ingest("news", [reports(report, name="2.jsonl")])

    [entry] = entries(client, feed)

    content = entry.find(f"{ATOM}content")
    assert content is not None and content.get("type") == "text" and content.text is not None
    assert "<script>alert(1)</script>" in content.text
    assert "raid" in content.text.partition("Why: ")[2] and "Hawija / الحويجة" in content.text
    links = {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert set(links) == {"alternate"}
    assert links["alternate"].startswith("https://desk.example/articles/a%2Fb?")
    assert links["alternate"].endswith("#passage")
    page = client.get(links["alternate"].removeprefix("https://desk.example"))
    assert page.status_code == 200


def test_a_feed_that_did_not_change_is_not_sent_again(client: Client, news: Engine, reports: Reports) -> None:
    feed = save(client)["feed"]
    tag = client.get(feed).headers["etag"]

    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 304
    news.ingest("news", [reports({"id": "new", "text": "Another raid at a bridge."}, name="2.jsonl")])
    assert client.get(feed, headers={"If-None-Match": tag}).status_code == 200


def test_a_feed_is_there_until_its_address_is_renewed_or_the_search_deleted(client: Client) -> None:
    first = save(client)
    renewed = client.post(f"/api/v1/saved/{first['id']}/feed").json()["feed"]

    assert client.get(first["feed"]).status_code == 404
    assert client.get(renewed).status_code == 200
    assert client.delete(f"/api/v1/saved/{first['id']}").status_code == 204
    assert client.get(renewed).status_code == 404
    assert client.get("/api/v1/saved").json() == {"saved": []}


def test_the_token_is_stored_as_a_hash_and_never_shown_again(client: Client, news: Engine) -> None:
    token = save(client)["feed"].removeprefix("/feeds/")

    assert client.get("/api/v1/saved").json()["saved"][0]["feed"] == ""
    assert all(token.encode() not in path.read_bytes() for path in news.indexes.glob("state.sqlite3*"))
    assert token not in client.get(f"/feeds/{token}x").text


@pytest.mark.parametrize(
    "body",
    [
        {"question": ""},
        {"question": "raid", "options": {"k": "5"}},
        {"question": "raid", "options": {"places": "perhaps"}},
        {"question": "raid", "options": {"near": "x" * 300}},
        {"question": "raid", "options": {"near": "no such place anywhere"}},
        {"question": "raid", "collection": "../up"},
        {"question": "raid", "more": 1},
    ],
)
def test_what_cannot_be_searched_for_is_not_saved(client: Client, body: dict[str, Any]) -> None:
    assert client.post("/api/v1/saved", json=body).status_code == 400
    assert client.get("/api/v1/saved").json() == {"saved": []}


def test_searches_belong_to_the_key_that_saved_them_and_end_with_it(news: Engine) -> None:
    with closing(State(news.state_path)) as state:
        keys = Keys(state)
        mine, other = ({"Authorization": f"Bearer {keys.add(name, Role.READ)}"} for name in ("mine", "other"))
        settings = replace(news.settings, open=Open.NOBODY)
        with TestClient(create_app(news, settings), raise_server_exceptions=False) as client:
            saved = client.post("/api/v1/saved", json={"question": "raid"}, headers=mine).json()
            seen = client.get("/api/v1/saved", headers=other).json()["saved"]
            statuses = [
                client.delete(f"/api/v1/saved/{saved['id']}", headers=other).status_code,
                client.get("/api/v1/saved").status_code,
                client.get(saved["feed"]).status_code,
            ]
            [key] = [key for key in keys.list() if key.name == "mine"]
            keys.revoke(key.key_id)
            after = client.get(saved["feed"]).status_code

    assert seen == []
    assert statuses == [404, 401, 200]
    assert after == 404
