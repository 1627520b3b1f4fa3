"""The pages a person sees: search at /, articles under /articles, and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Template

from service import question
from service.addresses import web_address
from service.complaints import Said, in_language
from service.export import Format
from service.places import gazetteer
from service.question import AnswerType
from service.records import Answer, Language, SearchResult
from service.settings import Settings
from service.web import limits, mapped, narrowing, state, timeline
from service.web.desk_pages import reachable
from service.web.frame import frame
from service.web.marks import Marks, Run
from service.web.paging import DATED, Sort, in_order
from service.web.problems import Problem
from service.web.reasons import evidence
from service.web.state import PageRequest, State, article_href, article_path, href
from service.web.texts import PHRASES
from service.web.threads import ThreadedEngine
from service.web.views import cards, direction, lang_attribute, passage_range, quote_card, shown_date

EXAMPLES = (
    "strikes near Hawija",
    "غارات قرب الحويجة",
    "When did French aircraft strike Muzayrir?",
    "السيطرة على مصفاة بيجي",
)


class Pages:
    """Draws templates/ over the engine; ``error_page`` is the problem handler's."""

    def __init__(self, engine: ThreadedEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings

    def handlers(self) -> list[HTTPRouteHandler]:
        @get("/", include_in_schema=False)
        async def search_page(request: PageRequest) -> Template:
            return await self._search(request)

        @get("/answer", include_in_schema=False)
        async def answer_page(request: PageRequest) -> Template:
            return await self._answer_alone(request)

        @get("/articles/{article_id:path}", include_in_schema=False)
        async def article_page(request: PageRequest, article_id: FromPath[str]) -> Template:
            return await self._article(request)

        return [search_page, answer_page, article_page]

    def error_page(self, request: PageRequest, problem: Problem, detail: str) -> Template:
        interface = state.interface_language(request)
        translated = interface is Language.ENGLISH or isinstance(detail, Said)
        here = State(interface, question=request.query_params.get("q", ""))
        known = f"problem_{problem.status}"
        title = known if known in PHRASES[interface] else "problem_other"
        return self._page(
            request,
            here,
            "error.html",
            status=problem.status,
            detail=in_language(detail, interface),
            detail_language=interface if translated else Language.ENGLISH,
            title_key=title,
        )

    async def _search(self, request: PageRequest) -> Template:
        here = state.read(request, self._settings)
        limits.collections(here.collection or self._settings.collection)
        collections = reachable(request, await self._engine.collections())
        choices: dict[str, Any] = {"collections": collections, "together": _together(collections)}
        if not here.question.strip():
            return self._page(request, here, "search.html", **choices, examples=EXAMPLES, result=None, answer=None)
        text = limits.question(here.question, self._settings.max_query_chars)
        asks = is_question(text)
        later = asks and bool(self._settings.llm_url)  # a language model takes seconds: the results need not wait
        result, answer = await asyncio.gather(self._results(here, text), self._answer(here, text, asks and not later))
        return self._page(
            request,
            here,
            "search.html",
            **choices,
            answer=answer,
            answer_href=href("/answer", here) if later else "",
            **_quoted(answer, here),
            **self._drawn(here, result),
        )

    async def _answer(self, here: State, text: str, wanted: bool) -> Answer | None:
        if not wanted:
            return None
        return await self._engine.answer(here.collection or self._settings.collection, text, state.filters(here))

    async def _results(self, here: State, text: str) -> SearchResult:
        k = here.k or self._settings.k
        depth = k if here.sort is Sort.RELEVANCE else max(DATED, k)
        collection = here.collection or self._settings.collection
        found = await self._engine.search(collection, text, depth, True, state.filters(here))
        return replace(found, passages=tuple(in_order(found.passages, here.sort))[:k])

    def _drawn(self, here: State, result: SearchResult) -> dict[str, Any]:
        """What the template draws of a result."""
        names = gazetteer.load(Path(self._settings.gazetteer) if self._settings.gazetteer else None)
        marks, facets, k = Marks(result.passages), result.facets, here.k or self._settings.k
        more = len(result.passages) == k < self._settings.max_k
        given = [
            pair for pair in state.parameters(replace(here, collection=result.collection, k=k)) if pair[0] != "lang"
        ]
        of_answer = [(name, value) for name, value in given if name not in ("k", "sort")]
        return {
            "result": result,
            "cards": cards(result.passages, here, marks),
            "how": lambda kind: evidence(kind, here.interface),
            "tips": list(marks.tips.values()),
            "rows": mapped.rows(result.passages, here.interface, names),
            "timeline": timeline.draw(facets, here.interface == "ar") if facets else None,
            "groups": narrowing.groups(facets, here, names) if facets else [],
            "chips": list(narrowing.chips(here, names)),
            "sorts": [(sort.value, href("/", here, sort=sort), sort is here.sort) for sort in Sort],
            "dated": DATED,
            "bar_href": lambda bar: href("/", here, since=bar.first, until=bar.last),
            "place_href": lambda label: href("/", here, place=(label,)),
            "more_href": href("/", here, k=min(2 * k, self._settings.max_k)) if more else "",
            "exports": exported("search", given),
            "answer_exports": exported("answer", of_answer),
            "saving": [(name, value) for name, value in given if name != "k"],
            "json_href": f"/api/v1/search?{urlencode(given)}",
        }

    async def _answer_alone(self, request: PageRequest) -> Template:
        """The answer without the results; with ?part=1 as the piece of a page that a script fetches."""
        here = state.read(request, self._settings)
        collection = limits.collections(here.collection or self._settings.collection)
        text = limits.question(here.question, self._settings.max_query_chars)
        answer = await self._engine.answer(collection, text, state.filters(here))
        template = "answer.html" if request.query_params.get("part") else "answer_alone.html"
        return self._page(request, here, template, answer=answer, **_quoted(answer, here), back_href=href("/", here))

    async def _article(self, request: PageRequest) -> Template:
        here = state.read(request, self._settings)
        collection = limits.collections(here.collection or self._settings.collection)
        article, copies = await self._engine.article(collection, limits.article_id(request))
        start, end = (request.query_params.get(name, "") for name in ("start", "end"))
        found = passage_range(article, start, end)
        first, last = found or (0, 0)
        runs = [Run(article.text[:first], False), Run(article.text[first:last], True), Run(article.text[last:], False)]
        return self._page(
            request,
            here,
            "article.html",
            article=article,
            runs=[run for run in runs if run.text],
            passage_missing=found is None and bool(start or end),
            passage_found=found is not None,
            lang_attribute=lang_attribute(article.language),
            text_direction=direction(article.language, article.text),
            date=shown_date(article.published),
            original_href=web_address(article.url),
            copies=[(copy, article_href(copy, here)) for copy in copies],
            back_href=href("/", here),
            json_href=f"/api/v1{article_path(article.article_id)}?{urlencode({'collection': collection})}",
        )

    def _page(self, request: PageRequest, here: State, template: str, status: int = 200, **context: Any) -> Template:
        return Template(
            template,
            status_code=status,
            headers={"Content-Language": here.interface.value, "Vary": "Accept, Accept-Language"},
            context={**frame(request, here, self._settings), **context},
        )


def is_question(text: str) -> bool:
    """A few words to look for get no answer above their results."""
    return question.read(text).type is not AnswerType.OTHER or text.rstrip().endswith(("?", "؟"))


def exported(what: str, query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(format, address) of the files that a result can be kept as."""
    return [(kind.value, f"/api/v1/export/{what}?{urlencode([*query, ('format', kind.value)])}") for kind in Format]


def _together(collections: Sequence[str]) -> str:
    """All of them as one choice, where they may be searched as one."""
    return ",".join(collections) if 1 < len(collections) <= limits.MOST_TOGETHER else ""


def _quoted(answer: Answer | None, here: State) -> dict[str, Any]:
    quotes = [quote_card(citation, here) for citation in answer.citations] if answer else []
    return {"quotes": quotes, "hrefs": {quote.citation.marker: quote.article_href for quote in quotes}}
