"""The JSON API under /api/v1."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from service.records import Filters
from service.settings import Settings
from service.web import limits
from service.web.problems import PROBLEM_JSON, Problem
from service.web.schemas import ArticleOut, SearchOut, article_out, search_out
from service.web.threads import ThreadedEngine

FILTERS = ("near", "within_km", "place", "from", "to", "now", "places", "dates", "recent", "facets")
NAME = 200  # characters of a place or a date
COLLECTION_PATTERN = f"^{limits.COLLECTION}$"


def api_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    """Search, and one article by its id."""

    @get(
        "/api/v1/search",
        guards=[limits.parameters_guard("q", "k", "collection", "explain", *FILTERS, required="q")],
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
        near: Annotated[
            str, QueryParameter(max_length=NAME, description="Passages that name places around this one.")
        ] = "",
        within_km: Annotated[
            float, QueryParameter(ge=0, le=20_000, description=f"How far near reaches; 0 is {settings.near_km:g} km.")
        ] = 0.0,
        place: Annotated[
            str, QueryParameter(max_length=NAME, description="Passages that name this place, or one in it.")
        ] = "",
        since: Annotated[
            str,
            QueryParameter(
                name="from", max_length=NAME, description="Published, or of days, from then on: 2015-08-07, 2015-08."
            ),
        ] = "",
        until: Annotated[
            str, QueryParameter(name="to", max_length=NAME, description="... up to then, that day included.")
        ] = "",
        now: Annotated[
            str,
            QueryParameter(max_length=NAME, description="Reference date of words such as yesterday; today without it."),
        ] = "",
        places: Annotated[bool, QueryParameter(description="Whether places are read from the question.")] = True,
        dates: Annotated[bool, QueryParameter(description="Whether dates are read from the question.")] = True,
        recent: Annotated[
            bool | None,
            QueryParameter(description="Prefer newer articles; without it, where the question asks for the latest."),
        ] = None,
        facets: Annotated[
            bool, QueryParameter(description="Add counts by month, day, place, source and language.")
        ] = False,
    ) -> SearchOut:
        text = limits.question(q, settings.max_query_chars)
        filters = Filters(near, within_km, place, since, until, now, places, dates, recent, facets)
        return search_out(await engine.search(limits.collection(collection), text, k, explain, filters), explain)

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
