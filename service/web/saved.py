"""Saved searches over the API: keep one, list them, give its feed a new address, delete it."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from typing import Annotated, Any

from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from service.keys import Caller
from service.records import Role
from service.saved import SavedSearch
from service.settings import Settings
from service.web import limits
from service.web.access import SOME, authorised, reach
from service.web.api import problem_responses
from service.web.asked import NAME, from_options
from service.web.desk import Desk

AnyRequest = Request[Any, Any, Any]


class SaveIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for again and again."""

    question: str
    name: Annotated[str, Meta(max_length=NAME, description="for people; the question where it is empty")] = ""
    collection: Annotated[str, Meta(max_length=64, description="the default one where it is empty")] = ""
    options: Annotated[
        dict[str, str | list[str]],
        Meta(description='filters as in the search\'s address, e.g. {"near": "Hawija", "source": ["A", "B"]}'),
    ] = {}


class SavedOut(Struct, frozen=True, kw_only=True):
    """One saved search."""

    id: int
    name: str
    collection: str
    question: str
    options: dict[str, str | list[str]]
    created: str
    version: Annotated[str, Meta(description="index version that its feed looked at last")]
    looked: str
    feed: Annotated[
        str, Meta(description="address of its Atom feed, a secret: only where it was just made, otherwise empty")
    ]


class SavedListOut(Struct, frozen=True):
    """Newest first."""

    saved: list[SavedOut]


def saved_handlers(desk: Desk, settings: Settings) -> list[HTTPRouteHandler]:
    @post(
        "/api/v1/saved",
        opt=SOME,
        status_code=201,
        responses=problem_responses(400, 401, 403, 404, 503),
        operation_id="save",
        summary="Save a search",
        description="Its feed shows passages that are new from now on, with why each matched.",
        tags=["saved"],
    )
    async def save(request: AnyRequest, data: JSONBody[SaveIn]) -> SavedOut:
        asked = from_options(settings, data.question, data.collection or settings.collection, data.options)
        reach(request, asked.collection)
        name = limits.one_line(data.name or data.question, NAME)
        found, token = await desk.save(_owner(request), name, asked)
        return saved_out(found, token)

    @get(
        "/api/v1/saved",
        opt=SOME,
        guards=[limits.parameters_guard()],
        responses=problem_responses(400, 401, 403, 503),
        operation_id="saved",
        summary="List your saved searches",
        description="Those of the key that asks; of everybody for an admin.",
        tags=["saved"],
    )
    async def saved(request: AnyRequest) -> SavedListOut:
        return SavedListOut([saved_out(found) for found in await desk.saved(_whose(request))])

    @post(
        "/api/v1/saved/{search_id:int}/feed",
        opt=SOME,
        status_code=200,
        responses=problem_responses(400, 401, 403, 404, 503),
        operation_id="renewFeed",
        summary="Give a feed a new address",
        description="The old address stops working at once.",
        tags=["saved"],
    )
    async def renew(request: AnyRequest, search_id: FromPath[int]) -> SavedOut:
        found, token = await desk.renew(limits.row_id(search_id), _whose(request))
        return saved_out(found, token)

    @delete(
        "/api/v1/saved/{search_id:int}",
        opt=SOME,
        responses=problem_responses(400, 401, 403, 404, 503),
        operation_id="deleteSaved",
        summary="Delete a saved search and its feed",
        tags=["saved"],
    )
    async def remove(request: AnyRequest, search_id: FromPath[int]) -> None:
        await desk.forget(limits.row_id(search_id), _whose(request))

    return [save, saved, renew, remove]


def saved_out(found: SavedSearch, token: str = "") -> SavedOut:
    return SavedOut(
        id=found.search_id,
        name=found.name,
        collection=found.collection,
        question=found.question,
        options={name: v if isinstance(v, str) else list(v) for name, v in found.options.items()},
        created=found.created,
        version=found.version,
        looked=found.looked,
        feed=f"/feeds/{token}" if token else "",
    )


def whose(caller: Caller) -> str | None:
    """Whose things a caller may see: None for everybody's."""
    return None if caller.may(Role.ADMIN) and not caller.collections else caller.key_id


def _owner(request: AnyRequest) -> str:
    return authorised(request, Role.READ).key_id


def _whose(request: AnyRequest) -> str | None:
    return whose(authorised(request, Role.READ))
