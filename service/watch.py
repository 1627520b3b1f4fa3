"""Ingest what arrives: files in folders, as they are written, and entries of feeds, asked for again and again.

What arrives later replaces the text of an id that is known. Between two arrivals nothing is locked, so that others may
write to the collection too; what comes while they do waits.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from service.engine import Engine
from service.errors import FetchError, IndexLocked, InputError, ServiceError
from service.fetch import Limits, Validators, fetch
from service.records import IngestReport

SETTLED_S = 1.0  # a file that has not changed for so long is taken to be whole
_LOOK_S = 0.5  # at files that are being written, and at the clock
_MOST_PATIENT = 12  # intervals between two attempts at a feed that fails
Told = Callable[[str, IngestReport | None, ServiceError | None], None]  # of a source: what was ingested, or what failed


def is_feed(source: str) -> bool:
    return source.casefold().startswith(("http://", "https://"))


class Watch:
    """Some folders and feeds, for one collection."""

    def __init__(self, engine: Engine, collection: str, sources: Sequence[str], interval_s: float, told: Told) -> None:
        """Raises InputError for a source that is neither a folder nor the address of a feed."""
        self._engine, self._collection, self._told = engine, collection, told
        self._folders = [Path(source) for source in sources if not is_feed(source)]
        for folder in self._folders:
            if not folder.is_dir():
                raise InputError(f"{folder} is not a folder: name one, or a feed by http:// or https://")
        self._feeds = [Feed(engine, url, interval_s) for url in sources if is_feed(url)]
        self._pending: dict[Path, tuple[int, int, float]] = {}  # size, time changed, and since when both are so

    def once(self) -> None:
        """Everything that is there now."""
        if self._folders:
            self._attempt(", ".join(map(str, self._folders)), self._take_folders)
        for feed in self._feeds:
            self._ask(feed)

    def run(self, stop: Event) -> None:
        """``once``, and then what arrives, until told to stop."""
        from watchfiles import Change, watch

        changes = watch(
            *self._folders, stop_event=stop, step=100, debounce=1_000, rust_timeout=int(_LOOK_S * 1000),
            yield_on_timeout=True, watch_filter=None, raise_interrupt=True, ignore_permission_denied=True,
        ) if self._folders else self._clock(stop)  # fmt: skip
        first = True
        for found in changes:
            if first:  # the watching has begun: what comes from now on is not missed
                self.once()
                first = False
            for change, name in found:
                path = Path(name)
                if change != Change.deleted and self._is_wanted(path):
                    self._pending[path] = (-1, -1, 0.0)
            self._take_settled()
            for feed in self._feeds:
                if feed.is_due():
                    self._ask(feed)

    def _clock(self, stop: Event):  # type: ignore[no-untyped-def]
        while not stop.wait(_LOOK_S):
            yield set()

    def _is_wanted(self, path: Path) -> bool:
        """A file that is not hidden, nor in a hidden folder of what is watched."""
        for folder in self._folders:
            try:
                inside = path.relative_to(folder.absolute())
            except ValueError:
                continue
            return not any(part.startswith(".") for part in inside.parts) and path.is_file()
        return False

    def _take_settled(self) -> None:
        now = time.monotonic()
        settled = []
        for path, (size, changed, since) in list(self._pending.items()):
            try:
                state = os.stat(path)
            except OSError:
                del self._pending[path]  # it went away again
                continue
            if not stat.S_ISREG(state.st_mode):
                del self._pending[path]
            elif (size, changed) != (state.st_size, state.st_mtime_ns):
                self._pending[path] = (state.st_size, state.st_mtime_ns, now)
            elif now - since >= SETTLED_S:
                settled.append(path)
        if settled and self._attempt(", ".join(p.name for p in settled), lambda: self._take(sorted(settled))):
            for path in settled:
                del self._pending[path]

    def _take_folders(self) -> IngestReport:
        return self._take(self._folders)

    def _take(self, paths: Sequence[Path]) -> IngestReport:
        return self._engine.ingest(self._collection, paths, update=True)

    def _ask(self, feed: Feed) -> None:
        self._attempt(feed.url, lambda: feed.take(self._collection))

    def _attempt(self, source: str, take: Callable[[], IngestReport | None]) -> bool:
        """Whether it is done; not where another process is writing just now."""
        try:
            report = take()
        except IndexLocked:
            return False
        except (FetchError, InputError) as error:
            self._told(source, None, error)
        else:
            if report is not None:
                self._told(source, report, None)
        return True


class Feed:
    """One feed, asked at intervals; after failures less often."""

    def __init__(self, engine: Engine, url: str, interval_s: float) -> None:
        made = engine.settings
        self.url, self._engine, self._interval_s = url, engine, interval_s
        self._limits = Limits(made.fetch_timeout_s, made.fetch_max_bytes, bool(made.fetch_private))
        self._known = Validators()
        self._failures = 0
        self._next = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    def take(self, collection: str) -> IngestReport | None:
        """None where nothing is new. Raises FetchError, IndexLocked: then it is asked again."""
        from service import corpus

        self._failures += 1
        self._next = time.monotonic() + self._interval_s * min(self._failures, _MOST_PATIENT)
        document = fetch(self.url, self._limits, self._known)
        report = None
        if document.data is not None:
            records = corpus.read_feed(document.data, self.url, max_text_bytes=self._engine.settings.max_text_bytes)
            try:
                report = self._engine.take(collection, records, update=True)
            except IndexLocked:
                self._failures, self._next = 0, 0.0
                raise
        self._known, self._failures = document.validators, 0
        self._next = time.monotonic() + self._interval_s
        return report
