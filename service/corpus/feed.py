"""An RSS or Atom file -> one article an entry, by feedparser, which is given bytes and so reaches for no network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.corpus.decoding import decode_whole
from service.corpus.entry import Entry, Flaw, Source, Unreadable
from service.corpus.markup import text_of
from service.corpus.quiet import quiet

DECLARED = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)")
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>")
FEED_END = re.compile(r"</(?:\w+:)?(?:rss|feed|RDF)\s*>")
TAIL_CHARS = 65_536
MARKED_UP = ("text/html", "application/xhtml+xml")


def entries(source: Source) -> Iterator[Entry | Flaw]:
    data = source.whole()
    declared = DECLARED.search(data, 0, 1024)
    xml = DECLARATION.sub("", decode_whole(data, source.encoding, declared[1].decode("ascii") if declared else ""))
    if "<!ENTITY" in xml:
        raise Unreadable("it declares XML entities of its own, which can be used to fill the memory: write them out")
    feed, items = _parse(xml)
    if not items:
        raise Unreadable("no RSS or Atom entries in this XML: give a feed, or convert it to JSON Lines")
    complete = items
    if not FEED_END.search(xml[-TAIL_CHARS:]):
        complete = items[: len(ENTRY_END.findall(xml))]
    for number, item in enumerate(complete, start=1):
        yield Entry(number, _fields(item, feed))
    if complete is not items:
        yield Flaw(len(complete) + 1, f"the feed breaks off after {len(complete)} complete entries: fetch it again")


def _parse(xml: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    import feedparser

    try:
        with quiet("feedparser"):
            # As a stream: a string would be tried as a URL and as a file name.
            parsed = feedparser.parse(io.BytesIO(xml.encode("utf-8")), resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # the loose parser promises no list of errors
        raise Unreadable(f"a feed that cannot be read ({type(error).__name__}: {error}): fetch it again") from error
    return dict(parsed.feed), [dict(item) for item in parsed.entries]


def _fields(item: Mapping[str, Any], feed: Mapping[str, Any]) -> dict[str, object]:
    source = item.get("source")
    return {
        "id": item.get("id"),
        "title": _text(item.get("title_detail")),
        "text": max((_text(part) for part in [*item.get("content", []), item.get("summary_detail")]), key=len),
        "published": item.get("published") or item.get("updated"),
        "source": (source.get("title") if isinstance(source, Mapping) else "") or feed.get("title"),
        "url": item.get("link"),
        "language": _language(feed),
    }


def _text(detail: Mapping[str, Any] | None) -> str:
    if not detail:
        return ""
    value = str(detail.get("value", ""))
    return text_of(value) if detail.get("type") in MARKED_UP else value


def _language(feed: Mapping[str, Any]) -> str:
    """Feeds say en-us because a template did, whatever their entries are in: the script of the text knows better."""
    language = str(feed.get("language") or "")
    return "" if language.casefold().startswith("en") else language
