"""The pages a person sees: search at /, articles under /articles, and errors."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Template

from service import question
from service.addresses import web_address
from service.question import AnswerType
from service.records import Answer, Filters, Language
from service.settings import Settings
from service.web import limits
from service.web.problems import Problem
from service.web.texts import PHRASES, phrase
from service.web.threads import ThreadedEngine
from service.web.views import (
    Place,
    Run,
    article_href,
    article_path,
    card,
    direction,
    href,
    lang_attribute,
    passage_range,
    quote_card,
    shown_date,
)

EXAMPLES = ("strikes near Hawija", "غارات قرب الحويجة", "who took the Baiji refinery", "السيطرة على مصفاة بيجي")

PageRequest = Request[Any, Any, Any]


class Pages:
    """Draws templates/ over the engine; ``error_page`` is the problem handler's."""

    def __init__(self, engine: ThreadedEngine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings

    def handlers(self) -> list[HTTPRouteHandler]:
        @get("/", include_in_schema=False)
        async def search_page(request: PageRequest) -> Template:
            return await self._search(request)

        @get("/articles/{article_id:path}", include_in_schema=False)
        async def article_page(request: PageRequest, article_id: FromPath[str]) -> Template:
            return await self._article(request)

        return [search_page, article_page]

    def error_page(self, request: PageRequest, problem: Problem) -> Template:
        known = f"problem_{problem.status}"
        place = self._place(request)
        title = known if known in PHRASES[place.interface] else "problem_other"
        return self._page(request, place, "error.html", status=problem.status, problem=problem, title_key=title)

    async def _search(self, request: PageRequest) -> Template:
        place = self._place(request)
        limits.collection(place.collection or self._settings.collection)
        collections = await self._engine.collections()
        if not place.question.strip():
            return self._page(
                request, place, "search.html", collections=collections, examples=EXAMPLES, result=None, answer=None
            )
        settings = self._settings
        text = limits.question(place.question, settings.max_query_chars)
        k = limits.count(request.query_params.get("k", str(settings.k)), settings.max_k)
        filters = Filters(notices_in=place.interface)
        result = await self._engine.search(place.collection or settings.collection, text, k, filters=filters)
        answer = await self._answer(result.collection, text)
        more = len(result.passages) == k < settings.max_k
        return self._page(
            request,
            place,
            "search.html",
            collections=collections,
            result=result,
            answer=answer,
            quotes=[quote_card(citation, place) for citation in answer.citations] if answer else [],
            cards=[card(passage, place) for passage in result.passages],
            more_href=href("/", place, k=min(2 * k, settings.max_k)) if more else "",
            json_href="/api/v1/search?" + urlencode({"q": text, "k": k, "collection": result.collection}),
        )

    async def _answer(self, collection: str, text: str) -> Answer | None:
        """The answer where a question was asked; a few words to look for get none."""
        asked = question.read(text).type is not AnswerType.OTHER or text.rstrip().endswith(("?", "؟"))
        return await self._engine.answer(collection, text) if asked else None

    async def _article(self, request: PageRequest) -> Template:
        place = self._place(request)
        collection = limits.collection(place.collection or self._settings.collection)
        article, copies = await self._engine.article(collection, limits.article_id(request))
        start, end = (request.query_params.get(name, "") for name in ("start", "end"))
        found = passage_range(article, start, end)
        first, last = found or (0, 0)
        runs = [Run(article.text[:first], False), Run(article.text[first:last], True), Run(article.text[last:], False)]
        return self._page(
            request,
            place,
            "article.html",
            article=article,
            runs=[run for run in runs if run.text],
            passage_missing=found is None and bool(start or end),
            passage_found=found is not None,
            lang_attribute=lang_attribute(article.language),
            text_direction=direction(article.language, article.text),
            date=shown_date(article.published),
            original_href=web_address(article.url),
            copies=[(copy, article_href(copy, place)) for copy in copies],
            back_href=href("/", place),
            json_href=f"/api/v1{article_path(article.article_id)}?{urlencode({'collection': collection})}",
        )

    def _place(self, request: PageRequest) -> Place:
        collection = request.query_params.get("collection", "")
        return Place(
            interface=interface_language(request),
            collection="" if collection == self._settings.collection else collection,
            question=request.query_params.get("q", ""),
        )

    def _page(self, request: PageRequest, place: Place, template: str, status: int = 200, **context: Any) -> Template:
        language = place.interface
        other = Language.ENGLISH if language is Language.ARABIC else Language.ARABIC
        return Template(
            template,
            status_code=status,
            headers={"Content-Language": language.value, "Vary": "Accept, Accept-Language"},
            context={
                "t": partial(phrase, language),
                "lang": language.value,
                "dir": direction(language.value),
                "other": other.value,
                "other_name": phrase(other, f"language_{other.value}"),
                "switch_href": _in_other_language(request, other),
                "home_href": href("/", Place(language, place.collection, "")),
                "example_href": lambda text: href("/", Place(language, place.collection, text)),
                "place": place,
                "default_collection": self._settings.collection,
                "max_query_chars": self._settings.max_query_chars,
                "collections": [],
                **context,
            },
        )


def interface_language(request: PageRequest) -> Language:
    """The one asked for with ?lang=, else the first of ours that the browser accepts, else English."""
    accepted = re.findall(r"(?:^|,)\s*([A-Za-z]{2})\b", request.headers.get("accept-language", ""))
    for wanted in (request.query_params.get("lang", ""), *accepted):
        if wanted.lower() in set(Language):
            return Language(wanted.lower())
    return Language.ENGLISH


def _in_other_language(request: PageRequest, other: Language) -> str:
    """This very page, drawn in ``other``."""
    path = "/" + limits.raw_path(request).decode("ascii", "replace").lstrip("/")  # "//host" would lead elsewhere
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in query if name != "lang"]
    return f"{path}?{urlencode([*kept, ('lang', other.value)])}"
