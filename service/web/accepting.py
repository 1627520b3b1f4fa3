"""The workers' event loop: it takes one new connection at a time, so that workers that share a listener share the work.

asyncio takes all that wait at once. The worker that wakes first would get every connection that a client opens
together, and keep them as long as they live, while the others idle. So a worker takes one, and leaves the next ones to
the others for a moment, which is longer than it takes them to wake.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

_PAUSE_S = 0.002


class OneByOne(asyncio.SelectorEventLoop):
    """asyncio's ``backlog`` is two things: how many connections may wait, and how many are taken in one go."""

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *given: Any,
        sock: socket.socket | None = None,
        backlog: int = 100,
        **options: Any,
    ) -> asyncio.Server:
        if sock is None:
            return await super().create_server(protocol_factory, *given, backlog=backlog, **options)
        server = await super().create_server(protocol_factory, sock=sock, backlog=1, **options)
        sock.listen(backlog)  # again: as many as wanted may wait
        return server

    def _accept_connection(self, protocol_factory: Any, sock: socket.socket, *rest: Any) -> None:
        """asyncio's, called when connections wait; it is the one place where they are taken."""
        super()._accept_connection(protocol_factory, sock, *rest)  # type: ignore[misc]
        if sock.fileno() >= 0 and self.remove_reader(sock.fileno()):
            self.call_later(_PAUSE_S, self._go_on, protocol_factory, sock, rest)

    def _go_on(self, protocol_factory: Any, sock: socket.socket, rest: tuple[Any, ...]) -> None:
        if sock.fileno() >= 0:  # else the server has closed meanwhile
            self.add_reader(sock.fileno(), self._accept_connection, protocol_factory, sock, *rest)
