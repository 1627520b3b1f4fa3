"""uvicorn's HTTP/1.1 protocol whose refusals, made before there is a request, are problem details as well."""

from __future__ import annotations

import sys
from http import HTTPStatus

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.problems import PROBLEM_JSON, Problem

_NOT_HTTP = (
    "this is not a valid HTTP request. A URL must be percent-encoded: "
    "with curl, use -G --data-urlencode 'q=...' instead of writing Arabic letters in the address"
)
_TOO_LONG = "the request line and headers together are longer than this service reads"


class ProblemH11Protocol(H11Protocol):
    """Sends 400, or 431 for what outgrew ``h11_max_incomplete_event_size``."""

    def send_400_response(self, msg: str) -> None:
        # Called while h11's error is being handled: only that error knows the status.
        status = getattr(sys.exc_info()[1], "error_status_hint", HTTPStatus.BAD_REQUEST)
        detail = _TOO_LONG if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE else _NOT_HTTP
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
