"""What an address of a page says: read from it once, kept in every link, so that each page can be shared."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request
from litestar.exceptions import ClientException

from service.records import Filters, Language
from service.settings import Settings
from service.web import limits
from service.web.asked import SEVERAL, VALUES
from service.web.paging import Sort

PageRequest = Request[Any, Any, Any]
PARAMETER = {"question": "q", "since": "from", "until": "to", "interface": "lang"}  # field -> name in the address
FILTERS = ("near", "within_km", "place", "since", "until", "source", "language")
_NAME = 200  # characters of a place, a date or a source


@dataclass(frozen=True)
class State:
    """Where the reader stands; "" and 0 where the address says nothing."""

    interface: Language
    question: str = ""
    collection: str = ""
    near: str = ""
    within_km: float = 0.0
    place: tuple[str, ...] = ()  # one of these
    since: str = ""
    until: str = ""
    source: tuple[str, ...] = ()
    language: tuple[str, ...] = ()  # of the articles
    sort: Sort = Sort.RELEVANCE
    k: int = 0


def read(request: PageRequest, settings: Settings) -> State:
    """Raises ClientException for what no page can be drawn of."""
    given = request.query_params
    near, since, until = (_name(name, given.get(name, "")) for name in ("near", "from", "to"))
    place, source, language = (_names(name, given.getall(name, [])) for name in SEVERAL)
    collection = given.get("collection", "")
    sort = given.get("sort", "") or Sort.RELEVANCE
    if sort not in set(Sort):
        raise limits.refused(ClientException, "sort_unknown", known=", ".join(Sort), found=limits.shown(sort))
    return State(
        interface=interface_language(request),
        question=given.get("q", ""),
        collection="" if collection == settings.collection else collection,
        near=near,
        within_km=_kilometres(given.get("within_km", "")) if near else 0.0,
        place=place,
        since=since,
        until=until,
        source=source,
        language=language,
        sort=Sort(sort),
        k=limits.count(given["k"], settings.max_k) if given.get("k") else 0,
    )


def filters(state: State) -> Filters:
    """What the engine is asked beside the question."""
    return Filters(
        near=state.near,
        within_km=state.within_km,
        place=state.place,
        since=state.since,
        until=state.until,
        source=state.source,
        language=state.language,
        facets=True,
        notices_in=state.interface,
    )


def is_filtered(state: State) -> bool:
    return any(getattr(state, name) for name in FILTERS)


def parameter(name: str) -> str:
    return PARAMETER.get(name, name)


def parameters(state: State) -> list[tuple[str, str]]:
    """The state by the names of the address, some of them several times; what is at its default is left out."""
    found = []
    first, *others = fields(state)
    for field in (*others, first):  # the question first, the interface last: what a reader looks at in an address
        value = getattr(state, field.name)
        for one in value if isinstance(value, tuple) else (value,):
            if one and one is not Sort.RELEVANCE:
                found.append((parameter(field.name), f"{one:g}" if isinstance(one, float) else str(one)))
    return found


def href(path: str, state: State, more: dict[str, object] | None = None, **changes: Any) -> str:
    """``path`` with the state, ``changes`` made to it, and ``more`` parameters."""
    return f"{path}?{urlencode([*parameters(replace(state, **changes)), *(more or {}).items()])}"


def article_href(article_id: str, state: State, start: int | None = None, end: int | None = None) -> str:
    if start is None or end is None:
        return href(article_path(article_id), state)
    return href(article_path(article_id), state, {"start": start, "end": end}) + "#passage"


def article_path(article_id: str) -> str:
    return "/articles/" + quote(article_id, safe="")


def interface_language(request: PageRequest) -> Language:
    """The one asked for with ?lang=, else the first of ours that the browser accepts, else English."""
    return chosen_language(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))


def chosen_language(asked: str, accepted: str) -> Language:
    for wanted in (asked, *re.findall(r"(?:^|,)\s*([A-Za-z]{2})\b", accepted)):
        if wanted.lower() in set(Language):
            return Language(wanted.lower())
    return Language.ENGLISH


def _names(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Each once, in the order given."""
    if len(values) > VALUES:
        raise limits.refused(ClientException, "too_many_values", name=name, n=len(values), most=VALUES)
    return tuple(dict.fromkeys(_name(name, value) for value in values if value))


def _name(name: str, value: str) -> str:
    if len(value) > _NAME:
        raise limits.refused(ClientException, "value_long", name=name, n=len(value), most=_NAME)
    return value


def _kilometres(text: str) -> float:
    """A distance as given; an empty field leaves the default."""
    if not text.strip():
        return 0.0
    number = float(text) if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text.strip(), re.ASCII) else math.nan
    if not 0 <= number <= 20_000:
        raise limits.refused(ClientException, "within_km_range", found=limits.shown(text))
    return number
