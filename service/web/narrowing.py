"""What a search can be narrowed by, and what it is narrowed by: links that add a filter or take it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from service.places import label
from service.places.gazetteer import Gazetteer
from service.records import Facets
from service.web.state import State, href
from service.web.texts import PHRASES, phrase

_SHOWN = 7  # of each kind, before "more"


@dataclass(frozen=True)
class Choice:
    text: str
    count: int
    share: float  # of the largest count, 0 to 100
    href: str
    chosen: bool


@dataclass(frozen=True)
class Group:
    """The values of one kind, most first; ``more`` are behind a fold."""

    key: str
    shown: tuple[Choice, ...]
    more: tuple[Choice, ...]


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the way out of it."""

    name: str
    value: str
    href: str


def groups(facets: Facets, state: State, names: Gazetteer) -> list[Group]:
    kinds = (("place", facets.places), ("source", facets.sources), ("language", facets.languages))
    return [group for key, counts in kinds if (group := _group(key, counts, state, names)).shown]


def chips(state: State, names: Gazetteer) -> Iterator[Chip]:
    t = partial(phrase, state.interface)
    if state.near:
        km = f" ({t('within', km=f'{state.within_km:g}')})" if state.within_km else ""
        name = label.shown(state.near, state.interface, names)
        yield Chip(t("near"), f"{name}{km}", href("/", state, near="", within_km=0.0))
    yield from _several("place", state, names)
    if state.since or state.until:
        period = state.since if state.since == state.until else f"{state.since or '…'} – {state.until or '…'}"
        yield Chip(t("published"), period, href("/", state, since="", until=""))
    yield from _several("source", state, names)
    yield from _several("language", state, names)


def _several(key: str, state: State, names: Gazetteer) -> Iterator[Chip]:
    for value in getattr(state, key):
        yield Chip(phrase(state.interface, key), _text(key, value, state, names), _toggled(state, key, value))


def _group(key: str, counts: tuple[tuple[str, int], ...], state: State, names: Gazetteer) -> Group:
    most = max((count for _, count in counts), default=1)
    choices = [
        Choice(
            _text(key, value, state, names), count, round(100 * count / most, 1),
            _toggled(state, key, value), value in getattr(state, key),
        )
        for value, count in counts
    ]  # fmt: skip
    return Group(key, tuple(choices[:_SHOWN]), tuple(choices[_SHOWN:]))


def _toggled(state: State, key: str, value: str) -> str:
    """The same search with this value as well, or without it where it is chosen."""
    chosen = getattr(state, key)
    changes: dict[str, Any] = {key: tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)}
    return href("/", state, **changes)


def _text(key: str, value: str, state: State, names: Gazetteer) -> str:
    if key == "place":
        return label.shown(value, state.interface, names)
    if key == "language" and f"language_{value}" in PHRASES[state.interface]:
        return phrase(state.interface, f"language_{value}")
    return value
