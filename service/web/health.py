"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from litestar import get
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from service import __version__
from service.errors import IndexStateError, NotFound
from service.settings import Settings
from service.web.api import problem_responses
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
        operation_id="health",
        summary="Is it alive, and which index versions does it have",
        tags=["operation"],
    )
    async def health() -> Health:
        shelves = await engine.shelves()
        problems = {shelf.collection: shelf.problem for shelf in shelves if shelf.problem}
        return Health(
            status="degraded" if problems else "ok",
            version=__version__,
            collections={shelf.collection: shelf.version for shelf in shelves if not shelf.problem},
            problems=problems,
        )

    @get(
        "/ready",
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
