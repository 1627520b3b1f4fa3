"""Retrieval happens in threads, never on the event loop, and only so many at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.web.app import create_app

WAIT_S = 10


@pytest.mark.parametrize("path", ["/api/v1/search?q=Hawija", "/?q=Hawija", "/", "/articles/en-1", "/health", "/ready"])
def test_the_engine_is_never_called_on_the_event_loop(app: Litestar, engine: Any, path: str) -> None:
    loops: list[int] = []

    async def note_loop() -> None:
        loops.append(threading.get_ident())

    app.on_startup.append(note_loop)
    with TestClient(app) as client:
        assert client.get(path).status_code == 200

    assert engine.threads
    assert engine.threads.isdisjoint(loops)


def test_health_answers_while_every_search_thread_is_busy(engine: Any, settings: Any) -> None:
    busy, release = threading.Barrier(settings.search_threads + 1), threading.Event()

    def hold() -> None:
        busy.wait(WAIT_S)
        assert release.wait(WAIT_S), "the event loop was blocked"

    engine.before_search = hold
    with TestClient(create_app(engine, settings)) as client, ThreadPoolExecutor() as pool:
        searches = [pool.submit(client.get, "/api/v1/search?q=Hawija") for _ in range(settings.search_threads)]
        busy.wait(WAIT_S)
        try:
            assert client.get("/health").status_code == 200
        finally:
            release.set()
        assert [search.result(WAIT_S).status_code for search in searches] == [200] * settings.search_threads


def test_no_more_searches_at_once_than_the_setting_says(engine: Any, settings: Any) -> None:
    lock, together = threading.Lock(), threading.Barrier(settings.search_threads)
    running: list[int] = [0, 0]  # now, at most

    def count() -> None:
        with lock:
            running[0] += 1
            running[1] = max(running)
        together.wait(WAIT_S)
        with lock:
            running[0] -= 1

    engine.before_search = count
    with TestClient(create_app(engine, settings)) as client, ThreadPoolExecutor() as pool:
        searches = [pool.submit(client.get, "/api/v1/search?q=Hawija") for _ in range(3 * settings.search_threads)]
        assert {search.result(WAIT_S).status_code for search in searches} == {200}

    assert running == [0, settings.search_threads]
