"""A read that is asked again where the engine stalls or fails: the first answer counts.

When a query node dies, Milvus was measured to stall for 6.4 s and to answer right after (scripts/results/backends.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import TypeVar

T = TypeVar("T")
_PAUSE_S = 0.2  # before a call that failed is made again; doubled each time


def hedged(
    call: Callable[[], T], pool: Executor, after_s: float, timeout_s: float, failures: type[Exception], copies: int = 3,
    note: Callable[[str], None] = lambda _: None,
) -> T:  # fmt: skip
    """What the first of up to ``copies`` concurrent calls gives; another is made after each ``after_s`` of silence.

    A call that ends in one of ``failures`` is made again until ``timeout_s`` have passed; then the last of these is
    raised, or TimeoutError. ``note`` is told of calls that "failed" and of those made because others were "late".
    """
    began, pause = time.monotonic(), _PAUSE_S
    running: set[Future[T]] = {pool.submit(call)}
    last: Exception | None = None
    while (left := timeout_s - (time.monotonic() - began)) > 0:
        done, running = wait(running, min(after_s, left), FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            if error is None:
                return future.result()
            if not isinstance(error, failures):
                raise error
            last = error
            note("failed")
        if not done and len(running) < copies and time.monotonic() - began < timeout_s:
            note("late")
        if done and not running:
            time.sleep(min(pause, max(0.0, timeout_s - (time.monotonic() - began))))
            pause *= 2
        if len(running) < copies and (not done or not running):
            running.add(pool.submit(call))
    for future in running:
        future.cancel()
    raise last or TimeoutError(f"no answer within {timeout_s:g} s")
