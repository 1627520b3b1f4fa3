"""Headers on every answer: nothing from elsewhere, no inline script or style, no framing, no referrer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from service.errors import SettingsError


def content_security_policy(tile_url: str = "") -> str:
    """Everything from this server alone, but for the images of map tiles where they are configured."""
    images = ["'self'", "data:"]  # data: icons inside the API viewer's own style sheet
    if tile_url:
        images.append(tile_origin(tile_url))
    return "; ".join(
        (
            "default-src 'self'",
            f"img-src {' '.join(images)}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def tile_origin(tile_url: str) -> str:
    """Scheme, host and port of the tiles. Raises SettingsError for what is no address of tiles."""
    found = re.match(r"(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)/", tile_url, re.ASCII)
    if not found or not all(part in tile_url for part in ("{z}", "{x}", "{y}")):
        raise SettingsError(
            f"RASAD_TILE_URL must be like https://HOST/{{z}}/{{x}}/{{y}}.png, found {tile_url!r}: correct or unset it"
        )
    return found[1]


HEADERS = {
    "Content-Security-Policy": content_security_policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # a question in the address must not reach a report's publisher
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def security_headers(tile_url: str = "") -> Callable[[Message, Scope], Awaitable[None]]:
    """A before_send hook, so that errors and static files have the headers too."""
    fixed = {**HEADERS, "Content-Security-Policy": content_security_policy(tile_url)}

    async def add(message: Message, _: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in fixed.items():
            headers[name] = value
        headers.setdefault("Cache-Control", "no-cache")

    return add
