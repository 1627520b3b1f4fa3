from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, closing

from service.web.accepting import OneByOne

CLIENTS = 40


def test_connections_are_taken_one_by_one_and_many_may_wait() -> None:
    taken: list[asyncio.Transport] = []

    class Taking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            taken.append(transport)

    async def serve(listener: socket.socket) -> int:
        server = await asyncio.get_running_loop().create_server(Taking, sock=listener, backlog=CLIENTS)
        with ExitStack() as stack:
            for _ in range(CLIENTS):  # nobody takes them meanwhile: a short queue would make the last ones wait
                stack.enter_context(closing(socket.create_connection(listener.getsockname(), timeout=5)))
            most = 0
            while len(taken) < CLIENTS:
                before = len(taken)
                await asyncio.sleep(0)
                most = max(most, len(taken) - before)
            for transport in taken:
                transport.abort()
        server.close()
        return most

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        with asyncio.Runner(loop_factory=OneByOne) as runner:
            assert runner.run(serve(listener)) == 1
