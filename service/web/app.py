"""The application: engine and settings in, Litestar out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import CacheControlHeader
from litestar.enums import HttpMethod, ScopeType
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from service.complaints import in_language
from service.keys import Keys
from service.records import Language
from service.settings import Settings
from service.state import State
from service.web.access import PUBLIC, Access, guard
from service.web.answers import answer_handlers
from service.web.api import api_handlers
from service.web.desk import Desk
from service.web.desk_pages import DeskPages
from service.web.exports import export_handlers
from service.web.feeds import feed_handlers
from service.web.front import Front, Refused
from service.web.health import health_handlers, manifests, metrics_handlers
from service.web.limits import url_guard
from service.web.metrics import Metrics
from service.web.openapi import openapi_config
from service.web.origins import split
from service.web.pages import Pages
from service.web.ports import SearchEngine
from service.web.problems import problem_handler
from service.web.rates import Rates
from service.web.saved import saved_handlers
from service.web.security import security_headers
from service.web.texts import PHRASES, phrase
from service.web.threads import ThreadedEngine
from service.web.uploading import upload_handlers
from service.web.views import direction

_HERE = Path(__file__).parent


class Service(Litestar):
    """Litestar behind its Front. HEAD is answered wherever GET is (RFC 9110, 9.1); the server drops the body."""

    front: Front

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if scope.get("method") == HttpMethod.HEAD:
            scope = cast("HTTPScope", {**scope, "method": HttpMethod.GET.value})
        if scope["type"] == ScopeType.HTTP:
            await self.front(cast("dict[str, Any]", scope), receive, send, super().__call__)
        else:
            await super().__call__(scope, receive, send)


def create_app(engine: SearchEngine, settings: Settings, shared: Path | None = None) -> Service:
    """The web service over ``engine``, which stays its owner's to close; ``shared`` is a folder of all workers."""
    state = State(engine.state_path)
    keys = Keys(state)
    desk = Desk(engine, settings, state, keys)
    metrics = Metrics(lambda: manifests(engine), desk.uploads.totals, engine.ingested)
    threaded = ThreadedEngine(engine, settings.search_threads, metrics)
    pages = Pages(threaded, settings)
    rates = Rates(settings.rate_per_minute, settings.rate_burst, shared / "rates" if shared else None)
    static = create_static_files_router(
        "/static", [_HERE / "static"], cache_control=CacheControlHeader(max_age=3600, public=True), opt=PUBLIC
    )
    templates = _templates()
    app = Service(
        route_handlers=[
            *api_handlers(threaded, settings),
            *answer_handlers(threaded, settings),
            *export_handlers(threaded, settings),
            *saved_handlers(desk, settings),
            *feed_handlers(desk, settings),
            *upload_handlers(desk, settings),
            *health_handlers(threaded, settings),
            *metrics_handlers(metrics),
            *pages.handlers(),
            *DeskPages(desk, threaded, settings).handlers(),
            static,
        ],
        guards=[url_guard(settings), guard(settings)],
        request_max_body_size=settings.max_body_bytes,
        cors_config=_cors(settings),
        on_shutdown=[state.close, rates.close, metrics.close],
        exception_handlers={Exception: problem_handler(pages.error_page)},
        before_send=[security_headers(settings.tile_url)],
        template_config=TemplateConfig(instance=JinjaTemplateEngine(engine_instance=templates)),
        openapi_config=openapi_config(),
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_quality=4,
            gzip_compress_level=5,
            minimum_size=1_000,
            exclude=["^/api/v1/answer/stream", r"\.(png|woff2)$"],
        ),
        logging_config=None,  # the server's; Litestar would log every exception a second time
        debug=False,  # not LITESTAR_DEBUG's to switch on: it shows tracebacks
    )
    app.front = Front(settings, Access(settings, keys), rates, metrics, partial(_refusal, templates))
    return app


def _cors(settings: Settings) -> CORSConfig | None:
    origins = split(settings.cors_origins)
    if not origins:
        return None
    exposed = ["ETag", "Retry-After", "X-Request-ID", "Content-Disposition", "Repr-Digest"]
    return CORSConfig(
        allow_origins=origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-Request-ID"],
        expose_headers=exposed,
    )


def _refusal(templates: Environment, refused: Refused, language: Language) -> str:
    known = f"problem_{refused.status}"
    title = known if known in PHRASES[language] else "problem_other"
    words = {"lang": language.value, "dir": direction(language.value), "t": partial(phrase, language)}
    return templates.get_template("refused.html").render(
        **words, title_key=title, detail=in_language(refused.detail, language)
    )


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
