"""Vectors of passages that were encoded before, by content: ingesting again does not run a large model again.

One SQLite file in the user's cache folder, keyed by SHA-256 of model, prompt and text, shared by all collections and
safe for several processes. It can be deleted at any time; what is wrong with it never stops an ingest.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np

from service.encoder import Vectors

FILE = "vectors-1.sqlite"
_KEYS_AT_ONCE = 500
_BUSY_TIMEOUT_S = 10.0
_DROPPED_SHARE = 0.1  # of the rows, those longest unused, when the file is full
_ROW_BYTES = 120  # of a row beside its vector, indexes included
_SCHEMA = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS unused ON vectors (used);
"""  # used: days since 1970


def cache_folder(given: Path) -> Path:
    """The folder of the setting, else the user's cache folder for Rasad."""
    if given != Path():
        return given
    from platformdirs import user_cache_path

    return user_cache_path("rasad", appauthor=False)


class PromptedEncoder(Protocol):
    """An encoder (see encoder.Encoder) that says what it puts before a passage."""

    @property
    def encoder_id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def passage_prompt(self) -> str: ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors: ...

    def encode_query(self, text: str) -> Vectors: ...


class CachedEncoder:
    """An encoder that looks into the cache first. ``hits`` and ``encoded`` count passages; ``trouble`` is "" or why
    the cache is not used any more."""

    def __init__(self, encoder: PromptedEncoder, folder: Path, size_bytes: int) -> None:
        self._encoder, self._path, self._size_bytes = encoder, folder / FILE, size_bytes
        self.encoder_id, self.dim = encoder.encoder_id, encoder.dim
        self.hits, self.encoded, self.trouble = 0, 0, ""

    def encode_query(self, text: str) -> Vectors:
        return self._encoder.encode_query(text)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        keys = [self._key(text) for text in texts]
        known = self._read(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            rows = self._encoder.encode_passages(list(missing.values()))
            fresh = dict(zip(missing, rows, strict=True))
            self._write(fresh)
            known |= fresh
        self.hits += len(texts) - len(missing)
        self.encoded += len(missing)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dim), np.float32)

    def _key(self, text: str) -> bytes:
        parts = (self.encoder_id, self._encoder.passage_prompt, text)
        return hashlib.sha256(b"\0".join(part.encode("utf-8", "surrogatepass") for part in parts)).digest()

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        wanted = list(dict.fromkeys(keys))

        def read(database: sqlite3.Connection) -> None:
            for at in range(0, len(wanted), _KEYS_AT_ONCE):
                some = wanted[at : at + _KEYS_AT_ONCE]
                which = f"key IN ({','.join('?' * len(some))})"
                rows = database.execute(f"SELECT key, vector FROM vectors WHERE {which}", some).fetchall()
                found.update((key, np.frombuffer(blob, "<f4")) for key, blob in rows if len(blob) == 4 * self.dim)
                database.execute(f"UPDATE vectors SET used = ? WHERE used < ? AND {which}", (_day(), _day(), *some))

        self._with_database(read)
        return found

    def _write(self, fresh: Mapping[bytes, Vectors]) -> None:
        coming = len(fresh) * (4 * self.dim + _ROW_BYTES)
        if coming > self._size_bytes:
            return

        def write(database: sqlite3.Connection) -> None:
            if _size_bytes(database) + coming > self._size_bytes:
                held = int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])
                dropped = max(int(held * _DROPPED_SHARE), len(fresh))
                oldest = "SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?"
                database.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", (dropped,))
            rows = [(key, np.asarray(vector, "<f4").tobytes(), _day()) for key, vector in fresh.items()]
            database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

        self._with_database(write)

    def _with_database(self, step: Callable[[sqlite3.Connection], None]) -> None:
        """Run a step as one transaction; the first trouble ends the use of the cache."""
        if self.trouble:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as database:
                database.executescript(_SCHEMA)
                database.execute("BEGIN IMMEDIATE")
                step(database)
                database.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.trouble = f"the vector cache {self._path} cannot be used ({error}): free some space or delete the file"


def _size_bytes(database: sqlite3.Connection) -> int:
    """Of what is held; pages that were freed are used again before the file grows."""
    pages, free, size = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _day() -> int:
    return int(time.time() // 86_400)
