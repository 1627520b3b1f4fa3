"""Work around search, off the event loop: saved searches, their feeds, uploads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from service import saved as saving
from service.complaints import both
from service.errors import SearchNotFound
from service.keys import Keys
from service.records import Filters, Passage
from service.saved import FeedEntry, SavedSearch, SavedSearches
from service.settings import Settings
from service.state import State
from service.uploads import Upload, Uploads, plain_name
from service.web.asked import Asked, from_options
from service.web.ports import SearchEngine
from service.web.settings_environ import as_environ

T = TypeVar("T")
Files = list[tuple[str, Callable[[Path], None]]]  # a name as given, and what writes the file's bytes to a path
_WORDS = 12  # shown of why a passage matched


class Desk:
    """What the handlers ask of the state file, with the engine beside it."""

    def __init__(self, engine: SearchEngine, settings: Settings, state: State, keys: Keys) -> None:
        self._engine, self._settings, self._keys = engine, settings, keys
        self._searches, self.uploads = SavedSearches(state), Uploads(state)
        self._limiter = CapacityLimiter(2)

    async def save(self, owner: str, name: str, asked: Asked) -> tuple[SavedSearch, str]:
        def work() -> tuple[SavedSearch, str]:
            found = self._engine.retriever(asked.collection).search(
                asked.text, saving.LOOKED, False, _strict(asked.filters)
            )
            there = [saving.digest(passage) for passage in found.passages]
            return self._searches.add(owner, name, asked.collection, asked.text, asked.options(), found.version, there)

        return await self._in_thread(work)

    async def saved(self, owner: str | None) -> list[SavedSearch]:
        return await self._in_thread(lambda: self._searches.of(owner))

    async def renew(self, search_id: int, owner: str | None) -> tuple[SavedSearch, str]:
        def work() -> tuple[SavedSearch, str]:
            token = self._searches.renew(search_id, owner)
            return self._searches.get(search_id, owner), token

        return await self._in_thread(work)

    async def forget(self, search_id: int, owner: str | None) -> None:
        await self._in_thread(lambda: self._searches.delete(search_id, owner))

    async def feed(self, token: str) -> tuple[SavedSearch, list[FeedEntry]]:
        """A feed's search, looked at again where a new version is published, and its entries."""
        return await self._in_thread(lambda: self._feed(token))

    async def upload(self, owner: str, collection: str, replaces: bool, files: Files) -> Upload:
        return await self._in_thread(lambda: self._upload(owner, collection, replaces, files))

    async def uploaded(self, owner: str | None) -> list[Upload]:
        return await self._in_thread(lambda: self.uploads.of(owner))

    async def progress(self, upload_id: str, owner: str | None) -> Upload:
        return await self._in_thread(lambda: self.uploads.get(upload_id, owner))

    def _feed(self, token: str) -> tuple[SavedSearch, list[FeedEntry]]:
        search = self._searches.by_token(token)
        if search.owner:
            owner = self._keys.by_id(search.owner)
            if owner is None or not owner.reaches(search.collection):
                raise SearchNotFound(both("feed_key_gone"))
        if self._engine.version(search.collection) != search.version:
            asked = from_options(self._settings, search.question, search.collection, search.options)
            found = self._engine.retriever(search.collection).search(
                asked.text, saving.LOOKED, True, _strict(asked.filters)
            )
            shown = [(saving.digest(passage), feed_entry(passage)) for passage in found.passages]
            if found.version != search.version:
                self._searches.look(search, found.version, shown)
        return search, self._searches.entries(search.search_id)

    def _upload(self, owner: str, collection: str, replaces: bool, files: Files) -> Upload:
        names = [plain_name(name) for name, _ in files]
        upload = self.uploads.add(owner, collection, names, replaces)
        try:
            for number, (name, (_, write)) in enumerate(zip(names, files, strict=True), 1):
                write(self.uploads.place(upload.upload_id, number, name))
        except OSError as error:
            self.uploads.fail(upload.upload_id, both("upload_storage", why=error.strerror))
            return self.uploads.get(upload.upload_id, owner)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "service.upload_run", upload.upload_id],
            env=_environ(self._settings),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # it outlives a worker that is replaced
        )
        threading.Thread(target=process.wait, daemon=True).start()  # no zombies
        self.uploads.set(upload.upload_id, pid=process.pid)
        return self.uploads.get(upload.upload_id, owner)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=True)


def _strict(filters: Filters) -> Filters:
    """A saved search waits for its phrases."""
    return replace(filters, strict_phrases=True)


def feed_entry(passage: Passage) -> dict[str, Any]:
    """What a feed shows of a passage, and why it matched in words."""
    why = [
        match.source if match.source.lower() == match.form.lower() else f"{match.source} → {match.form}"
        for match in passage.matches
    ]
    named = [f"{p.name_en} / {p.name_ar}, {p.distance_km:g} km (±{p.precision_km:g})" for p in passage.places]
    days = sorted({day.first if day.first == day.last else f"{day.first} – {day.last}" for day in passage.dates})
    return {
        "article_id": passage.article_id,
        "title": passage.title,
        "source": passage.source,
        "published": passage.published,
        "url": passage.url,
        "language": passage.language,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "sha256": passage.sha256,
        "why": [*list(dict.fromkeys(why))[:_WORDS], *named, *days],
    }


def _environ(settings: Settings) -> dict[str, str]:
    """The service's settings and what Python needs to start; no secrets: an upload calls no language model."""
    kept = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "OMP_NUM_THREADS", "LD_LIBRARY_PATH",
            "NUMBA_CACHE_DIR")  # fmt: skip
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    root = str(Path(__file__).parents[2])
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environ.get("PYTHONPATH", ""))))
    given = as_environ(settings)
    given.pop("RASAD_LLM_KEY", None)
    return environ | given
