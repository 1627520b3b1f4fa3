"""The JSON API under /api/v1."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from service.settings import Settings
from service.web import limits
from service.web.problems import PROBLEM_JSON, Problem
from service.web.schemas import ArticleOut, SearchOut, article_out, search_out
from service.web.threads import ThreadedEngine

COLLECTION_PATTERN = f"^{limits.COLLECTION}$"


def api_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    """Search, and one article by its id."""

    @get(
        "/api/v1/search",
        guards=[limits.parameters_guard("q", "k", "collection", "explain", required="q")],
        responses=problem_responses(400, 404, 414, 503),
        operation_id="search",
        summary="Search passages",
        description="Ranked passages for a question in English or Arabic, each with its place in its article.",
        tags=["search"],
    )
    async def search(
        q: Annotated[
            str,
            QueryParameter(
                min_length=1,
                max_length=settings.max_query_chars,
                description='A question or words; "phrase", -word, OR, title: and source: are understood.',
            ),
        ],
        k: Annotated[int, QueryParameter(ge=1, le=settings.max_k, description="Passages wanted at most.")] = settings.k,
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTION_PATTERN, description="Collection to search.")
        ] = settings.collection,
        explain: Annotated[
            bool, QueryParameter(description="Add each passage's legs and matches: why it ranked.")
        ] = False,
    ) -> SearchOut:
        text = limits.question(q, settings.max_query_chars)
        return search_out(await engine.search(limits.collection(collection), text, k, explain), explain)

    @get(
        "/api/v1/articles/{article_id:path}",
        guards=[limits.parameters_guard("collection")],
        responses=problem_responses(400, 404, 414, 503),
        operation_id="article",
        summary="Read one article",
        description="The whole text as received. An id's slashes may be written as they are or as %2F.",
        tags=["articles"],
    )
    async def article(
        request: Request[Any, Any, Any],
        article_id: Annotated[str, PathParameter(description="As a passage or an ingest gave it.")],
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTION_PATTERN, description="Collection that holds it.")
        ] = settings.collection,
    ) -> ArticleOut:
        found, copies = await engine.article(limits.collection(collection), limits.article_id(request))
        return article_out(found, copies)

    return [search, article]


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """OpenAPI entries for the errors of an operation."""
    meanings = {
        400: "A parameter is missing, unknown, too long or malformed.",
        404: "No such collection or article.",
        414: "The URL is too long.",
        503: "The index cannot answer: absent, damaged or built with another recipe.",
    }
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=meanings[status], media_type=PROBLEM_JSON)
        for status in statuses
    }
