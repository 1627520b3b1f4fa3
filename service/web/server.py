"""Runs the web service: binds the address, starts the workers, stops them gently."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import uvicorn
from litestar import Litestar
from uvicorn.config import STARTUP_FAILURE

from service import analyzer, memory
from service.errors import IndexStateError, NotFound, ServiceError, SettingsError
from service.keys import Keys
from service.records import Open
from service.settings import Settings
from service.state import State
from service.web import accepting, logs, metrics
from service.web.app import create_app
from service.web.limits import max_url_bytes
from service.web.protocol import ProblemH11Protocol
from service.web.settings_environ import as_environ
from service.web.supervision import Supervisor

if TYPE_CHECKING:
    from service.engine import Engine

_HEADER_BYTES = 65_536  # room for the cookies of whatever else runs on this host
_GRACE_S = 30  # for requests under way when the service is told to stop

_WORDS = 100_000  # whose terms a worker keeps in mind

_SHARED = "RASAD_SHARED_FOLDER"  # of the workers of one service, set for them alone

_log = logging.getLogger(__name__)


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serves until SIGINT or SIGTERM. Raises SettingsError for an address that cannot be listened on."""
    if workers < 1:
        raise SettingsError(f"workers must be 1 or more, found {workers}")
    if workers > 1 and settings.one_process:
        raise SettingsError(
            f"a Milvus Lite file takes one process, found {workers} workers for {settings.uri}: use --workers 1, or a "
            "Milvus server (--uri http://HOST:PORT)"
        )
    settings = replace(settings, host=host)
    with listen(host, port) as listener, ExitStack() as stack:
        whom = open_to(settings, listener)
        if workers == 1:
            app: Litestar | str = application(settings)
        else:
            app = _for_workers(settings, Path(stack.enter_context(TemporaryDirectory(prefix="rasad-"))))
        config = configure(app, settings, workers)
        _log.info("Rasad answers at %s, %s (Ctrl+C stops it)", address(listener), whom)
        run(config, listener)
        _log.info("Rasad has stopped")


def open_to(settings: Settings, listener: socket.socket) -> str:
    """Who needs no key, in words. Raises SettingsError where nobody at all could use the service."""
    address = ipaddress.ip_address(listener.getsockname()[0])
    if address.is_loopback or settings.open in (Open.READ, Open.EVERYONE):
        return _OPEN_TO[settings.open]
    from service.engine import Engine

    with closing(Engine(settings)) as engine, closing(State(engine.state_path)) as state:
        if Keys(state).any():
            return _OPEN_TO[settings.open]
    raise SettingsError(
        f"{settings.host} can be reached from other machines, and nobody there has a key: make one with "
        "rasad keys add NAME, or let everybody read with RASAD_OPEN=read"
    )


_WARMING = "strikes near Baghdad in May 2020 غارات قرب بغداد"
_OPEN_TO = {
    Open.LOOPBACK: "open to programs on this machine, to others with a key",
    Open.NOBODY: "open to those who have a key",
    Open.READ: "open to everybody who reaches it, to read",
    Open.EVERYONE: "open to everybody who reaches it, to read and to add reports",
}


def application(settings: Settings) -> Litestar:
    """The application over an engine of its own, which it closes when it stops."""
    analyzer.remember(_WORDS)
    memory.collect_seldom()
    engine = _open_engine(settings)
    engine.watch(settings.refresh_s)
    threading.Thread(target=_warm, args=(engine, settings.collection), name="warming").start()
    shared = os.environ.get(_SHARED)
    app = create_app(engine, settings, Path(shared) if shared else None)
    app.on_shutdown.append(engine.close)
    return app


def from_env() -> Litestar:
    """One worker's application, from the settings in its environment."""
    try:
        return application(Settings.from_env())
    except ServiceError as error:
        _log.error("%s", error)
        raise SystemExit(STARTUP_FAILURE) from error  # any other status would have it started again, for ever


def configure(app: Litestar | str, settings: Settings, workers: int = 1) -> uvicorn.Config:
    """How uvicorn runs ``app``: itself, or the import string of a factory."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop=f"{accepting.__name__}:{accepting.OneByOne.__name__}",
        http=ProblemH11Protocol,
        h11_max_incomplete_event_size=_HEADER_BYTES + max_url_bytes(settings),
        ws="none",
        lifespan="on",
        log_config=logs.configuration(settings.log),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )


def plain(app: Any) -> uvicorn.Config:
    """How uvicorn runs an ASGI application that is not ours, quietly."""
    return uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE_S)


def run(config: uvicorn.Config, listener: socket.socket) -> None:
    """Until told to stop; requests under way are finished. Raises ServiceError if it could not start."""
    if config.workers > 1:
        supervisor = Supervisor(config, [listener])
        supervisor.run()
        if supervisor.gave_up:
            raise ServiceError("the workers kept ending: the log above says why, or --workers 1 does")
        started = not any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    else:
        server = uvicorn.Server(config)
        # uvicorn stops gently, then raises the signal again.
        with _terminated_like_interrupted(), suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        started = server.started
    if not started:
        raise ServiceError("the web service did not start: the log above says why")


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM as a KeyboardInterrupt: else the raised one ends this process where it stands, exit status included."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _for_workers(settings: Settings, shared: Path) -> str:
    """The factory that each worker calls. Workers are new processes: they start from the environment."""
    _open_engine(settings).close()  # what keeps it from opening is raised here once, not by every worker
    for spec in fields(settings):
        os.environ.pop(f"RASAD_{spec.name.upper()}", None)
    os.environ.update(as_environ(settings))
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # glibc: each thread's own would keep what the others need
    figures = shared / "metrics"
    figures.mkdir()
    os.environ.update({_SHARED: str(shared), metrics.SHARED: str(figures)})
    return f"{__name__}:{from_env.__name__}"


def _open_engine(settings: Settings) -> Engine:
    """An engine with the default collection open, so that the first question need not wait for it."""
    from service.engine import Engine  # brings what searching needs: only where it is run

    engine = Engine(settings)
    try:
        engine.retriever(settings.collection).search(_WARMING, 1)  # loads lexicon, gazetteer and encoder
    except (NotFound, IndexStateError) as error:  # other collections may answer; /ready tells about this one
        _log.warning("the default collection is not ready: %s", error)
    return engine


def _warm(engine: Engine, collection: str) -> None:
    """While the first questions are answered already: compiling the loops may take seconds the first time."""
    try:
        engine.warm(collection)
    except ServiceError as error:  # the log has it from opening; /ready tells
        _log.info("not warmed: %s", error)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, not yet listening; IPv4 where a name means both. Raises SettingsError that says what to do."""
    if not 0 <= port <= 65_535:
        raise SettingsError(f"port must be from 0 to 65535, found {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM) if host else []
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"host {host!r} is not an address of this machine: try 127.0.0.1") from error
    if not found:
        raise SettingsError("host is empty: name an address of this machine, 127.0.0.1 for itself alone")
    family, kind, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)  # else asyncio sets no TCP_NODELAY: 40 ms an answer
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.set_inheritable(True)
    except OSError as error:
        listener.close()
        raise SettingsError(_why_not(error, host, port)) from error
    return listener


def address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _why_not(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is in use: stop the program that holds it, or choose another with --port"
        case errno.EACCES:
            return f"port {port} on {host} needs more rights than this user has: choose one above 1023 with --port"
        case errno.EADDRNOTAVAIL:
            return f"host {host!r} is not an address of this machine: try 127.0.0.1"
    return f"cannot listen on {host} port {port}: {error.strerror}"
