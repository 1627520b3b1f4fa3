"""The answer to a question as JSON: POST with a body, or GET with parameters."""

# No "from __future__ import annotations": the limits in the annotations below are values of this run's settings.

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta, Struct

from service import answer_json
from service.records import Answer, AnswerSentence, Filters
from service.settings import Settings
from service.web import examples, limits
from service.web.access import SOME, reach
from service.web.api import UNCHANGED, problem_responses, unchanged
from service.web.asked import COLLECTIONS_PATTERN, FILTERS, SEVERAL, filters_of, filters_providers
from service.web.freshness import etag
from service.web.schemas import Offset
from service.web.threads import ThreadedEngine


class CitationOut(Struct, frozen=True, kw_only=True):
    """A quote that was checked before it was sent: ``article.text[start:end] == quote``."""

    marker: Annotated[int, Meta(ge=1)]
    article_id: str
    title: str
    source: str
    published: str
    url: Annotated[str, Meta(description="as the report gave it, unchecked")]
    start: Offset
    end: Offset
    quote: str
    sha256: Annotated[str, Meta(description="of the article's text, UTF-8")]
    copies: Annotated[list[str], Meta(description="ids of articles with the same text or nearly the same passage")]
    language: str
    machine_gloss: Annotated[str, Meta(description="word-by-word English help made by machine; not a source")]


class SentenceOut(Struct, frozen=True):
    """A sentence and the citations it rests on."""

    text: str
    markers: list[int]
    supported: Annotated[bool, Meta(description="false only for a model's sentence that nothing it cites supports")]


class FigureOut(Struct, frozen=True):
    """What one report gives, where reports differ."""

    text: str
    value: float
    marker: int
    source: str
    published: str


class NearestOut(Struct, frozen=True, kw_only=True):
    """A passage near the question that does not answer it."""

    article_id: str
    title: str
    source: str
    published: str
    url: str
    start: Offset
    end: Offset
    text: str
    sha256: str
    copies: list[str]


class AnswerOut(Struct, frozen=True, kw_only=True):
    """An answer in cited sentences, or ``abstained``: the reports do not say."""

    question: str
    language: str
    abstained: bool
    confidence: Annotated[float, Meta(ge=0, le=1, description="that the first citations hold the answer")]
    answer_type: str
    short_answer: Annotated[
        str, Meta(description='"" where the question asks for no number, name, place, date or cause')
    ]
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    figures: Annotated[list[FigureOut], Meta(description="when independent reports give different ones")]
    nearest: Annotated[list[NearestOut], Meta(description="of a refusal only")]
    collection: str
    version: str
    model: Annotated[str, Meta(description='language model that wrote the sentences, "" for quotes alone')]
    took_ms: float
    notices: list[str]


class EventOut(Struct, frozen=True):
    """One event of a stream."""

    event: Annotated[str, Meta(description="sentence or answer")]
    data: Annotated[str, Meta(description="JSON: a sentence, or the whole answer")]


class QuestionIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, of which collection (the default one when left out), and what the answer may rest on."""

    question: str
    collection: str = ""
    options: Annotated[
        dict[str, str | list[str]],
        Meta(description='filters as in the address of a search, e.g. {"near": "Hawija", "source": ["A", "B"]}'),
    ] = {}


def answer_handlers(engine: ThreadedEngine, settings: Settings) -> list[HTTPRouteHandler]:
    about = (
        "Sentences of the reports that answer the question, each verbatim with its place in its article and checked "
        "against it, or abstained with the nearest passages."
    )

    @get(
        "/api/v1/answer",
        guards=[limits.parameters_guard("q", "collection", *FILTERS, required="q", repeated=SEVERAL)],
        dependencies=filters_providers(settings),
        responses={
            200: ResponseSpec(AnswerOut, examples=[Example(id="answer", value=examples.ANSWER)]),
            304: UNCHANGED,
            **problem_responses(400, 404, 414, 503),
        },
        operation_id="answer",
        summary="Answer a question",
        description=about,
        tags=["search"],
    )
    async def answer(
        request: Request[Any, Any, Any],
        filters: NamedDependency[Filters],
        q: Annotated[
            str, QueryParameter(min_length=1, max_length=settings.max_query_chars, description="English or Arabic.")
        ],
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTIONS_PATTERN, description="Collection to ask, or several: a,b.")
        ] = settings.collection,
    ) -> Response[AnswerOut]:
        text, name = limits.question(q, settings.max_query_chars), limits.collections(collection)
        tag_of = partial(etag, request)
        if held := await engine.known(name, tag_of, request.headers.get("if-none-match")):
            return unchanged(held)
        found = await engine.answer(name, text, filters)
        # A language model may say it otherwise next time.
        headers = {} if found.model or settings.llm_url else {"ETag": tag_of(found.version)}
        return Response(answer_out(found), headers=headers)

    @post(
        "/api/v1/answer",
        status_code=200,
        responses=problem_responses(400, 404, 503),
        operation_id="ask",
        summary="Answer a question given in the body",
        description=about,
        tags=["search"],
        opt=SOME,  # the collection is in the body
    )
    async def ask(request: Request[Any, Any, Any], data: JSONBody[QuestionIn]) -> AnswerOut:
        text = limits.question(data.question, settings.max_query_chars)
        collection = limits.collections(data.collection or settings.collection)
        reach(request, collection)
        return answer_out(await engine.answer(collection, text, filters_of(data.options)))

    @get(
        "/api/v1/answer/stream",
        guards=[limits.parameters_guard("q", "collection", *FILTERS, required="q", repeated=SEVERAL)],
        dependencies=filters_providers(settings),
        responses={
            200: ResponseSpec(
                EventOut, generate_examples=False, media_type="text/event-stream", description="The events."
            ),
            **problem_responses(400, 404, 414, 503),
        },
        operation_id="answerStream",
        summary="Answer a question, sentence by sentence",
        description=(
            "Server-sent events: `sentence` for each one that a language model wrote and that was checked, then "
            "`answer` with the whole answer, as POST gives it, which is what counts. Without a model, `answer` alone."
        ),
        tags=["search"],
    )
    async def stream(
        filters: NamedDependency[Filters],
        q: Annotated[
            str, QueryParameter(min_length=1, max_length=settings.max_query_chars, description="English or Arabic.")
        ],
        collection: Annotated[
            str, QueryParameter(pattern=COLLECTIONS_PATTERN, description="Collection to ask, or several: a,b.")
        ] = settings.collection,
    ) -> ServerSentEvent:
        text = limits.question(q, settings.max_query_chars)
        parts = engine.answer_parts(limits.collections(collection), text, filters)
        first = await anext(parts)  # here, so that a bad question or collection is a problem and not a broken stream
        return ServerSentEvent(_events(first, parts))

    return [answer, ask, stream]


async def _events(
    first: AnswerSentence | Answer, rest: AsyncIterator[AnswerSentence | Answer]
) -> AsyncIterator[ServerSentEventMessage]:
    yield _event(first)
    async for part in rest:
        yield _event(part)


def _event(part: AnswerSentence | Answer) -> ServerSentEventMessage:
    if isinstance(part, Answer):
        return ServerSentEventMessage(msgspec.json.encode(answer_out(part)).decode(), event="answer")
    sentence = SentenceOut(part.text, list(part.markers), part.supported)
    return ServerSentEventMessage(msgspec.json.encode(sentence).decode(), event="sentence")


def answer_out(answer: Answer) -> AnswerOut:
    return msgspec.convert(answer_json.as_json(answer), AnswerOut)
