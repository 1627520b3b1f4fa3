"""Rows of a version, fetched when they are first needed and kept for a while: they do not change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

R = TypeVar("R")


class Kept(Generic[R]):
    """What ``fetch`` gives for keys, the last ``most`` of them; safe to use from several threads."""

    def __init__(self, fetch: Callable[[list[int]], dict[int, R]], most: int) -> None:
        self._fetch, self._most = fetch, most
        self._rows: OrderedDict[int, R] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Sequence[int]) -> list[R]:
        """In the order of the keys. Raises KeyError for one that is not there."""
        found: dict[int, R] = {}
        missing = []
        with self._lock:
            for key in keys:
                row = self._rows.get(key)
                if row is None:
                    missing.append(key)
                else:
                    self._rows.move_to_end(key)
                    found[key] = row
        if missing:
            new = self._fetch(sorted(set(missing)))
            found.update(new)
            self.put(new.items())
        return [found[key] for key in keys]

    def put(self, rows: Iterable[tuple[int, R]]) -> None:
        with self._lock:
            self._rows.update(rows)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)
