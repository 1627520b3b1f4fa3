"""What a request may look like: everything else gets a 4xx that says what was wanted and what was found."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

from litestar.connection import ASGIConnection
from litestar.exceptions import ClientException, HTTPException, NotFoundException
from litestar.handlers.base import BaseRouteHandler

from service.complaints import both
from service.settings import Settings

COLLECTION = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}"  # a folder name that is neither hidden nor a way out
MOST_TOGETHER = 16  # collections that are searched as one
COLLECTIONS = rf"{COLLECTION}(,{COLLECTION}){{0,{MOST_TOGETHER - 1}}}"
_ENCODED_CHAR = 12  # bytes of one character in a URL at most: four of UTF-8, each written %XX
_OTHER_URL_BYTES = 4_096

Connection = ASGIConnection[Any, Any, Any, Any]
Refusal = TypeVar("Refusal", bound=HTTPException)
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


def refused(kind: type[Refusal], key: str, status_code: int | None = None, **values: object) -> Refusal:
    """An HTTP error that says what is wrong in English, and in Arabic where a page is drawn of it."""
    said = both(key, **values)
    return kind(str(said), status_code=status_code, extra={"said": said})


def max_url_bytes(settings: Settings) -> int:
    """Long enough for the longest question allowed, percent-encoded, and what stands beside it."""
    return settings.max_query_chars * _ENCODED_CHAR + _OTHER_URL_BYTES


def url_guard(settings: Settings) -> Guard:
    """Refuses a URL that is too long or whose percent-encoding is not UTF-8 (Litestar would put U+FFFD there)."""
    limit = max_url_bytes(settings)

    async def check_url(connection: Connection, _: BaseRouteHandler) -> None:
        path, query = raw_path(connection), connection.scope["query_string"]
        if len(path) + len(query) > limit:
            raise refused(ClientException, "url_long", 414, n=len(path) + len(query), most=limit)
        for part, name in ((path, "path"), (query, "query")):
            try:
                unquote_to_bytes(part).decode("utf-8")
            except UnicodeDecodeError as error:
                raise refused(ClientException, "url_bytes", part=name, why=error.reason, at=error.start) from error

    return check_url


def parameters_guard(*known: str, required: str = "", repeated: Collection[str] = ()) -> Guard:
    """Refuses query parameters that are unknown, missing, or given twice where they are not among ``repeated``.

    An ignored parameter would answer another question than the one asked: ``colection=news`` is an error.
    """

    async def check_parameters(connection: Connection, _: BaseRouteHandler) -> None:
        query = connection.scope["query_string"].decode("latin-1")
        given = Counter(name for name, _ in parse_qsl(query, keep_blank_values=True))
        for name, times in given.items():
            if name not in known:
                raise ClientException(f"unknown parameter {shown(name)}: this endpoint takes {', '.join(known)}")
            if times > 1 and name not in repeated:
                raise ClientException(f"parameter {name} is given {times} times: give it once")
        if required and required not in given:
            raise ClientException(f"parameter {required} is missing")

    return check_parameters


def raw_path(connection: Connection) -> bytes:
    """The path as it came, percent-encoded. (httpx, in tests, puts the query there too.)"""
    raw: bytes = connection.scope["raw_path"]
    return raw.partition(b"?")[0]


def article_id(connection: Connection) -> str:
    """What follows ``/articles/``, exactly: Litestar's own path parameter folds slashes."""
    encoded = raw_path(connection).partition(b"/articles/")[2]
    identifier = unquote_to_bytes(encoded).decode("utf-8")  # checked by url_guard
    if "\0" in identifier:
        raise refused(ClientException, "id_nul")
    return identifier


def question(text: str, max_chars: int) -> str:
    """``text`` unchanged, if it can be searched for."""
    if not text.strip():
        raise refused(ClientException, "q_empty")
    if len(text) > max_chars:
        raise refused(ClientException, "q_long", n=len(text), most=max_chars)
    for position, char in enumerate(text):
        if unicodedata.category(char) == "Cc" and char not in "\t\n\r":
            raise refused(ClientException, "q_control", code=ord(char), at=position)
    return text


def collections(names: str) -> str:
    """``names`` unchanged, if a collection could be called that, or each of several with commas between them."""
    if len(listed := names.split(",")) > MOST_TOGETHER:
        raise refused(ClientException, "collections_many", n=len(listed), most=MOST_TOGETHER)
    for name in listed:
        collection(name)
    return names


def collection(name: str) -> str:
    """``name`` unchanged, if a collection could be called that."""
    if not re.fullmatch(COLLECTION, name):
        raise refused(ClientException, "name_of_collection", name=shown(name))
    return name


def one_line(text: str, max_chars: int) -> str:
    """``text`` for people to read: without line breaks and control characters, no longer than that."""
    return " ".join("".join(c if unicodedata.category(c) != "Cc" else " " for c in text).split())[:max_chars]


def row_id(number: int) -> int:
    """``number`` unchanged, if a row could have it."""
    if not 0 <= number < 2**63:
        raise NotFoundException()
    return number


def count(text: str, max_k: int) -> int:
    """The number of passages asked for."""
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else 0
    if not 1 <= number <= max_k:
        raise refused(ClientException, "k_range", most=max_k, found=shown(text))
    return number


def shown(text: str, width: int = 60) -> str:
    """``text`` as an error message may repeat it: short, quoted, control characters escaped."""
    return repr(text if len(text) <= width else text[:width] + "…")
