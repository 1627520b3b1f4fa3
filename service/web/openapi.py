"""The API's description at /schema/openapi.json and its viewer at /schema, with assets of our own."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import License, Tag

from service import __version__

_TAGS = ("search", "articles", "collections", "export", "saved", "uploads", "operation")


class Viewer(OpenAPIRenderPlugin):
    """Swagger UI from static/swagger; Litestar's own plugin loads it from elsewhere and needs inline scripts."""

    def __init__(self) -> None:
        super().__init__(path="/", favicon="", style="")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        engine = request.app.template_engine
        if engine is None:
            raise RuntimeError("create_app() configures templates")
        page: str = engine.get_template("viewer.html").render(title=openapi_schema["info"]["title"])
        return page.encode()


def openapi_config() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Rasad",
        version=__version__,
        summary="Semantic search over reports in Arabic and English",
        description=(
            "Passages are slices of articles exactly as received. Offsets are Unicode code points, half-open, into "
            "the article's text; in a language whose strings are UTF-16 (JavaScript, Java, C#), characters above "
            "U+FFFF count twice there and once here. Every error is RFC 9457 problem details."
        ),
        license=License(name="Apache-2.0"),
        tags=[
            Tag(name=name) for name in ("search", "articles", "collections", "export", "saved", "uploads", "operation")
        ],
        render_plugins=[Viewer()],
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_unknown_is_a_problem
        ),
    )


def _unknown_is_a_problem(response: Response[Any]) -> Response[Any]:
    """Litestar answers unknown paths under /schema with a page of its own; here every error is a problem."""
    if response.status_code == 404:
        raise NotFoundException()
    return response
