"""The Atom feed of a saved search, at an address that only who saved it knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid5
from xml.etree import ElementTree

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from service.addresses import web_address
from service.saved import FeedEntry, SavedSearch
from service.settings import Settings
from service.web.access import PUBLIC
from service.web.api import unchanged
from service.web.desk import Desk
from service.web.freshness import matches
from service.web.state import article_path

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed_handlers(desk: Desk, settings: Settings) -> list[HTTPRouteHandler]:
    @get("/feeds/{token:str}", opt=PUBLIC, include_in_schema=False)
    async def feed(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        search, entries = await desk.feed(token)
        newest = entries[0].entry_id if entries else 0
        tag = f'"{uuid5(NAMESPACE_OID, f"{search.search_id} {search.created} {newest}")}"'
        if matches(request.headers.get("if-none-match"), tag):
            return unchanged(tag)
        base = settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        return Response(atom(search, entries, base), media_type=MEDIA_TYPE, headers=headers)

    return [feed]


def atom(search: SavedSearch, entries: Sequence[FeedEntry], base: str) -> bytes:
    """RFC 4287; every text is text, so that no report's markup reaches a reader."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"urn:uuid:{uuid5(NAMESPACE_OID, f'{search.search_id} {search.created}')}")
    _add(feed, "title", f"{search.name} – Rasad")
    _add(feed, "subtitle", _asked(search))
    _add(feed, "updated", entries[0].found if entries else search.created)
    _add(feed, "generator", "Rasad")
    _add(_add(feed, "author"), "name", "Rasad")
    place = {"q": search.question, "collection": search.collection, **search.options}
    _add(feed, "link", rel="alternate", href=f"{base}/?{urlencode(place)}")
    for entry in entries:
        _entry(feed, search, entry, base)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: ElementTree.Element, search: SavedSearch, entry: FeedEntry, base: str) -> None:
    shown = entry.passage
    node = _add(feed, "entry")
    _add(node, "id", f"urn:uuid:{uuid5(NAMESPACE_OID, f'{search.search_id} {search.created} {entry.entry_id}')}")
    _add(node, "title", shown["title"] or shown["article_id"])
    _add(node, "updated", entry.found)
    if shown["source"]:
        _add(_add(node, "author"), "name", shown["source"])
    where = {"q": search.question, "start": shown["start"], "end": shown["end"], "collection": search.collection}
    address = f"{base}{article_path(shown['article_id'])}?{urlencode(where)}#passage"
    _add(node, "link", rel="alternate", href=address)
    if original := web_address(shown["url"]):
        _add(node, "link", rel="via", href=original)
    about = " · ".join(part for part in (shown["source"], shown["published"]) if part)
    why = "; ".join(shown["why"])
    parts = (about, shown["text"], f"Why: {why}" if why else "", f"SHA-256 of the article: {shown['sha256']}")
    content = _add(node, "content", "\n\n".join(part for part in parts if part), type="text")
    if re.fullmatch(r"[A-Za-z]{2,8}", shown["language"]):
        content.set("{http://www.w3.org/XML/1998/namespace}lang", shown["language"])


def _asked(search: SavedSearch) -> str:
    given = ", ".join(f"{name}={value}" for name, value in search.options.items())
    return f"{search.question} ({given})" if given else search.question


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    node = ElementTree.SubElement(
        parent, f"{{{ATOM}}}{name}", {key: _NOT_XML.sub("\ufffd", value) for key, value in attributes.items()}
    )
    node.text = _NOT_XML.sub("\ufffd", text) or None
    return node
