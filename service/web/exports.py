"""Results and answers as files: CSV, JSON Lines, BibTeX, RIS, each row with what it can be checked by."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

import base64
import hashlib
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import QueryParameter

from service import export, provenance
from service.export import Format
from service.records import Filters
from service.settings import Settings
from service.web import limits
from service.web.api import problem_responses
from service.web.asked import (
    COLLECTIONS_PATTERN,
    FILTERS,
    PARAMETERS,
    SEVERAL,
    Asked,
    asked_providers,
    filters_providers,
    options,
)
from service.web.threads import ThreadedEngine

MAX_ROWS = 500
ABOUT = (
    "Every row has offsets, the SHA-256 of the quote and of its article, the question, time, index version, encoder "
    "and code that it came from, and what was said with the result. JSON Lines is exact; CSV puts an apostrophe before "
    "what a spreadsheet would run; BibTeX and RIS have each text on one line."
)
KIND = QueryParameter(name="format", description="csv, jsonl, bibtex or ris.")


def export_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    @get(
        "/api/v1/export/search",
        guards=[limits.parameters_guard(*PARAMETERS, "format", required="q", repeated=SEVERAL)],
        dependencies=asked_providers(settings, settings.max_k, MAX_ROWS),
        responses={200: FILE, **problem_responses(400, 404, 414, 503)},
        operation_id="exportSearch",
        summary="Search results as a file",
        description=ABOUT,
        tags=["export"],
        operation_class=ExportOperation,
    )
    async def export_search(asked: NamedDependency[Asked], kind: Annotated[Format, KIND] = Format.CSV) -> Response[str]:
        _, page = await engine.page(asked, None, str, None)
        if page is None:
            raise RuntimeError("nothing was known beforehand, so there is a page")
        result = page.result
        manifest = await engine.manifest(asked.collection, result.version)
        made = provenance.of(manifest, asked.text, asked.options(), notices=result.notices)
        return file(export.write(export.rows_of(result.passages), made, kind), kind, "search")

    @get(
        "/api/v1/export/answer",
        guards=[limits.parameters_guard("q", "collection", "format", *FILTERS, required="q", repeated=SEVERAL)],
        dependencies=filters_providers(settings),
        responses={200: FILE, **problem_responses(400, 404, 414, 503)},
        operation_id="exportAnswer",
        summary="The citations of an answer as a file",
        description="Of a refusal, the nearest passages. " + ABOUT,
        tags=["export"],
        operation_class=ExportOperation,
    )
    async def export_answer(
        filters: NamedDependency[Filters],
        q: Annotated[
            str, QueryParameter(min_length=1, max_length=settings.max_query_chars, description="English or Arabic.")
        ],
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTIONS_PATTERN, description="Collection to ask, or several: a,b.")
        ] = settings.collection,
        kind: Annotated[Format, KIND] = Format.CSV,
    ) -> Response[str]:
        text = limits.question(q, settings.max_query_chars)
        answer = await engine.answer(limits.collections(collection), text, filters)
        manifest = await engine.manifest(collection, answer.version)
        made = provenance.of(manifest, text, options(filters), answer.model, answer.notices)
        return file(export.write(export.rows_of(answer.nearest, answer.citations), made, kind), kind, "answer")

    return [export_search, export_answer]


FILE = ResponseSpec(
    str, generate_examples=False, description="The file, with its digest (RFC 9530).", media_type="text/csv"
)


class ExportOperation(Operation):
    """Litestar describes one media type; a file may have any of four."""

    def __post_init__(self) -> None:
        described = (self.responses or {}).get("200")
        if isinstance(described, OpenAPIResponse):
            text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            described.content = {kind.partition(";")[0]: text for kind in export.MEDIA_TYPE.values()}


def file(text: str, kind: Format, stem: str) -> Response[str]:
    """A download whose name has nothing of the question in it."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Response(
        text,
        media_type=export.MEDIA_TYPE[kind],
        headers={
            "Content-Disposition": f'attachment; filename="rasad-{stem}.{export.SUFFIX[kind]}"',
            "Repr-Digest": f"sha-256=:{digest}:",
        },
    )
