"""The areas that a question asks for, and what the name of a place alone means.

A name that several places share is resolved by the question's other places and by prominence; the others are offered in
a notice.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.folding import fold
from service.places import distance, query_names
from service.places.area import Area, Relation
from service.places.gazetteer import Gazetteer
from service.places.label import labelled
from service.places.query_names import Named
from service.places.relations import relate
from service.places.unlisted import Unlisted
from service.records import Place

MAX_AREAS = 3
CAPITAL = 0.87  # prominence from which a city's name often stands for a government
BROAD = 0.3  # weight of a country: what names it is mostly found by the word already
_CLEAR = 0.78  # of score: what leads by less is offered as an alternative
_APART_KM = 40.0
_OTHERS_SHOWN = 3


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


def ask(text: str, gazetteer: Gazetteer) -> Asked:
    """The areas of a question; none when it names no known place."""
    folded = fold(text)
    named, countries = query_names.names(folded, gazetteer)
    previous: Named | None = None
    for name in named:
        relate(name, folded)
        if previous and previous.explicit and folded.text[previous.end : name.start].strip() in ("and", "or", "و", ""):
            name.explicit = True  # "in Syria and Iraq"
        previous = name
    question = _Question([name for name in named if _is_place(name, gazetteer, len(named))], countries, gazetteer)
    for name in question.named:
        name.chosen = _ranked(name, question)[0][1]
    notices = [notice for name in question.named if (notice := _notice(name, question))]
    spans = tuple(folded.span(name.start, name.end) for name in question.named)
    return Asked(tuple(_areas(question))[:MAX_AREAS], tuple(notices), spans)


def one(name: str, gazetteer: Gazetteer) -> tuple[Place | None, list[Place]]:
    """The place that a name alone means, and the other candidates: for near= and place=. "Hawija, Syria" works too."""
    if (exact := labelled(name, gazetteer)) is not None:
        return exact, []
    named, countries = query_names.names(fold(name), gazetteer)
    if not named:
        number = Unlisted(gazetteer).sounding(name)
        return (gazetteer.place(number), []) if number >= 0 else (None, [])
    question = _Question(named, countries, gazetteer)
    for found in named:
        found.chosen = _ranked(found, question)[0][1]
    specific = min(named, key=lambda found: gazetteer.place(found.chosen).extent_km)
    others = [gazetteer.place(place) for _, place in _ranked(specific, question) if place != specific.chosen]
    return gazetteer.place(specific.chosen), others


def described(area: Area) -> str:
    """ "near Hawija (Kirkuk, Iraq)": how an area was read."""
    if area.other is not None:
        return f"between {title(area.place)} and {title(area.other)}"
    if area.relation is Relation.WITHIN:
        return f"within {area.within_km:g} km of {title(area.place)}"
    return f"{area.relation} {title(area.place)}"


def title(place: Place) -> str:
    """ "Hawija (Kirkuk, Iraq)"."""
    where = ", ".join(dict.fromkeys(part for part in (place.admin1, place.country) if part and part != place.name_en))
    return f"{place.name_en} ({where})" if where else place.name_en


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
    chosen = question.gazetteer.place(name.chosen)
    others: list[str] = []
    for score, number in ranked[1:]:
        place = question.gazetteer.place(number)
        lead = ranked[0][0] - score - (0.5 if number in name.homonyms else 0.0)
        elsewhere = (place.admin1, place.country) != (chosen.admin1, chosen.country)
        if elsewhere and lead < _CLEAR and _km(place, chosen) > _APART_KM:
            others.append(title(place))
    if not others:
        return ""
    listed = " or ".join(others[:_OTHERS_SHOWN])
    return f"read as {title(chosen)}; not {listed}? Name the country or province to change that"


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
            areas.append(Area(place, Relation.BETWEEN, other=gazetteer.place(second.chosen)))
            continue
        seat = place.kind == "country" or (place.kind == "city" and gazetteer.prominence[name.chosen] >= CAPITAL)
        if seat and not name.explicit and not name.kinds:
            continue  # "Moscow agrees": a government more likely than a place
        relation = Relation.IN if name.relation is Relation.BETWEEN else name.relation
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
