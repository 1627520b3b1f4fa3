"""uvicorn's HTTP/1.1 protocol whose refusals, made before there is a request, are problem details as well."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.problems import PROBLEM_JSON, Problem

HEAD_S = 15.0  # for a request line and its headers to arrive; uvicorn itself waits for ever

_NOT_HTTP = (
    "this is not a valid HTTP request. A URL must be percent-encoded: "
    "with curl, use -G --data-urlencode 'q=...' instead of writing Arabic letters in the address"
)
_TOO_LONG = "the request line and headers together are longer than this service reads"
_TOO_SLOW = "the request line and headers did not arrive in time"


class ProblemH11Protocol(H11Protocol):
    """Sends 400, or 431 for what outgrew ``h11_max_incomplete_event_size``, or 408 for a head that does not come."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_waiting()
        elif self.cycle is None or self.cycle.response_complete:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        # Called while h11's error is being handled: only that error knows the status.
        status = getattr(sys.exc_info()[1], "error_status_hint", HTTPStatus.BAD_REQUEST)
        self._refuse(status, _TOO_LONG if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE else _NOT_HTTP)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if not self.transport.is_closing() and self.conn.our_state is h11.IDLE:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, _TOO_SLOW)

    def _refuse(self, status: int, detail: str) -> None:
        problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, instance="")
        headers = [
            ("content-type", PROBLEM_JSON),
            ("x-content-type-options", "nosniff"),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=problem.title.encode()),
            h11.Data(data=msgspec.json.encode(problem)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
