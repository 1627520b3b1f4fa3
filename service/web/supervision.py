"""The process that watches the workers: it says when one ended, and stops where new ones keep ending as well."""

from __future__ import annotations

import logging
import time
from collections import deque
from socket import socket

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

_log = logging.getLogger(__name__)
_ENDS, _WITHIN_S = 10, 60.0  # so many workers that ended in so many seconds are no accidents


class Supervisor(Multiprocess):
    """uvicorn's, which starts a worker again whenever it ends, for ever and in silence."""

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        self._ended: deque[float] = deque(maxlen=_ENDS)
        self.gave_up = False

    def keep_subprocess_alive(self) -> None:
        before = list(self.processes)
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=False):
            if old is not new:
                _log.warning("worker %s ended (exit code %s); %s takes its place", old.pid, old.exitcode, new.pid)
                self._ended.append(time.monotonic())
        if len(self._ended) == _ENDS and self._ended[-1] - self._ended[0] < _WITHIN_S:
            _log.error("%d workers ended within %.0f seconds: stopping", _ENDS, _WITHIN_S)
            self.gave_up = True
            self.should_exit.set()
