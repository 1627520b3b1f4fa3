"""A crew of processes that prepare batches of articles ahead of the writer; what comes out is in the order it went in.

The processes are started anew (spawn), never forked: this one may have threads, of a web service or of numpy, whose
locks a fork would inherit. Each makes its own Preparation from a Recipe. They leave when this process ends, however it
ends, and do not hear Ctrl-C: this process does, and dismisses them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from service import annotator, encoder
from service.backends.base import Packer
from service.encoder import Encoder
from service.errors import WorkerLost
from service.preparation import Preparation
from service.records import Article

_AHEAD = 2  # batches for each worker that are being prepared or wait for the writer


@dataclass(frozen=True, slots=True)
class Recipe:
    """What another process needs to prepare articles as this one would."""

    chunk_words: int
    overlap_sentences: int
    gazetteer: str
    encoder: Callable[[], Encoder] = encoder.bundled  # makes it there

    def preparation(self) -> Preparation:
        annotate = annotator.load(Path(self.gazetteer) if self.gazetteer else None)
        return Preparation(self.encoder(), self.chunk_words, self.overlap_sentences, annotate)


def hands(workers: int) -> int:
    """How many processes prepare articles when ``workers`` are asked for, 0 for one for each processor.

    1, which is this one, where children are not allowed: in multiprocessing's own pools.
    """
    if multiprocessing.current_process().daemon:
        return 1
    if workers:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew:
    """Starts with the first batch. Close it, or it leaves with this process."""

    def __init__(self, recipe: Recipe, workers: int, method: str = "spawn") -> None:
        self._recipe, self._workers, self._method = recipe, workers, method
        self._pool: ProcessPoolExecutor | None = None

    @property
    def started(self) -> bool:
        return self._pool is not None

    def packed(self, batches: Iterable[Sequence[Article]], pack: Packer) -> Iterator[Any]:
        """``pack`` of each prepared batch. Raises WorkerLost when a process dies, and what a batch raises."""
        waiting: deque[Future[Any]] = deque()
        try:
            for batch in batches:
                waiting.append(self._submit(batch, pack))
                if len(waiting) >= self._workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise WorkerLost(
                "a worker process ended while it prepared articles, perhaps for lack of memory; what was published "
                "before is untouched: run again, with RASAD_INGEST_WORKERS=1 to use one process"
            ) from error

    def _submit(self, batch: Sequence[Article], pack: Packer) -> Future[Any]:
        if self._pool is None:
            context = multiprocessing.get_context(self._method)
            self._pool = ProcessPoolExecutor(self._workers, context, _begin, (self._recipe,))
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the processes that this may start inherit it
        try:
            return self._pool.submit(_work, batch, pack)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


_preparation: Preparation  # of a worker process


def _begin(recipe: Recipe) -> None:
    global _preparation
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _preparation = recipe.preparation()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(batch: Sequence[Article], pack: Packer) -> Any:
    return pack(_preparation.prepare(batch))
