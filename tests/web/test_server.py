from __future__ import annotations

import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from service.errors import ServiceError, SettingsError
from service.settings import Settings
from service.web import protocol, server
from service.web.app import create_app
from service.web.settings_environ import as_environ

WAIT_S = 30

# What `rasad serve --workers 2` runs, over an engine that has nothing.
WORKERS = """
import sys
from pathlib import Path
from service.settings import Settings
from service.web.app import create_app
from service.web.server import configure, listen, run

class Empty:
    state_path = Path(sys.argv[0]).parent / "state.sqlite3"

    def collections(self):
        return []

    def ingested(self, collection):
        return {}

def make():
    return create_app(Empty(), Settings())

if __name__ == "__main__":
    run(configure("workers:make", Settings(), workers=2), listen("127.0.0.1", int(sys.argv[1])))
"""


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    """Puts back what the server's logging configuration changes, for tests that look at the log."""
    loggers = [logging.getLogger(name) for name in ("service", "uvicorn")]
    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
    yield
    for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
        logger.level, logger.propagate, logger.handlers = level, propagate, handlers


@pytest.fixture
def running(engine: Any, settings: Settings, quiet_logging: None) -> Iterator[tuple[uvicorn.Server, int]]:
    """A served application and its port."""
    with server.listen("127.0.0.1", 0) as listener:
        uvicorn_server = uvicorn.Server(server.configure(create_app(engine, settings), settings))
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: uvicorn_server.started)
            yield uvicorn_server, listener.getsockname()[1]
        finally:
            uvicorn_server.should_exit = True
            thread.join(WAIT_S)
    assert not thread.is_alive()


def until(ready: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    return answer


def test_a_request_over_the_wire(running: tuple[uvicorn.Server, int]) -> None:
    _, port = running

    answer = exchange(port, b"GET /api/v1/search?q=Hawija HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"server: " not in answer.lower()
    assert b'"article_id":"en-1"' in answer


def test_head_over_the_wire_has_no_body(running: tuple[uvicorn.Server, int]) -> None:
    _, port = running

    answer = exchange(port, b"HEAD /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_an_address_that_is_not_percent_encoded_is_explained(running: tuple[uvicorn.Server, int]) -> None:
    _, port = running

    answer = exchange(port, "GET /api/v1/search?q=غارات HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in answer.lower()
    assert b"--data-urlencode" in answer


def test_an_overlong_head_is_refused(running: tuple[uvicorn.Server, int]) -> None:
    _, port = running

    answer = exchange(port, b"GET /?q=" + b"a" * 90_000)

    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"content-type: application/problem+json" in answer.lower()
    assert b'"status":431' in answer


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, engine: Any, settings: Settings, quiet_logging: None, sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with server.listen("127.0.0.1", 0) as listener:
        uvicorn_server = uvicorn.Server(server.configure(create_app(engine, settings), settings))
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: uvicorn_server.started)
            port = listener.getsockname()[1]
            late = exchange(port, sent)
            kept = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
            statuses = []
            for _ in range(3):  # a connection that is used again keeps its answers, however long it lives
                kept.request("GET", "/health")
                answer = kept.getresponse()
                answer.read()
                statuses.append(answer.status)
                time.sleep(0.2)
            kept.close()
        finally:
            uvicorn_server.should_exit = True
            thread.join(WAIT_S)

    assert late.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert statuses == [200, 200, 200]


def test_a_request_under_way_is_finished_before_the_service_stops(
    running: tuple[uvicorn.Server, int], engine: Any
) -> None:
    uvicorn_server, port = running
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        release.wait(WAIT_S)

    engine.before_search = hold
    answers: list[bytes] = []
    request = b"GET /api/v1/search?q=Hawija HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    asking = threading.Thread(target=lambda: answers.append(exchange(port, request)))
    asking.start()
    assert entered.wait(WAIT_S)

    uvicorn_server.should_exit = True
    until(lambda: not any(listener.is_serving() for listener in uvicorn_server.servers))
    release.set()
    asking.join(WAIT_S)

    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\n")


def test_questions_stay_out_of_the_log(running: tuple[uvicorn.Server, int], capfd: pytest.CaptureFixture[str]) -> None:
    _, port = running

    for question in (b"Hawija", b"crash"):
        exchange(port, b"GET /?q=" + question + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")

    out, err = capfd.readouterr()
    assert out == ""
    assert "Hawija" not in err
    assert "q=" not in err


def test_a_port_in_use_is_explained() -> None:
    with server.listen("127.0.0.1", 0) as holder:
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(SettingsError, match=f"port {port} on 127.0.0.1 is in use: .*--port"):
            server.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["not:an:address", "203.0.113.7", "", "a..b", "x" * 70])
def test_a_host_that_is_not_ours_is_explained(host: str) -> None:
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1"):
        server.listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_an_impossible_port_is_explained(port: int) -> None:
    with pytest.raises(SettingsError, match="from 0 to 65535"):
        server.listen("127.0.0.1", port)


def test_no_worker_is_too_few(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="workers must be 1 or more, found 0"):
        server.serve(settings, "127.0.0.1", 0, 0)


def test_serving_says_where_and_runs_one_application(
    monkeypatch: pytest.MonkeyPatch, engine: Any, settings: Settings, quiet_logging: None, capfd: Any
) -> None:
    app = create_app(engine, settings)
    ran: list[tuple[uvicorn.Config, str]] = []
    monkeypatch.setattr(server, "application", lambda given: app if given == settings else None)
    monkeypatch.setattr(server, "run", lambda config, listener: ran.append((config, server.address(listener))))

    server.serve(settings, "127.0.0.1", 0, 1)

    [(config, where)] = ran
    assert config.app is app
    out, err = capfd.readouterr()
    assert out == ""
    assert f"Rasad answers at {where}" in err


def test_the_address_can_be_typed_into_a_browser() -> None:
    with server.listen("localhost", 0) as listener:
        assert server.address(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_workers_start_from_the_settings_that_were_given() -> None:
    given = Settings(indexes=Path("/somewhere"), collection="news", k=7, bm25_b=0.5)

    assert Settings.from_env(as_environ(given)) == given


def test_a_worker_that_cannot_start_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Settings) -> Any:
        raise ServiceError("no such model")

    monkeypatch.setattr(server, "application", refuse)
    with pytest.raises(SystemExit) as stopped:
        server.from_env()

    assert stopped.value.code == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_workers_answer_and_stop_when_told(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "workers.py").write_text(WORKERS, encoding="utf-8")
    with server.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    root = Path(server.__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(root)))}
    command = [sys.executable, "-W", "error", str(tmp_path / "workers.py"), str(port)]
    status, errors = stopped(command, environ, port, how)

    assert status == 0, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_one_worker_says_that_it_has_stopped(tmp_path: Path, how: signal.Signals) -> None:
    with server.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    environ = {**os.environ, "PYTHONPATH": str(Path(server.__file__).parents[2]), "RASAD_INDEXES": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-m", "service.cli", "serve", "--port", str(port), "--collection", "none"]
    status, said = stopped(command, environ, port, how)

    assert status == 0, said
    assert "Rasad has stopped" in said.splitlines()[-1]
    assert "Traceback" not in said


def stopped(command: list[str], environ: dict[str, str], port: int, how: signal.Signals) -> tuple[int, str]:
    """The exit status of a service that is told to stop once it answers, and what it wrote to stderr."""
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: process.poll() is not None or answers(port))
            process.send_signal(how)
            _, said = process.communicate(timeout=WAIT_S)
        finally:
            process.kill()
    return process.returncode, said


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
