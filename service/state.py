"""What the service remembers beside the indexes: one SQLite file that every worker opens, and its upgrades.

A migration is never changed once it was released; a new one goes to the end. ``user_version`` counts those done.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from service.errors import StateError

MIGRATIONS: Sequence[str] = (
    """
    create table keys (
        key_id text primary key, name text not null, role text not null,
        collections text not null,  -- JSON list; [] is all of them
        sha256 text not null,       -- of the secret
        created text not null, revoked text not null default ''
    ) strict;
    create table searches (
        search_id integer primary key, owner text not null,  -- key id, '' without keys
        name text not null, collection text not null, question text not null,
        options text not null,      -- JSON object, as Asked.options()
        created text not null,
        token_sha256 text not null unique,  -- of the feed's address
        version text not null default '', looked text not null default ''  -- index version last looked at, and when
    ) strict;
    create table seen (
        search_id integer not null references searches on delete cascade,
        passage text not null,      -- digest of article id and text
        primary key (search_id, passage)
    ) strict, without rowid;
    create table entries (
        entry_id integer primary key,
        search_id integer not null references searches on delete cascade,
        found text not null, passage text not null  -- JSON of what the feed shows
    ) strict;
    create index entries_of_search on entries (search_id, entry_id);
    """,
    """
    create table uploads (
        upload_id text primary key, owner text not null, collection text not null,
        files text not null,        -- JSON list of the names given
        replaces integer not null,  -- 1: known ids get the new text
        status text not null, message text not null default '', pid integer not null default 0,
        created text not null, started text not null default '', ended text not null default '',
        read integer not null default 0, added integer not null default 0, updated integer not null default 0,
        unchanged integer not null default 0, copies integer not null default 0, rejected integer not null default 0,
        rejections text not null default '[]', version text not null default ''
    ) strict;
    create index uploads_by_time on uploads (created);
    """,
)


class State:
    """The file, opened once by each thread that uses it; safe to share between threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._ready = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything in it happens or nothing does. Raises StateError where the file cannot be used."""
        try:
            connection = self._connection()
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        except sqlite3.Error as error:
            raise StateError(f"cannot write to {self.path} ({error}): check the disk and its permissions") from error

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._connection().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StateError(f"cannot read {self.path} ({error}): restore it from a backup") from error

    def changes(self) -> tuple[int, int]:
        """Differs, for the thread that asks, once anybody has written: cheap enough for every request."""
        return int(self.rows("pragma data_version")[0][0]), self._connection().total_changes

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._open()
            self._local.connection = found
        return found

    def _open(self) -> sqlite3.Connection:
        try:
            if not self.path.exists():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))  # hashes of keys are nobody's business
            connection = sqlite3.connect(
                self.path, timeout=10.0, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            connection.row_factory = sqlite3.Row
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=normal")
            connection.execute("pragma foreign_keys=on")
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                f"cannot open {self.path} ({error}): set RASAD_STATE to a file that can be written"
            ) from error
        with self._lock:
            if not self._ready:
                self._upgrade(connection)
                self._ready = True
            self._connections.append(connection)
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("begin immediate")  # a second process waits here and then finds nothing to do
            done = int(connection.execute("pragma user_version").fetchone()[0])
            if done > len(MIGRATIONS):
                raise StateError(
                    f"{self.path} has schema {done}, this code knows {len(MIGRATIONS)}: it was written by a newer "
                    "Rasad, install that one or restore a backup"
                )
            for migration in MIGRATIONS[done:]:
                for statement in _statements(migration):
                    connection.execute(statement)
            connection.execute(f"pragma user_version={len(MIGRATIONS)}")
            connection.commit()
        except sqlite3.Error as error:
            connection.rollback()
            raise StateError(f"cannot upgrade {self.path} ({error}): restore it from a backup") from error
        except StateError:
            connection.rollback()
            raise


def now() -> str:
    """ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
