"""How often one client may ask: token buckets in memory that all workers share."""

from __future__ import annotations

import mmap
import struct
import time
from hashlib import blake2b
from pathlib import Path

_SLOT = struct.Struct("<Qdd")  # who, tokens left, when that was (monotonic: the same clock in every process)
_SLOTS = 4_096
_NEIGHBOURS = 8


class Rates:
    """One bucket a client. Two workers that look at the same moment may both let one through: a limit, not a count.

    A client that finds no slot takes that of the neighbour who has been quiet longest.
    """

    def __init__(self, per_minute: int, burst: int, file: Path | None = None) -> None:
        """``file``: shared between workers; without it, this process's own."""
        self._per_s, self._burst = per_minute / 60, float(burst)
        size = _SLOTS * _SLOT.size
        if file is None:
            self._slots = mmap.mmap(-1, size)
            return
        with file.open("a+b") as opened:
            if opened.seek(0, 2) < size:
                opened.truncate(size)
            self._slots = mmap.mmap(opened.fileno(), size)

    def wait_s(self, client: str) -> float:
        """Takes a token; 0 where there was one, else the seconds until there is."""
        if not self._per_s:
            return 0.0
        now = time.monotonic()
        who = int.from_bytes(blake2b(client.encode(), digest_size=8).digest(), "little") or 1
        place, tokens = self._find(who, now)
        enough = tokens >= 1
        _SLOT.pack_into(self._slots, place, who, tokens - enough, now)
        return 0.0 if enough else (1 - tokens) / self._per_s

    def _find(self, who: int, now: float) -> tuple[int, float]:
        """Where the client's slot is, and the tokens in it by now."""
        quietest, since = 0, float("inf")
        for i in range(_NEIGHBOURS):
            place = (who + i) % _SLOTS * _SLOT.size
            holder, tokens, seen = _SLOT.unpack_from(self._slots, place)
            if holder == who:
                return place, min(self._burst, tokens + max(0.0, now - seen) * self._per_s)
            if seen < since:
                quietest, since = place, seen
        return quietest, self._burst

    def close(self) -> None:
        self._slots.close()
