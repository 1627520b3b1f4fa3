"""The sample collection, built once, and a language model's endpoint on loopback that behaves as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.answerer import Answerer
from service.engine import Engine


@pytest.fixture(scope="session")
def answerer(seeds: Engine) -> Answerer:
    return seeds.answerer("seeds")


@pytest.fixture(scope="session")
def with_settings(seeds: Engine) -> Callable[..., Answerer]:
    """An answerer over the sample collection with some settings changed."""

    def build(**changed: Any) -> Answerer:
        settings = replace(seeds.settings, **changed)
        return Answerer(seeds.retriever("seeds"), seeds.reader("seeds"), seeds.encoder, settings)

    return build


Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Does what the test told its server to; remembers what was asked."""

    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(
            {"path": self.path, "authorization": self.headers.get("Authorization"), **json.loads(body)}
        )
        self.close_connection = True
        self.server.behaviour(self)

    def start(self, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()

    def event(self, payload: str) -> None:
        self.wfile.write(f"data: {payload}\n\n".encode())
        self.wfile.flush()

    def piece(self, text: str, finish: str | None = None) -> None:
        self.event(json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": finish}]}))

    def log_message(self, format: str, *args: object) -> None:
        pass


class Endpoint(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.behaviour: Behaviour = streams("")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def streams(text: str, size: int = 7) -> Behaviour:
    """Sends the text in small pieces, then [DONE]."""

    def behave(handler: Handler) -> None:
        handler.start("text/event-stream; charset=utf-8")
        for i in range(0, len(text), size):
            handler.piece(text[i : i + size])
        handler.piece("", "stop")
        handler.event("[DONE]")

    return behave


def breaks_off(text: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.start("text/event-stream")
        handler.piece(text)

    return behave


def hangs(seconds: float) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.start("text/event-stream")
        handler.piece("The ")
        time.sleep(seconds)

    return behave


def drips(seconds: float) -> Behaviour:
    """Keeps the connection alive for ever with comments, as a busy server does."""

    def behave(handler: Handler) -> None:
        handler.start("text/event-stream")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            handler.wfile.write(b": keep-alive\n\n")
            handler.wfile.flush()
            time.sleep(0.02)

    return behave


def sends(payload: bytes, kind: str = "application/json", status: int = 200) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.start(kind, status)
        handler.wfile.write(payload)

    return behave


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent.parent
