"""Memory of a process that runs for days: what was let go of is given back to the system."""

from __future__ import annotations

import ctypes
import gc

_ARENA_MAX = -8  # of mallopt
_COLLECTED = 5_000, 20, 20  # thresholds of Python's collector, which took 0.4 ms of every search with its own


def collect_seldom() -> None:
    """For a process that goes on answering: look less often for what refers to itself."""
    gc.set_threshold(*_COLLECTED)


def give_back() -> None:
    """Collect what refers to itself, and return freed pages where the C library can."""
    gc.collect()
    trim()


def trim() -> None:
    """Return freed pages, those of threads that have ended too, where the C library can."""
    give = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own; others return pages by themselves
    if give is not None:
        give(0)


def one_heap() -> None:
    """Let threads that come allocate where all do, where the C library can: with heaps of their own, what a thread that
    merges takes is not used again by others, and a process that went on writing had a third more memory.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's own
    if change is not None:
        change(_ARENA_MAX, 1)
