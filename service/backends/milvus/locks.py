"""One writer at a time: within this process by a lock, among machines by a record that names who writes until when.

A file of Milvus Lite is open in one process only, so the record is for servers. They cannot compare and set; a writer
therefore reads the record again after a pause, and only the one whose name stands there goes on.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import defaultdict

from service.backends.milvus.records import Records
from service.backends.milvus.server import Server
from service.errors import EngineUnavailable, IndexLocked

LEASE_S = 120.0  # after which a writer that is heard of no more is taken for dead
_SETTLE_S = 1.0
_HERE: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)


class Lock:
    """Of a collection, from creation to ``release``. Raises IndexLocked after ``timeout_s``."""

    def __init__(self, server: Server, records: Records, collection: str, timeout_s: float) -> None:
        self._server, self._records = server, records
        self._collection, self._name = collection, f"writer/{collection}"
        self._own, self._renewed = secrets.token_hex(8), 0.0
        self._lock = _HERE[server.address.uri, collection]
        if not self._lock.acquire(timeout=timeout_s if timeout_s > 0 else -1 if timeout_s < 0 else 0.001):
            raise self._locked()
        try:
            if not server.lite:
                self._take(time.monotonic() + timeout_s)
        except BaseException:
            self._lock.release()
            raise

    def renew(self) -> None:
        """Called while writing goes on. Raises IndexLocked where another writer took over meanwhile."""
        if self._server.lite or time.monotonic() - self._renewed < LEASE_S / 4:
            return
        if self._holder() not in ("", self._own):
            raise self._locked()
        self._write()

    def release(self) -> None:
        """Where the server does not hear of it, the lease runs out."""
        try:
            if not self._server.lite and self._holder() == self._own:
                self._records.drop(self._name)
        except EngineUnavailable:
            pass
        finally:
            self._lock.release()

    def _take(self, until: float) -> None:
        while True:
            if self._holder() in ("", self._own):
                self._write()
                time.sleep(_SETTLE_S)
                if self._holder() == self._own:
                    return
            if time.monotonic() >= until:
                raise self._locked()
            time.sleep(_SETTLE_S)

    def _holder(self) -> str:
        """Who writes now, "" for nobody."""
        found = self._records.get(self._name)
        if not found:
            return ""
        told = json.loads(found)
        return str(told["who"]) if told["until"] > time.time() else ""

    def _write(self) -> None:
        self._renewed = time.monotonic()
        told = {"who": self._own, "until": time.time() + LEASE_S}
        self._records.put(self._name, json.dumps(told).encode())

    def _locked(self) -> IndexLocked:
        return IndexLocked(
            f"another process is writing to collection {self._collection!r}: wait until it ends and run again"
        )
