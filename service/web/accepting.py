"""The workers' event loop: it takes one new connection at a time, so that workers that share a listener share the work.

asyncio takes all that wait at once. The worker that wakes first would get every connection that a client opens
together, and keep them as long as they live, while the others idle.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any


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
