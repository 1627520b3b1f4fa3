"""Metrics, logs, limits of time and size."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from service import counters, stages
from service.engine import Engine
from service.settings import Settings
from service.web.app import create_app
from service.web.logs import JsonFormatter, TextFormatter, with_fields

Client = TestClient[Any]


def sample(text: str, name: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(name + " ")]
    return float(line.rpartition(" ")[2])


def test_metrics_count_what_happened(client: Client) -> None:
    for path in ("/api/v1/search?q=strikes", "/api/v1/search?q=strikes", "/api/v1/search", "/nowhere"):
        client.get(path)
    for question in ("strikes", "who"):
        client.get("/api/v1/answer", params={"q": question})
    counters.count(counters.CITATIONS_DROPPED, 2)

    text = client.get("/metrics").text

    assert sample(text, 'rasad_http_requests_total{method="GET",route="/api/v1/search",status="200"}') == 2
    assert sample(text, 'rasad_http_requests_total{method="GET",route="/api/v1/search",status="400"}') == 1
    assert sample(text, 'rasad_stage_seconds_count{stage="search"}') == 2
    assert sample(text, 'rasad_answers_total{outcome="answered"}') == 1
    assert sample(text, 'rasad_answers_total{outcome="abstained"}') == 1
    assert sample(text, "rasad_citations_dropped_total") == 2
    assert sample(text, 'rasad_ingested_records_total{collection="seeds",outcome="added"}') == 4
    assert sample(text, 'rasad_ingested_records_total{collection="seeds",outcome="rejected"}') == 1
    assert sample(text, 'rasad_index_info{collection="seeds",version="20261120-a1"}') == 1
    assert "strikes" not in text


def test_the_parts_of_a_search_are_timed_and_every_ingest_is_counted(
    indexes: Path, reports: Callable[..., Path], settings: Settings
) -> None:
    settings = replace(settings, indexes=indexes, collection="mine", ingest_workers=1)
    before = stages._listeners
    with closing(Engine(settings)) as engine, TestClient(create_app(engine, settings)) as client:
        engine.ingest("mine", [reports({"id": "a", "text": "A raid near Hawija."}, {"id": "b", "text": ""})])
        engine.ingest("mine", [reports({"id": "a", "text": "A raid near Hawija."})])
        client.get("/api/v1/search?q=raid near Hawija&facets=true")
        client.get("/api/v1/answer?q=Who was near Hawija?")
        text = client.get("/metrics").text

    counted = {outcome: sample(text, f'rasad_ingested_records_total{{collection="mine",outcome="{outcome}"}}')
               for outcome in ("added", "unchanged", "rejected")}  # fmt: skip
    assert counted == {"added": 1, "unchanged": 1, "rejected": 1}
    for stage in ("understand", "bm25", "cross", "dense", "place", "passages"):
        assert sample(text, f'rasad_stage_seconds_count{{stage="{stage}"}}') >= 2, stage
    assert sample(text, 'rasad_stage_seconds_count{stage="sentences"}') == 1
    assert stages._listeners == before


def test_every_request_has_an_id_that_the_log_has_too(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "service.access"):
        given = client.get("/api/v1/search?q=secret", headers={"X-Request-ID": "desk-7"})
        made = client.get("/api/v1/search?q=secret", headers={"X-Request-ID": "a b\n"})

    assert given.headers["x-request-id"] == "desk-7"
    assert made.headers["x-request-id"] not in ("", "a b")
    fields = [record.__dict__["fields"] for record in caplog.records if record.name == "service.access"]
    assert [entry["id"] for entry in fields] == ["desk-7", made.headers["x-request-id"]]
    assert fields[0]["route"] == "/api/v1/search"
    assert "secret" not in str(fields)


def test_questions_are_logged_where_that_is_asked_for(
    engine: Any, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "service.access"),
        TestClient(create_app(engine, replace(settings, log_questions=1))) as client,
    ):
        client.get("/api/v1/search?q=secret")

    assert caplog.records[-1].__dict__["fields"]["question"] == "secret"


def test_a_line_of_the_log_cannot_be_forged() -> None:
    record = logging.makeLogRecord(
        {"name": "x", "levelname": "INFO", "msg": "request", **with_fields(route='a" b\nINFO forged')}
    )

    assert len(TextFormatter().format(record).splitlines()) == 1
    assert json.loads(JsonFormatter().format(record))["route"] == 'a" b\nINFO forged'


def test_an_answer_that_takes_too_long_is_given_up(engine: Any, settings: Settings) -> None:
    release = threading.Event()
    engine.before_search = lambda: release.wait(20)
    try:
        with TestClient(create_app(engine, replace(settings, request_timeout_s=0.2))) as client:
            late = client.get("/api/v1/search?q=strikes")
            release.set()
    finally:
        release.set()

    assert late.status_code == 503
    assert late.headers["retry-after"] == "5"
    assert late.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(client: Client, settings: Settings) -> None:
    body = json.dumps({"question": "x" * settings.max_body_bytes})

    response = client.post("/api/v1/answer", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


def test_more_than_can_be_done_at_once_is_refused(engine: Any, settings: Settings) -> None:
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        release.wait(20)

    engine.before_search = hold
    with TestClient(create_app(engine, replace(settings, max_in_flight=1))) as client:
        first = threading.Thread(target=client.get, args=("/api/v1/search?q=strikes",))
        first.start()
        assert entered.wait(20)
        refused = client.get("/api/v1/search?q=Hawija")
        alive = client.get("/health")
        release.set()
        first.join()

    assert (refused.status_code, refused.headers["retry-after"], alive.status_code) == (503, "1", 200)
