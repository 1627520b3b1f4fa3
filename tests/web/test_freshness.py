from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]
PATHS = ["/api/v1/search?q=strikes", "/api/v1/answer?q=strikes", "/api/v1/articles/en-1"]


@pytest.mark.parametrize("path", PATHS)
def test_what_a_client_has_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", PATHS)
def test_a_new_version_is_sent(client: Client, engine: Any, path: str) -> None:
    tag = client.get(path).headers["etag"]
    engine.versions["seeds"] = "20261121-b2"

    again = client.get(path, headers={"If-None-Match": tag})

    assert again.status_code == 200
    assert again.headers["etag"] != tag


def test_an_unchanged_search_is_not_made_again(client: Client, engine: Any) -> None:
    tag = client.get(PATHS[0]).headers["etag"]
    client.get(PATHS[0], headers={"If-None-Match": f'"other", {tag}'})

    assert len(engine.asked) == 1


def test_a_tag_belongs_to_its_question(client: Client) -> None:
    tags = {client.get("/api/v1/search", params={"q": "strikes", "k": k}).headers["etag"] for k in (1, 2)}

    assert len(tags) == 2


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_answers_are_compressed_where_the_client_can(client: Client, encoding: str) -> None:
    packed = client.get("/api/v1/search?q=strikes", headers={"Accept-Encoding": encoding})
    plain = client.get("/api/v1/search?q=strikes", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == encoding
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert "content-encoding" not in plain.headers
    assert packed.json()["passages"] == plain.json()["passages"]
