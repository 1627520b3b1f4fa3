from __future__ import annotations

import json
import re

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from service.settings import Settings
from service.web import examples
from service.web.answers import AnswerOut
from service.web.asked import VALUES
from service.web.schemas import ArticleOut, CollectionsOut, SearchOut

Client = TestClient[Litestar]


OPERATION = {"/health", "/ready"}


def test_the_description_lists_every_path_with_its_errors(client: Client) -> None:
    response = client.get("/schema/openapi.json")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/vnd.oai.openapi+json"
    description = response.json()
    assert description["openapi"].startswith("3.1")
    answers = {"/api/v1/answer", "/api/v1/answer/stream"}
    around = {"/api/v1/saved", "/api/v1/saved/{search_id}", "/api/v1/saved/{search_id}/feed"}
    around |= {"/api/v1/uploads", "/api/v1/uploads/{upload_id}"}
    exports = {"/api/v1/export/search", "/api/v1/export/answer"}
    assert set(description["paths"]) == {
        *(*answers, *exports, *around, *OPERATION),
        *("/api/v1/search", "/api/v1/articles/{article_id}", "/api/v1/collections"),
    }
    for path in ("/api/v1/search", "/api/v1/articles/{article_id}"):
        responses = description["paths"][path]["get"]["responses"]
        assert {"200", "304", "400", "404", "414", "503"} <= set(responses)
        assert set(responses["404"]["content"]) == {"application/problem+json"}


def test_limits_in_the_description_are_those_of_the_settings(client: Client, settings: Settings) -> None:
    operation = client.get("/schema/openapi.json").json()["paths"]["/api/v1/search"]["get"]
    described = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    q, k, collection, explain = (described[name] for name in ("q", "k", "collection", "explain"))

    assert q["maxLength"] == settings.max_query_chars
    assert (k["minimum"], k["maximum"], k["default"]) == (1, settings.max_k, settings.k)
    assert collection["default"] == settings.collection
    assert explain["default"] is False
    assert (described["source"]["type"], described["source"]["maxItems"]) == ("array", VALUES)


def test_the_viewer_loads_only_what_this_service_has(client: Client) -> None:
    page = client.get("/schema")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text
    assert len(loaded) == 6
    for path in loaded:
        asset = client.get(path)
        assert asset.status_code == 200, path
    script = client.get("/static/viewer.js").text
    assert "://" not in script
    assert "validatorUrl: null" in script


def test_the_viewer_needs_no_inline_script_or_style(client: Client) -> None:
    page = client.get("/schema")

    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text) is None


def test_examples_have_exactly_the_fields_of_the_answers() -> None:
    for kind, example in (
        (SearchOut, examples.SEARCH),
        (ArticleOut, examples.ARTICLE),
        (CollectionsOut, examples.COLLECTIONS),
        (AnswerOut, examples.ANSWER),
    ):
        assert json.loads(msgspec.json.encode(msgspec.convert(example, kind))) == example
    passage = examples.SEARCH["passages"][0]
    assert [passage["text"][start:end] for start, end in passage["highlights"]] == ["strikes", "Hawija"]
