"""The JSON API under /api/v1: search, one article, the collections."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from functools import partial
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from service.settings import Settings
from service.web import examples, limits
from service.web.access import SOME, caller
from service.web.asked import COLLECTIONS_PATTERN, PARAMETERS, SEVERAL, Asked, asked_providers
from service.web.freshness import etag
from service.web.paging import read_cursor
from service.web.problems import PROBLEM_JSON, Problem
from service.web.schemas import ArticleOut, CollectionsOut, SearchOut, article_out, collections_out, search_out
from service.web.threads import ThreadedEngine

AnyRequest = Request[Any, Any, Any]
CURSOR = 500  # characters


def api_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    """Search, one article by its id, and which collections there are."""

    @get(
        "/api/v1/search",
        guards=[limits.parameters_guard(*PARAMETERS, "cursor", required="q", repeated=SEVERAL)],
        dependencies=asked_providers(settings, settings.k, settings.max_k),
        responses={
            200: ResponseSpec(SearchOut, examples=[Example(id="search", value=examples.SEARCH)]),
            304: UNCHANGED,
            **problem_responses(400, 404, 410, 414, 503),
        },
        operation_id="search",
        summary="Search passages",
        description=(
            "Ranked passages for a question in English or Arabic, each with its place in its article. `next` is the "
            "cursor of the following page: give it with the same parameters. It holds on to the index version of the "
            "first page; once that version is gone (minutes after two later ones) it is answered with 410."
        ),
        tags=["search"],
    )
    async def search(
        request: AnyRequest,
        asked: NamedDependency[Asked],
        cursor: Annotated[
            str, QueryParameter(max_length=CURSOR, description="`next` of the page before; none for the first.")
        ] = "",
    ) -> Response[SearchOut]:
        begin = read_cursor(cursor, asked)
        tag, page = await engine.page(asked, begin, partial(etag, request), request.headers.get("if-none-match"))
        if page is None:
            return unchanged(tag)
        out = search_out(page.result, asked.explain, str(page.following) if page.following else None)
        return Response(out, headers={"ETag": tag})

    @get(
        "/api/v1/articles/{article_id:path}",
        guards=[limits.parameters_guard("collection")],
        responses={
            200: ResponseSpec(ArticleOut, examples=[Example(id="article", value=examples.ARTICLE)]),
            304: UNCHANGED,
            **problem_responses(400, 404, 414, 503),
        },
        operation_id="article",
        summary="Read one article",
        description="The whole text as received. An id's slashes may be written as they are or as %2F.",
        tags=["articles"],
    )
    async def article(
        request: AnyRequest,
        article_id: Annotated[str, PathParameter(description="As a passage or an ingest gave it.")],
        collection: Annotated[
            str,
            QueryParameter(
                pattern=COLLECTIONS_PATTERN,
                description="Collection that holds it, or several: a,b.",
            ),
        ] = settings.collection,
    ) -> Response[ArticleOut]:
        name, tag_of = limits.collections(collection), partial(etag, request)
        if held := await engine.known(name, tag_of, request.headers.get("if-none-match")):
            return unchanged(held)
        version = await engine.version(name)  # before the text is read: a tag that is too old only costs a request
        found, copies = await engine.article(name, limits.article_id(request))
        return Response(article_out(found, copies), headers={"ETag": tag_of(version)})

    @get(
        "/api/v1/collections",
        opt=SOME,
        guards=[limits.parameters_guard()],
        responses={
            200: ResponseSpec(CollectionsOut, examples=[Example(id="collections", value=examples.COLLECTIONS)]),
            **problem_responses(400),
        },
        operation_id="collections",
        summary="List the collections",
        description="What each holds, its published version, and what is wrong with one that does not open.",
        tags=["collections"],
    )
    async def collections(request: AnyRequest) -> CollectionsOut:
        who = caller(request)
        shelves = [shelf for shelf in await engine.shelves() if who and who.reaches(shelf.collection)]
        return collections_out(settings.collection, shelves)

    return [search, article, collections]


def unchanged(tag: str) -> Response[Any]:
    return Response(None, status_code=304, headers={"ETag": tag})


UNCHANGED = ResponseSpec(None, generate_examples=False, description="What If-None-Match names still holds.")


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """OpenAPI entries for the errors of an operation."""
    meanings = {
        400: "A parameter is missing, unknown, too long or malformed.",
        401: "A key is needed, and none that is valid was given.",
        403: "The key may not do this, or the request comes from another site's page.",
        404: "No such collection, article or other thing.",
        409: "It cannot be done in the state that things are in.",
        410: "The index version of the cursor is no longer kept.",
        413: "The body is too large.",
        414: "The URL is too long.",
        429: "Too many requests: Retry-After says when to come back.",
        503: "The index cannot answer: absent, damaged or built with another recipe.",
    }
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=meanings[status], media_type=PROBLEM_JSON)
        for status in statuses
    }
