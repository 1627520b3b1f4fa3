from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from service.web.accepting import OneByOne
from service.web.server import listen

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


def test_an_answer_in_two_parts_is_not_held_back() -> None:
    """Without TCP_NODELAY the second part waits for the client's delayed acknowledgement of the first, some 40 ms."""
    undelayed: list[int] = []

    class Taking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken = transport.get_extra_info("socket")
            undelayed.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.abort()  # type: ignore[attr-defined]

    async def serve(listener: socket.socket) -> None:
        server = await asyncio.get_running_loop().create_server(Taking, sock=listener)
        with closing(socket.create_connection(listener.getsockname(), timeout=5)):
            while not undelayed:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        server.close()

    with listen("127.0.0.1", 0) as listener, asyncio.Runner(loop_factory=OneByOne) as runner:
        runner.run(serve(listener))
    assert undelayed and undelayed[0]


def test_the_next_connection_is_left_to_other_workers_for_a_moment() -> None:
    """Two loops that share a listener, both idle: a client's connections are spread over both."""
    counts = [0, 0]

    def worker(number: int, listener: socket.socket, stop: threading.Event) -> None:
        mine: list[asyncio.Transport] = []

        class Taking(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                mine.append(transport)
                counts[number] += 1

        async def serve() -> None:
            server = await asyncio.get_running_loop().create_server(Taking, sock=listener.dup())
            while not stop.is_set():
                await asyncio.sleep(0.01)
            server.close()
            for transport in mine:
                transport.abort()
            await asyncio.sleep(0.01)

        with asyncio.Runner(loop_factory=OneByOne) as runner:
            runner.run(serve())

    stop = threading.Event()
    with listen("127.0.0.1", 0) as listener, ThreadPoolExecutor(2) as pool, ExitStack() as clients:
        listener.setblocking(False)
        listener.listen(100)
        done = [pool.submit(worker, number, listener, stop) for number in (0, 1)]
        time.sleep(0.2)
        for _ in range(40):
            clients.enter_context(closing(socket.create_connection(listener.getsockname(), timeout=5)))
        deadline = time.monotonic() + 10
        while sum(counts) < 40 and time.monotonic() < deadline:
            time.sleep(0.01)
        stop.set()
        for future in done:
            future.result()
    assert sum(counts) == 40
    assert min(counts) >= 8, counts
