"""How long the parts of a search and of an answer take: told to whoever shows metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, float], None]  # name, seconds

_lock = threading.Lock()
_listeners: tuple[Listener, ...] = ()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Times what is done inside, also where it fails."""
    if not _listeners:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        for listener in _listeners:
            listener(name, seconds)


def listen(listener: Listener) -> None:
    global _listeners
    with _lock:
        _listeners = (*_listeners, listener)


def unlisten(listener: Listener) -> None:
    global _listeners
    with _lock:
        _listeners = tuple(other for other in _listeners if other != listener)
