"""Memory of a process that runs for days: what was let go of is given back to the system."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Collect what refers to itself, and return freed pages where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own; others return pages by themselves
    if trim is not None:
        trim(0)
