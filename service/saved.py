"""Saved searches and what is new for each: rows of the state file.

A passage is new when it is among a search's best ENTRIES in the version looked at, and no passage of the same article
with the same text was among its best LOOKED in any version looked at before: what only moves up or down is not news.
What was there when the search was saved is not new. Old entries stay in the feed until KEPT newer ones have come, so
that several readers, or one that lost an answer, miss nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.complaints import both
from service.errors import SearchNotFound
from service.records import Passage
from service.state import State, now

LOOKED = 200
ENTRIES = 50
KEPT = 100
MAX_SEARCHES = 200  # of one owner

_COLUMNS = "search_id, owner, name, collection, question, options, created, version, looked"


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search to look at again; ``options`` are by the API's names."""

    search_id: int
    owner: str  # key id, "" without keys
    name: str
    collection: str
    question: str
    options: Mapping[str, str | Sequence[str]]
    created: str
    version: str  # index version that was looked at last, and when
    looked: str


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A passage that was new at ``found``."""

    entry_id: int
    found: str
    passage: Mapping[str, Any]


class SavedSearches:
    """The saved searches of a state file."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(
        self, owner: str, name: str, collection: str, question: str, options: Mapping[str, str | Sequence[str]],
        version: str, there: Sequence[str],
    ) -> tuple[SavedSearch, str]:  # fmt: skip
        """The search and its feed's token, which is shown once. ``there``: digests of what it finds already."""
        token = secrets.token_urlsafe(32)
        with self._state.transaction() as rows:
            held = rows.execute("select count(*) from searches where owner = ?", (owner,)).fetchone()[0]
            if held >= MAX_SEARCHES:
                raise SearchNotFound(both("searches_full", n=held))
            made = rows.execute(
                "insert into searches"
                " (owner, name, collection, question, options, created, token_sha256, version, looked)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    owner, name, collection, question, json.dumps(dict(options), ensure_ascii=False), now(),
                    _sha256(token), version, now(),
                ),
            )  # fmt: skip
            search_id = int(made.lastrowid or 0)
            _remember(rows, search_id, there)
        return self.get(search_id, owner), token

    def of(self, owner: str | None) -> list[SavedSearch]:
        """Newest first; of everybody for None."""
        found = self._state.rows(
            f"select {_COLUMNS} from searches where ? is null or owner = ? order by search_id desc", owner, owner
        )
        return [_search(row) for row in found]

    def get(self, search_id: int, owner: str | None) -> SavedSearch:
        """Raises SearchNotFound, also for somebody else's."""
        for row in self._state.rows(f"select {_COLUMNS} from searches where search_id = ?", search_id):
            if owner is None or row["owner"] == owner:
                return _search(row)
        raise SearchNotFound(both("search_unknown", id=search_id))

    def delete(self, search_id: int, owner: str | None) -> None:
        self.get(search_id, owner)
        with self._state.transaction() as rows:
            rows.execute("delete from searches where search_id = ?", (search_id,))

    def renew(self, search_id: int, owner: str | None) -> str:
        """A new token for the feed; the old address stops working at once."""
        self.get(search_id, owner)
        token = secrets.token_urlsafe(32)
        with self._state.transaction() as rows:
            rows.execute("update searches set token_sha256 = ? where search_id = ?", (_sha256(token), search_id))
        return token

    def by_token(self, token: str) -> SavedSearch:
        """Raises SearchNotFound."""
        for row in self._state.rows(f"select {_COLUMNS} from searches where token_sha256 = ?", _sha256(token)):
            return _search(row)
        raise SearchNotFound(both("feed_gone"))

    def look(self, search: SavedSearch, version: str, passages: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
        """Keep what is new among (digest, what to show), best first, found in ``version``; how many that was."""
        with self._state.transaction() as rows:
            current = rows.execute("select version from searches where search_id = ?", (search.search_id,)).fetchone()
            if current is None or current["version"] != search.version:
                return 0  # deleted, or another reader of the feed was quicker
            held = {
                row["passage"]
                for row in rows.execute("select passage from seen where search_id = ?", (search.search_id,))
            }
            fresh = [(digest, shown) for digest, shown in passages[:ENTRIES] if digest not in held]
            at = now()
            rows.executemany(
                "insert into entries (search_id, found, passage) values (?, ?, ?)",
                [(search.search_id, at, json.dumps(shown, ensure_ascii=False)) for _, shown in reversed(fresh)],
            )
            _remember(rows, search.search_id, [digest for digest, _ in passages])
            rows.execute(
                "delete from entries where search_id = ? and entry_id not in"
                " (select entry_id from entries where search_id = ? order by entry_id desc limit ?)",
                (search.search_id, search.search_id, KEPT),
            )
            rows.execute(
                "update searches set version = ?, looked = ? where search_id = ?", (version, at, search.search_id)
            )
        return len(fresh)

    def entries(self, search_id: int) -> list[FeedEntry]:
        """Newest first, better ones first among those found together."""
        found = self._state.rows("select * from entries where search_id = ? order by entry_id desc", search_id)
        return [FeedEntry(row["entry_id"], row["found"], json.loads(row["passage"])) for row in found]


def digest(passage: Passage) -> str:
    """The same for the same text of the same article, wherever in it the text stands."""
    return _sha256(f"{passage.article_id}\0{passage.text}")[:32]


def _remember(rows: sqlite3.Connection, search_id: int, digests: Sequence[str]) -> None:
    rows.executemany(
        "insert or ignore into seen (search_id, passage) values (?, ?)", [(search_id, digest) for digest in digests]
    )


def _search(row: sqlite3.Row) -> SavedSearch:
    return SavedSearch(**{**dict(row), "options": json.loads(row["options"])})


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
