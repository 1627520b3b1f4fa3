"""The areas that a question asks for, and what the name of a place alone means.

A name that several places share is resolved by the question's other places and by prominence; the others are offered in
a notice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.folding import Folded, fold
from service.notices import say
from service.places import distance, query_names
from service.places.area import Area, Relation
from service.places.gazetteer import Gazetteer
from service.places.label import labelled
from service.places.packing import ARTICLE, BARE
from service.places.query_names import Named
from service.places.relations import relate
from service.places.titles import title
from service.places.unlisted import Unlisted
from service.records import Language, Place

MAX_AREAS = 3
CAPITAL = 0.87  # prominence from which a city's name often stands for a government
BROAD = 0.3  # weight of a country: what names it is mostly found by the word already
_CLEAR = 0.78  # of score: what leads by less is offered as an alternative
_APART_KM = 40.0
_OTHERS_SHOWN = 3
_UNLISTED = re.compile(
    r" (in|at|from|of|near|around|outside|inside|between)(?: the)?(?: (?:town|village|city|district) of)?"
    r" ((?:al |el )?([a-z'-]{4,}))(?= )"
)
_VAGUE = frozenset({"in", "at", "from", "of", "between"})  # prepositions of much else than places


@dataclass(frozen=True, slots=True)
class Asked:
    """``notices`` offer the other places of an ambiguous name; ``spans`` are the names in the question as typed."""

    areas: tuple[Area, ...] = ()
    notices: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """All that the choice between places may look at."""

    named: list[Named]
    countries: dict[str, float]
    gazetteer: Gazetteer
    folded: Folded
    language: Language


def ask(
    text: str,
    gazetteer: Gazetteer,
    language: Language = Language.ENGLISH,
    taken: Sequence[tuple[int, int]] = (),
) -> Asked:
    """The areas of a question; none when it names no known place.

    ``language`` is that of the notices; ``taken`` are parts of the text that are no places, such as its dates.
    """
    folded = fold(text)
    named, countries = query_names.names(folded, gazetteer)
    named = _with_sounding(named, folded, gazetteer)
    named = [name for name in named if not _overlaps(folded.span(name.start, name.end), taken)]
    previous: Named | None = None
    for name in named:
        relate(name, folded)
        if previous and previous.explicit and folded.text[previous.end : name.start].strip() in ("and", "or", "و", ""):
            name.explicit = True  # "in Syria and Iraq"
        previous = name
    places = [name for name in named if _is_place(name, gazetteer, len(named))]
    question = _Question(places, countries, gazetteer, folded, language)
    for name in question.named:
        name.chosen = _ranked(name, question)[0][1]
    areas = _areas(question)[:MAX_AREAS]
    meant = {place for area in areas for place in (area.place, area.other)}
    used = [name for name in question.named if gazetteer.place(name.chosen) in meant]
    notices = [notice for name in used if (notice := _notice(name, question))]
    spans = tuple(folded.span(name.start, name.end) for name in question.named)
    return Asked(tuple(areas), tuple(dict.fromkeys(notices)), spans)


def one(name: str, gazetteer: Gazetteer) -> tuple[Place | None, list[Place]]:
    """The place that a name alone means, and the other candidates: for near= and place=. "Hawija, Syria" works too."""
    if (exact := labelled(name, gazetteer)) is not None:
        return exact, []
    named, countries = query_names.names(fold(name), gazetteer)
    if not named:
        number = unlisted(gazetteer).sounding(name)
        return (gazetteer.place(number), []) if number >= 0 else (None, [])
    question = _Question(named, countries, gazetteer, fold(name), Language.ENGLISH)
    for found in named:
        found.chosen = _ranked(found, question)[0][1]
    specific = min(named, key=lambda found: gazetteer.place(found.chosen).extent_km)
    others = [gazetteer.place(place) for _, place in _ranked(specific, question) if place != specific.chosen]
    return gazetteer.place(specific.chosen), others


def _with_sounding(named: list[Named], folded: Folded, gazetteer: Gazetteer) -> list[Named]:
    """Also Latin names that are not listed as they are spelt, where a preposition says that they are places."""
    covered = [(name.start, name.end) for name in named]
    added = []
    for match in _UNLISTED.finditer(folded.text):
        start, end = match.span(2)
        capital = folded.received[folded.origin(match.start(3))].isupper()
        if _overlaps((start, end), covered) or not (capital or match[1] not in _VAGUE):
            continue
        number = unlisted(gazetteer).sounding(match[3])
        if number >= 0:
            added.append(Named(start, end, [number, *_alike(number, gazetteer)], latin=True, capital=capital))
    return sorted([*named, *added], key=lambda name: name.start)


def _alike(number: int, gazetteer: Gazetteer) -> list[int]:
    name = gazetteer.place(number).name_ar
    return [place for place, flags in gazetteer.look_up(name) if place != number and flags & (ARTICLE | BARE)]


@lru_cache(maxsize=4)
def unlisted(gazetteer: Gazetteer) -> Unlisted:
    return Unlisted(gazetteer)


def _overlaps(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)


def _is_place(name: Named, gazetteer: Gazetteer, count: int) -> bool:
    """Words that are the names of small places by chance are left alone."""
    best = max(gazetteer.prominence[place] for place in name.places)
    told = name.explicit or bool(name.kinds)
    if name.held:
        return False  # "held by the Sinai Province": a group
    if name.adjective and not name.explicit:
        return False  # "الحكومة السعودية": the Saudi government
    if name.latin and not told and any(gazetteer.kind(place) == "country" for place in name.places):
        return count > 1  # "US F-16": at most it says where another place lies
    if name.common and name.relation is Relation.IN:
        if name.latin:
            return name.capital and (told or count > 1)
        return bool(name.kinds) or (best >= 0.45 and (name.explicit or count > 1))
    if name.latin and not name.capital and best < 0.5:
        return name.explicit or " " in gazetteer.place(name.places[0]).name_en
    return told or best >= 0.3


def _ranked(name: Named, question: _Question) -> list[tuple[float, int]]:
    """(score, place), best first: prominence, kind word, and the other places of the question."""
    gazetteer = question.gazetteer
    others = [gazetteer.place(place) for other in question.named if other is not name for place in other.places]
    scored = []
    for number in name.places:
        place = gazetteer.place(number)
        score = 2.5 * gazetteer.prominence[number] + min(1.0, question.countries.get(place.country, 0.0))
        if number in name.homonyms:
            score -= 0.5
        if name.kinds:
            score += 0.8 if place.kind in name.kinds else -0.3
        if place.kind != "country" and any(o.kind == "country" and o.country == place.country for o in others):
            score += 1.6
        if any(o.admin1 and (o.admin1, o.country) == (place.admin1, place.country) for o in others):
            score += 1.2
        if any(o.kind != "country" and _km(o, place) <= 120 for o in others):
            score += 0.6
        scored.append((score, -number))
    return [(score, -number) for score, number in sorted(scored, reverse=True)]


def _notice(name: Named, question: _Question) -> str:
    ranked = _ranked(name, question)
    gazetteer = question.gazetteer
    chosen = gazetteer.place(name.chosen)
    if any(_holds(gazetteer.place(other.chosen), chosen) for other in question.named if other is not name):
        return ""  # "Hawija, Syria": the question has chosen
    others: list[str] = []
    for score, number in ranked[1:]:
        place = gazetteer.place(number)
        lead = ranked[0][0] - score - (0.5 if number in name.homonyms else 0.0)
        elsewhere = (place.admin1, place.country) != (chosen.admin1, chosen.country)
        if elsewhere and lead < _CLEAR and _km(place, chosen) > _APART_KM:
            others.append(title(place, gazetteer, question.language))
    if not others:
        return ""
    start, end = question.folded.span(name.start, name.end)
    return say(
        question.language,
        "read_as",
        name=question.folded.received[start:end],
        place=title(chosen, gazetteer, question.language),
        others=say(question.language, "or").join(others[:_OTHERS_SHOWN]),
    )


def _areas(question: _Question) -> list[Area]:
    """One area for each place asked; a country or province that only says where another place lies makes none."""
    areas: list[Area] = []
    named, gazetteer = question.named, question.gazetteer
    second: Named | None = None
    for i, name in enumerate(named):
        if name is second:
            continue
        place = gazetteer.place(name.chosen)
        if name.relation is Relation.BETWEEN and i + 1 < len(named):
            second = named[i + 1]
            if place.kind == gazetteer.kind(second.chosen) == "country":  # "between Syria and Turkey"
                areas += [Area(gazetteer.place(n.chosen), weight=BROAD) for n in (name, second)]
                continue
            areas.append(Area(place, Relation.BETWEEN, other=gazetteer.place(second.chosen)))
            continue
        seat = place.kind == "country" or (place.kind == "city" and gazetteer.prominence[name.chosen] >= CAPITAL)
        if seat and not name.explicit and not name.kinds:
            continue  # "Moscow agrees": a government more likely than a place
        inside = name.relation is Relation.BETWEEN or (name.part and place.kind != "country")
        relation = Relation.IN if inside else name.relation
        weight = BROAD if place.kind == "country" else 1.0
        areas.append(Area(place, relation, name.within_km, strict=relation is Relation.WITHIN, weight=weight))
    return [area for area in areas if not any(_holds(area.place, other.place) for other in areas)]


def _holds(holder: Place, place: Place) -> bool:
    if holder == place:
        return False
    if holder.kind == "country":
        return holder.country == place.country
    inside = bool(holder.admin1) and (holder.admin1, holder.country) == (place.admin1, place.country)
    return inside and holder.extent_km > 1.5 * place.extent_km


def _km(one: Place, other: Place) -> float:
    return distance.km(one.lat, one.lon, other.lat, other.lon)
