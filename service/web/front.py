"""What every request meets first: name, origin, who, how often, how long; and what is counted and logged of it."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import parse_qs

import msgspec

from service.complaints import Said, both
from service.keys import Caller
from service.records import Language
from service.settings import Settings
from service.web.access import Access, Visit, is_local
from service.web.logs import with_fields
from service.web.metrics import Metrics
from service.web.origins import Origins
from service.web.problems import PROBLEM_JSON, Problem, wants_page
from service.web.rates import Rates
from service.web.security import HEADERS
from service.web.state import chosen_language

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SLOW = ("/api/v1/uploads", "/uploads", "/api/v1/answer/stream")  # bodies that take a while, streams
_SLOW_S = 900.0
_UNMETERED = ("/health", "/ready", "/static/")

_log = logging.getLogger("service.access")


class Refused(Exception):
    """A request that goes no further."""

    def __init__(self, status: HTTPStatus, why: str, detail: Said, retry_s: float = 0.0) -> None:
        super().__init__(detail)
        self.status, self.why, self.detail, self.retry_s = status, why, detail, retry_s


RefusalPage = Callable[[Refused, Language], str]


class Front:
    """Stands around the application; one for each worker."""

    def __init__(self, settings: Settings, access: Access, rates: Rates, metrics: Metrics, page: RefusalPage) -> None:
        self._settings, self._access, self._rates, self._metrics = settings, access, rates, metrics
        self._page = page  # what a person's browser is shown
        self._origins = Origins(settings)
        self._in_flight = 0
        waits_for_model = settings.llm_timeout_s if settings.llm_url else 0.0
        self._limit_s = settings.request_timeout_s + waits_for_model

    async def __call__(self, scope: Scope, receive: Receive, send: Send, app: App) -> None:
        began = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        visit = scope["rasad"] = Visit(_request_id(headers))
        status = 0

        async def observed(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (b"x-request-id", visit.request_id.encode())]
            await send(message)

        try:
            try:
                self._admit(scope, headers, visit)
                self._in_flight += 1
                try:
                    async with asyncio.timeout(_SLOW_S if scope["path"].startswith(_SLOW) else self._limit_s):
                        await app(scope, receive, observed)
                except TimeoutError as error:
                    if status:  # the answer was under way: all that is left is to break it off
                        raise
                    detail = both("timeout", s=self._limit_s)
                    raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "timeout", detail, 5.0) from error
                finally:
                    self._in_flight -= 1
            except Refused as refused:
                self._metrics.refused.labels(refused.why).inc()
                await self._refuse(refused, scope, headers, observed)
        finally:
            self._record(scope, visit, status, time.perf_counter() - began)

    def _admit(self, scope: Scope, headers: dict[bytes, bytes], visit: Visit) -> None:
        """Raises Refused."""
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._origins.knows(host):
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "host", both("host_unknown", name=host[:100]))
        if not self._origins.may(scope["method"], headers):
            raise Refused(HTTPStatus.FORBIDDEN, "origin", both("origin_foreign"))
        client = scope["client"][0] if scope.get("client") else ""
        self._access.identify(headers, client, visit)
        if scope["path"].startswith(_UNMETERED):
            return
        if self._in_flight >= self._settings.max_in_flight:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "busy", both("busy"), 1.0)
        if (
            wait_s := self._rates.wait_s(_bucket(visit.caller, client))
            if self._metered(headers, client, visit)
            else 0.0
        ):
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate",
                both("rate", n=self._settings.rate_per_minute, s=ceil(wait_s)),
                wait_s,
            )

    async def _refuse(self, refused: Refused, scope: Scope, given: dict[bytes, bytes], send: Send) -> None:
        path = scope.get("raw_path", b"").partition(b"?")[0]
        if wants_page(given.get(b"accept", b"").decode("latin-1"), path):
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
            language = chosen_language(asked, given.get(b"accept-language", b"").decode("latin-1"))
            body, media_type = self._page(refused, language).encode(), "text/html; charset=utf-8"
        else:
            problem = Problem(
                title=refused.status.phrase,
                status=refused.status,
                detail=str(refused.detail),
                instance=path.decode("ascii", "replace"),
            )
            body, media_type = msgspec.json.encode(problem), PROBLEM_JSON
        headers = {**HEADERS, "Cache-Control": "no-store", "Content-Type": media_type, "Content-Length": str(len(body))}
        if refused.retry_s:
            headers["Retry-After"] = str(ceil(refused.retry_s))
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": int(refused.status), "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _metered(self, headers: dict[bytes, bytes], client: str, visit: Visit) -> bool:
        keyless = visit.caller is not None and not visit.caller.key_id
        return not (keyless and is_local(headers, client))

    def _record(self, scope: Scope, visit: Visit, status: int, seconds: float) -> None:
        route = scope.get("path_template") or "(none)"  # never the path: it may hold a feed's token
        self._metrics.requests.labels(scope["method"], route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        fields = {
            "id": visit.request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        if visit.caller and visit.caller.key_id:
            fields["key"] = visit.caller.key_id
        if self._settings.log_questions:
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("q", [""])[0]
            if asked:
                fields["question"] = asked
        _log.info("request", extra=with_fields(**fields))


def _bucket(caller: Caller | None, client: str) -> str:
    return f"key {caller.key_id}" if caller and caller.key_id else f"from {client}"


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"")
    return given.decode("ascii") if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
