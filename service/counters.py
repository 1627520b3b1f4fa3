"""Counts of events that should be rare: kept by the process, read by whoever shows metrics."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

CITATIONS_DROPPED = "rasad_citations_dropped_total"  # quotes that were not what is stored
SENTENCES_UNSUPPORTED = "rasad_model_sentences_unsupported_total"  # of a language model, marked or dropped
MODEL_FALLBACKS = "rasad_model_fallbacks_total"  # answers that had to do without the language model

_lock = threading.Lock()
_counts: Counter[str] = Counter()
Listener = Callable[[str, int], None]
_listeners: list[Listener] = []


def count(name: str, by: int = 1) -> None:
    with _lock:
        _counts[name] += by
        told = list(_listeners)
    for listener in told:
        listener(name, by)


def snapshot() -> dict[str, int]:
    """Every counter that exists, 0 included, by name."""
    with _lock:
        names = (CITATIONS_DROPPED, SENTENCES_UNSUPPORTED, MODEL_FALLBACKS)
        return {name: _counts[name] for name in sorted({*names, *_counts})}


def listen(listener: Listener) -> None:
    """Have every further count told to ``listener`` as well."""
    with _lock:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    with _lock:
        _listeners.remove(listener)
