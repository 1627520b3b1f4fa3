"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from litestar import Request, Response, get
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from service import __version__
from service.errors import IndexStateError, NotFound, ServiceError
from service.records import Manifest
from service.settings import Settings
from service.web.access import PUBLIC, caller
from service.web.api import problem_responses
from service.web.metrics import CONTENT_TYPE, Metrics
from service.web.ports import SearchEngine
from service.web.threads import ThreadedEngine


class Health(Struct, frozen=True):
    """Alive whatever ``status`` says; degraded when a collection does not open, ``problems`` saying why."""

    status: Literal["ok", "degraded"]
    version: str  # of the code
    collections: dict[str, str]  # name: index version
    problems: dict[str, str]  # name: what is wrong


class Ready(Struct, frozen=True):
    """The default collection is open."""

    status: Literal["ready"]
    collection: str
    version: str


def health_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    @get(
        "/health",
        opt=PUBLIC,
        operation_id="health",
        summary="Is it alive, and which index versions does it have",
        tags=["operation"],
    )
    async def health(request: Request[Any, Any, Any]) -> Health:
        shelves = await engine.shelves()
        who = caller(request)
        degraded = any(shelf.problem for shelf in shelves)
        shelves = [shelf for shelf in shelves if who and who.reaches(shelf.collection)]  # no names for strangers
        problems = {shelf.collection: shelf.problem for shelf in shelves if shelf.problem}
        return Health(
            status="degraded" if degraded else "ok",
            version=__version__,
            collections={shelf.collection: shelf.version for shelf in shelves if not shelf.problem},
            problems=problems,
        )

    @get(
        "/ready",
        opt=PUBLIC,
        responses=problem_responses(503),
        operation_id="ready",
        summary="Can it answer from the default collection",
        tags=["operation"],
    )
    async def ready() -> Ready:
        try:
            version = await engine.open(settings.collection)
        except NotFound as error:  # a 404 here would read as "no such endpoint"
            raise IndexStateError(str(error)) from error
        return Ready(status="ready", collection=settings.collection, version=version)

    return [health, ready]


def metrics_handlers(metrics: Metrics) -> list[HTTPRouteHandler]:
    @get("/metrics", include_in_schema=False, sync_to_thread=True)
    def shown(request: Request[Any, Any, Any]) -> Response[bytes]:
        """For Prometheus; a key that is limited to some collections is not told of the others."""
        who = caller(request)
        if who is None or who.collections:
            raise PermissionDeniedException("metrics are of all collections, this key is limited to some")
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return [shown]


def manifests(engine: SearchEngine) -> Iterator[Manifest]:
    """Of the collections that can be read at all."""
    for name in engine.collections():
        try:
            yield engine.status(name)
        except ServiceError:  # /health says what is wrong with it
            continue
