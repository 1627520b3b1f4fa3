"""What every page has around its content: the language, the search form with what it keeps, the links out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from service.records import Language
from service.settings import Settings
from service.web import limits, state
from service.web.state import PageRequest, State, href
from service.web.texts import phrase
from service.web.views import direction

_ASKED = ("q", "collection", "k")  # fields of the search form, not to be sent twice
_NARROWED = ("near", "within_km", "from", "to", "k")  # those of the form that narrows a search


def frame(request: PageRequest, here: State, settings: Settings) -> dict[str, Any]:
    """The part of a template's context that all pages share."""
    language = here.interface
    other = Language.ENGLISH if language is Language.ARABIC else Language.ARABIC
    kept = state.parameters(here)
    return {
        "t": partial(phrase, language),
        "lang": language.value,
        "dir": direction(language.value),
        "other": other.value,
        "other_name": phrase(other, f"language_{other.value}"),
        "switch_href": _in_other_language(request, other),
        "home_href": href("/", State(language, collection=here.collection)),
        "clear_href": href("/", State(language, here.question, here.collection)),
        "example_href": lambda text: href("/", replace(State(language, text), collection=here.collection)),
        "here": here,
        "kept": [(name, value) for name, value in kept if name not in _ASKED],
        "kept_beside": [(name, value) for name, value in kept if name not in _NARROWED],
        "filtered": state.is_filtered(here),
        "default_collection": settings.collection,
        "max_query_chars": settings.max_query_chars,
        "near_km": settings.near_km,
        "tile_url": settings.tile_url,
        "tile_attribution": settings.tile_attribution,
        "collections": [],
        "together": "",
    }


def _in_other_language(request: PageRequest, other: Language) -> str:
    """This very page, drawn in ``other``."""
    path = "/" + limits.raw_path(request).decode("ascii", "replace").lstrip("/")  # "//host" would lead elsewhere
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in query if name != "lang"]
    return f"{path}?{urlencode([*kept, ('lang', other.value)])}"
