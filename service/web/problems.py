"""Every error as RFC 9457 problem details, or as a page where a person's browser asked for one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    ValidationException,
)

from service.complaints import Said, both, of_error
from service.errors import IndexStateError, ModelError, NotFound, QueryError, ServiceError, StateError, VersionGone
from service.web.limits import raw_path, shown

PROBLEM_JSON = "application/problem+json"
MACHINE_PATHS = (b"/api/", b"/schema", b"/health", b"/ready", b"/static/", b"/feeds/", b"/metrics")

AnyRequest = Request[Any, Any, Any]
ErrorPage = Callable[[AnyRequest, "Problem", str], Response[Any]]

_log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. ``type`` is always about:blank, so ``title`` is the phrase of the status and ``detail`` says what."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str  # the path asked for, without the query: it may be somebody's question


def problem_of(request: AnyRequest, error: Exception) -> Problem:
    """What a client may know of ``error``: the message of an error raised on purpose, nothing of any other."""
    status = _status(error)
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(_detail(request, error)),
        instance=_instance(request),
    )


def _instance(request: AnyRequest) -> str:
    """A feed's address is a secret, and this goes into the log."""
    path = raw_path(request).decode("ascii", "replace")
    return "/feeds/..." if path.startswith("/feeds/") else path


def problem_handler(error_page: ErrorPage) -> Callable[[AnyRequest, Exception], Response[Any]]:
    """The one exception handler of the application; ``error_page`` draws a problem, and its detail, for a browser."""

    def handle(request: AnyRequest, error: Exception) -> Response[Any]:
        problem = problem_of(request, error)
        if problem.status >= 500:
            # The path only: what somebody searched for stays out of the log.
            expected = isinstance(error, ServiceError)
            _log.error("%s %s: %s", request.method, problem.instance, error, exc_info=None if expected else error)
        if wants_page(request.headers.get("accept", ""), raw_path(request)):
            response = error_page(request, problem, _detail(request, error))
        else:
            response = Response(msgspec.json.encode(problem), media_type=PROBLEM_JSON, status_code=problem.status)
        response.headers.update(_headers(error))
        response.headers["Vary"] = "Accept, Accept-Language"
        return response

    return handle


def _status(error: Exception) -> int:
    match error:
        case HTTPException():
            return error.status_code
        case QueryError():
            return HTTPStatus.BAD_REQUEST
        case VersionGone():
            return HTTPStatus.GONE
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case IndexStateError() | ModelError() | StateError():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _detail(request: AnyRequest, error: Exception) -> str:
    """In English; where the words are known in Arabic too, they know it themselves (complaints.Said)."""
    match error:
        case ServiceError():
            return of_error(error)
        case ValidationException(extra=list() as failures) if failures:
            return "; ".join(_failure(request, failure) for failure in failures)
        case MethodNotAllowedException():
            return both("method_unknown", method=request.method, allowed=_headers(error)["Allow"])
        case NotFoundException():
            return both("path_unknown")
        case HTTPException() if error.status_code < 500:
            said = of_error(error)
            return said if isinstance(said, Said) else error.detail
    return both("unexpected")


def _failure(request: AnyRequest, failure: dict[str, str]) -> str:
    """One parameter that Litestar could not read, e.g. ``parameter k: Expected `int` >= 1, found '0'``."""
    name = failure.get("key", "")
    return f"parameter {name}: {failure['message']}, found {shown(str(request.query_params.get(name, '')))}"


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, NotAuthorizedException):
        return {"WWW-Authenticate": (error.headers or {}).get("WWW-Authenticate", "Bearer")}
    if not isinstance(error, MethodNotAllowedException):
        return {}
    offered = {method.strip() for method in (error.headers or {}).get("allow", "").split(",")}
    if "GET" in offered:
        offered.add("HEAD")  # answered by app.Service for every GET
    return {"Allow": ", ".join(sorted(offered))}


def wants_page(accept: str, path: bytes) -> bool:
    """Whether a person's browser asked, and not for something that programs read."""
    return "text/html" in accept and not path.startswith(MACHINE_PATHS)
