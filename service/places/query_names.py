"""Names of places in a question: looked up word by word, the longest first, in either language and any case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.folding import Folded
from service.places import context
from service.places.area import Relation
from service.places.candidates import NO_KINDS
from service.places.gazetteer import Gazetteer
from service.places.packing import ADJECTIVE, ARTICLE, BARE, COMMON, LATIN

MAX_WORDS = 6  # of a name
_COUNTRY = 0.97  # prominence of countries
_SHORT = 4  # letters; a shorter name behind a clitic is rather a part of a word, unless it is a large city's
_LARGE = 0.8
_ADJECTIVE_WEIGHT = 0.7  # of a country whose adjective stands in the question


@dataclass(slots=True)
class Named:
    """A name in a question. Offsets are the folded text's, clitics left out."""

    start: int
    end: int
    places: list[int]
    common: bool = False  # also an ordinary word or a person's name
    latin: bool = False
    capital: bool = True  # written with a capital letter, or in a script that has none
    adjective: bool = False  # also the adjective of a country
    homonyms: frozenset[int] = frozenset()  # places that share the Arabic name only
    relation: Relation = Relation.IN
    part: bool = False  # "northern Baghdad": the relation is to a part of the place
    within_km: float = 0.0
    explicit: bool = False  # a preposition or a kind word says that it is a place here
    held: bool = False  # "held by the Sinai Province": a group of that name
    kinds: frozenset[str] = NO_KINDS
    chosen: int = -1


def names(folded: Folded, gazetteer: Gazetteer) -> tuple[list[Named], dict[str, float]]:
    """Names from the left, and the countries whose adjectives stand there."""
    text = folded.text.replace("'s ", "   ")
    words = [match.span() for match in re.finditer(r"[^ ]+", text)]
    found: list[Named] = []
    countries: dict[str, float] = {}
    i = 0
    while i < len(words):
        taken = 1
        first = text[slice(*words[i])]
        readings = _readings(first)
        longest = MAX_WORDS if first == "the" or any(gazetteer.goes_on(bare) for _, bare, _ in readings) else 1
        for size in range(min(longest, len(words) - i), 0, -1):
            start, end = words[i][0], words[i + size - 1][1]
            phrase = " ".join(text[start:end].split())
            if phrase.isascii():
                name = _latin(phrase, start, end, folded, gazetteer)
            else:
                name = _arabic(phrase, readings, start, end, gazetteer, countries)
            if name:
                found.append(name)
                taken = size
                break
        i += taken
    return found, countries


def _latin(phrase: str, start: int, end: int, folded: Folded, gazetteer: Gazetteer) -> Named | None:
    meant = [(place, flags) for place, flags in gazetteer.latin(phrase) if flags & LATIN]
    places = [place for place, _ in meant]
    if not places or (len(phrase) < 3 and max(gazetteer.prominence[place] for place in places) < _COUNTRY):
        return None
    also = [other for place in places for other in _homonyms(place, gazetteer)]
    capital = folded.received[folded.origin(start)].isupper()
    return Named(
        start, end, list(dict.fromkeys([*places, *also])), any(flags & COMMON for _, flags in meant), True, capital,
        homonyms=frozenset(also) - set(places),
    )  # fmt: skip


def _homonyms(place: int, gazetteer: Gazetteer) -> list[int]:
    """Places with the same Arabic name, whose Latin spellings happen to differ."""
    name = gazetteer.place(place).name_ar
    return [other for other, flags in gazetteer.look_up(name) if flags & (ARTICLE | BARE)] if name else []


@lru_cache(maxsize=20_000)
def _readings(word: str) -> tuple[tuple[str, str, bool], ...]:
    """(clitics, the rest, whether the clitics bring the article) of the first word of a name; first without any."""
    return tuple(
        (prefix, word[len(prefix) :], article)
        for prefix, article in context.PREFIXES.items()
        if word.startswith(prefix) and (not prefix or len(word) - len(prefix) >= (3 if article else 2))
    )


def _arabic(
    phrase: str, readings: Sequence[tuple[str, str, bool]], start: int, end: int, gazetteer: Gazetteer,
    countries: dict[str, float],
) -> Named | None:  # fmt: skip
    """The most prominent reading, with or without clitics before; ``readings`` are those of the first word."""
    each = [
        (prefix, article, gazetteer.by_key(phrase[len(prefix) :]))
        for prefix, bare, article in readings
        if len(bare) > 1
    ]
    if not any(meant for _, _, meant in each) or context.kinds_before(phrase) or phrase in gazetteer.glued():
        return None
    best, top = None, -1.0
    for prefix, article, meant in each:
        places = [(place, flags) for place, flags in meant if flags & (ARTICLE if article else BARE)]
        adjectives = [place for place, flags in meant if flags & ADJECTIVE and not flags & (ARTICLE | BARE)]
        for place in adjectives:
            country = gazetteer.place(place).country
            countries[country] = countries.get(country, 0.0) + _ADJECTIVE_WEIGHT
        if not places or adjectives:  # "سوري" is Syrian before it is Surrey
            continue
        prominence = max(gazetteer.prominence[place] for place, _ in places)
        if prefix and not article and len(phrase) - len(prefix) < _SHORT and prominence < _LARGE:
            continue
        if prominence > top:
            top = prominence
            begin = start + len(prefix) - (0 if not article else 1 if prefix.endswith("لل") else 2)
            best = Named(
                begin, end, [place for place, _ in places], any(flags & COMMON for _, flags in places),
                adjective=any(flags & ADJECTIVE for _, flags in places),
                explicit=prefix.removesuffix("ال").endswith("ب"),
            )  # fmt: skip
    return best
