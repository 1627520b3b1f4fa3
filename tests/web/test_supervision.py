"""Workers that end are replaced and named; where they all end, the service stops instead of starting them for ever."""

from __future__ import annotations

import logging
import socket
from typing import Any

import pytest
import uvicorn
from uvicorn.supervisors import multiprocess

from service.errors import ServiceError
from service.web import server, supervision


class Worker:
    """Stands in for uvicorn's process: ``lives`` looks, then it has ended."""

    made = 0
    lives: int = 0

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        Worker.made += 1
        self.pid, self.exitcode, self._looks = Worker.made, -9, Worker.lives

    def is_alive(self, timeout: float = 5) -> bool:
        self._looks -= 1
        return self._looks >= 0

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    def join(self) -> None: ...


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> uvicorn.Config:
    monkeypatch.setattr(multiprocess, "Process", Worker)
    monkeypatch.setattr(multiprocess.signal, "signal", lambda *given: None)
    monkeypatch.setattr(Worker, "made", 0)
    return uvicorn.Config("nothing:here", workers=2)


def test_a_worker_that_ends_is_replaced_and_named(
    config: uvicorn.Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Worker, "lives", 1_000)
    supervisor = supervision.Supervisor(config, [])
    supervisor.init_processes()
    gone: Any = supervisor.processes[1]
    gone._looks = 0
    with caplog.at_level(logging.WARNING, supervision.__name__):
        supervisor.keep_subprocess_alive()
        supervisor.keep_subprocess_alive()
    assert [worker.pid for worker in supervisor.processes] == [1, 3]
    assert [record.getMessage() for record in caplog.records] == ["worker 2 ended (exit code -9); 3 takes its place"]
    assert not supervisor.gave_up


def test_workers_that_all_end_stop_the_service(config: uvicorn.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "lives", 0)
    monkeypatch.setattr(multiprocess.threading.Event, "wait", lambda self, timeout=None: self.is_set())
    with socket.socket() as listener, pytest.raises(ServiceError, match="kept ending"):
        server.run(config, listener)
    assert Worker.made <= 2 + supervision._ENDS + 2


def test_ends_far_apart_are_accidents(config: uvicorn.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "lives", 0)
    clock = iter(range(0, 100_000, 60))
    monkeypatch.setattr(supervision.time, "monotonic", lambda: float(next(clock)))
    supervisor = supervision.Supervisor(config, [])
    supervisor.init_processes()
    for _ in range(20):
        supervisor.keep_subprocess_alive()
    assert not supervisor.gave_up and not supervisor.should_exit.is_set()
