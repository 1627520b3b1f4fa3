"""The application: engine and settings in, Litestar out."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.enums import HttpMethod
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from litestar.types import HTTPScope, LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from service.settings import Settings
from service.web.answers import answer_handlers
from service.web.api import api_handlers
from service.web.exports import export_handlers
from service.web.health import health_handlers
from service.web.limits import url_guard
from service.web.openapi import openapi_config
from service.web.pages import Pages
from service.web.ports import SearchEngine
from service.web.problems import problem_handler
from service.web.security import add_security_headers
from service.web.threads import ThreadedEngine

_HERE = Path(__file__).parent


class Service(Litestar):
    """Litestar that answers HEAD wherever it answers GET, as RFC 9110 (9.1) asks; the server drops the body."""

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        if scope.get("method") == HttpMethod.HEAD:
            scope = cast("HTTPScope", {**scope, "method": HttpMethod.GET.value})
        await super().__call__(scope, receive, send)


def create_app(engine: SearchEngine, settings: Settings) -> Litestar:
    """The web service over ``engine``, which stays its owner's to close."""
    threaded = ThreadedEngine(engine, settings.search_threads)
    pages = Pages(threaded, settings)
    static = create_static_files_router(
        "/static", [_HERE / "static"], cache_control=CacheControlHeader(max_age=3600, public=True)
    )
    return Service(
        route_handlers=[
            *api_handlers(threaded, settings),
            *answer_handlers(threaded, settings),
            *export_handlers(threaded, settings),
            *health_handlers(threaded, settings),
            *pages.handlers(),
            static,
        ],
        guards=[url_guard(settings)],
        exception_handlers={Exception: problem_handler(pages.error_page)},
        before_send=[add_security_headers],
        template_config=TemplateConfig(instance=JinjaTemplateEngine(engine_instance=_templates())),
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


def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
