"""What was written and acknowledged, against what is found afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Of the rows that were written. ``lost``: acknowledged writes and deletes that are not to be seen."""

    upserts: int  # acknowledged
    deletes: int
    wanted: int  # rows that must be there
    counted: int  # by a Strong count
    read: int  # by id
    lost: int
    doubled: int
    unsure: int  # rows whose last write was not acknowledged: either state is right

    @property
    def good(self) -> bool:
        inside = self.wanted <= self.counted <= self.wanted + self.unsure
        return not self.lost and not self.doubled and inside


class Ledger:
    """Rows by key with the revision that was last acknowledged, 0 for one that was deleted."""

    def __init__(self) -> None:
        self._sure: dict[int, int] = {}
        self._tried: dict[int, set[int]] = {}  # since the last acknowledged write of a key
        self.upserts = self.deletes = 0

    @property
    def keys(self) -> list[int]:
        return sorted({*self._sure, *self._tried})

    @property
    def living(self) -> list[int]:
        return sorted(key for key, revision in self._sure.items() if revision and key not in self._tried)

    def begin(self, keys: Iterable[int], revision: int) -> None:
        """A write is sent; revision 0 deletes."""
        for key in keys:
            self._tried.setdefault(key, set()).add(revision)

    def acknowledged(self, keys: Iterable[int], revision: int) -> None:
        for key in keys:
            self._sure[key] = revision
            self._tried.pop(key, None)
            if revision:
                self.upserts += 1
            else:
                self.deletes += 1

    def against(self, found: Iterable[tuple[int, int]], counted: int) -> Verdict:
        """``found``: (key, revision) of every row that was read, as often as it came."""
        rows = list(found)
        times = Counter(key for key, _ in rows)
        lost = wanted = 0
        seen = dict(rows)
        for key in self.keys:
            sure = self._sure.get(key, 0)
            allowed = {sure, *self._tried.get(key, ())}
            lost += seen.get(key, 0) not in allowed
            wanted += 0 not in allowed
        doubled = sum(n - 1 for n in times.values()) + len(times.keys() - set(self.keys))
        unsure = sum(1 for key in self._tried if 0 in {self._sure.get(key, 0), *self._tried[key]})
        return Verdict(self.upserts, self.deletes, wanted, counted, len(times), lost, doubled, unsure)
