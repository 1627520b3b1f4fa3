"""Where and when a question looks: its places and dates, joined with the filters given beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from service import analyzer
from service.backends.base import Reader
from service.complaints import both
from service.dates import asked as when
from service.errors import QueryError
from service.notices import say
from service.places import asked as where
from service.places import gazetteer
from service.places.area import Area, Relation
from service.places.titles import described, title
from service.query import QUESTIONS_KEPT
from service.records import Filters, Language, Ranking
from service.settings import Settings

NO_FILTERS = Filters()
Areas = tuple[Area, ...]
_when, _where = lru_cache(QUESTIONS_KEPT)(when.ask), lru_cache(QUESTIONS_KEPT)(where.ask)
_QUESTION = re.compile(
    r"[?\u061f]|^\s*\.?\s*(?:who|what|when|where|why|how|which|whose"
    r"|كم|من هو|من هي|ما|ماذا|متى|أين|اين|لماذا|كيف|أي|اي|هل)\s",
    re.I,
)
_QUESTION_WORDS = 20  # a longer text is a report that was pasted: its "yesterday" is not ours


@dataclass(frozen=True, slots=True)
class Focus:
    """``areas`` rank, ``within`` filters; ``period`` filters, ``preferred`` ranks. Days are ISO 8601, "" for open.

    Of each group of ``within``, one area must be met.
    """

    areas: tuple[Area, ...] = ()
    within: tuple[Areas, ...] = ()
    given: tuple[Areas, ...] = ()  # those of ``within`` that were given beside the question
    period: tuple[str, str] = ("", "")
    preferred: tuple[str, str] = ("", "")
    recent: bool = False
    notices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    read_as: tuple[str, ...] = ()  # the areas in words

    @property
    def shown_period(self) -> tuple[str, str]:
        return self.period if any(self.period) else self.preferred


def read(text: str, filters: Filters, settings: Settings, language: Language = Language.ENGLISH) -> Focus:
    """``language`` is that of the notices. Raises QueryError for a place or a date that cannot be understood."""
    now = _now(filters.now)
    names = _gazetteer(settings)
    named = _when(text, now) if filters.dates else when.AskedPeriod()
    wanted = filters.places and settings.weight_place
    asked = _where(text, names, language, named.spans) if wanted else where.Asked()
    given, notices = _given(filters, names, settings, language)
    period, preferred, recent = _period(text, named, filters, now)
    strict = () if _QUESTION.search(text) else tuple((area,) for area in asked.areas if area.strict)
    areas = (*chain.from_iterable(given), *asked.areas)
    read_as = tuple(described(area, names, language) for area in areas)
    return Focus(
        areas, (*given, *strict), given, period, preferred, recent, (*asked.notices, *notices), filters.source,
        filters.language, read_as,
    )  # fmt: skip


def date_words(text: str, filters: Filters) -> frozenset[str]:
    """The words of a question that name its day or month, or ask for the newest: the reports' own days say that.

    A year alone is a word like others. A word that is in a date is one wherever else it is in the question.
    """
    if not filters.dates:
        return frozenset()
    asked = _when(text, _now(filters.now))
    newest = () if filters.recent is False else (asked.newest,)
    return frozenset(word for start, end in (*asked.named, *newest) for word in analyzer.words(text[start:end]))


def warm(settings: Settings) -> None:
    """Have the names of places at hand."""
    _gazetteer(settings).learn()


def relaxed(focus: Focus, filters: Filters, settings: Settings, language: Language = Language.ENGLISH) -> Focus | None:
    """The focus for when nothing was found: what only the question's words said is preferred, not required.

    None where they required nothing; what was given beside the question is never left out.
    """
    names = _gazetteer(settings)
    left_out = [
        described(area, names, language) for areas in focus.within if areas not in focus.given for area in areas
    ]
    if any(focus.period) and not (filters.since or filters.until):
        first, last = focus.period
        left_out.append(say(language, "between_days", first=first or "...", last=last or "..."))
        focus = replace(focus, period=("", ""), preferred=focus.period)
    if not left_out:
        return None
    notice = say(language, "nothing_there", what=say(language, "and").join(left_out))
    return replace(focus, within=focus.given, notices=(*focus.notices, notice))


def lean(ranking: Ranking, focus: Focus, reader: Reader, settings: Settings) -> Ranking:
    """A fused ranking with what its articles' days add: in the named period, and newer where that is asked."""
    if not len(ranking) or not (any(focus.preferred) or focus.recent):
        return ranking
    scores = ranking.scores.copy()
    if any(focus.preferred):
        scores += settings.weight_period * reader.in_period(ranking.keys, focus.preferred)
    if focus.recent:
        days = reader.days(ranking.keys)
        age = np.where(days > 0, days.max() - days, np.inf)
        scores += settings.weight_recent * 0.5 ** (age / settings.recent_days)
    order = np.lexsort((ranking.keys, -scores))
    return Ranking(ranking.keys[order], scores[order])


def _gazetteer(settings: Settings) -> gazetteer.Gazetteer:
    return gazetteer.load(Path(settings.gazetteer) if settings.gazetteer else None)


def _given(
    filters: Filters, names: gazetteer.Gazetteer, settings: Settings, language: Language
) -> tuple[tuple[Areas, ...], list[str]]:
    """The areas of near= and of place=."""
    around: list[Area] = []
    inside: list[Area] = []
    notices: list[str] = []
    if filters.within_km < 0 or not np.isfinite(filters.within_km):
        raise QueryError(both("within_km_distance", km=filters.within_km))
    if filters.within_km and not filters.near:
        raise QueryError(both("within_km_alone"))
    for option, name in (("near", filters.near), *(("place", place) for place in filters.place)):
        if not name:
            continue
        place, others = where.one(name, names)
        if place is None:
            raise QueryError(both("place_unknown", option=option, name=name))
        if others:
            listed = say(language, "or").join(title(other, names, language) for other in others[:3])
            found = title(place, names, language)
            notices.append(say(language, "option_read_as", option=option, name=name, place=found, others=listed))
        if option == "near":
            around.append(Area(place, Relation.WITHIN, filters.within_km or settings.near_km, strict=True))
        else:
            inside.append(Area(place, Relation.IN, strict=True))
    return tuple(tuple(group) for group in (around, inside) if group), notices


def _period(
    text: str, asked: when.AskedPeriod, filters: Filters, now: date
) -> tuple[tuple[str, str], tuple[str, str], bool]:
    """(filter, preference, whether newer is better): what is given wins over what the question says."""
    recent = asked.recent if filters.recent is None else filters.recent
    since = when.day(filters.since, "from", now) if filters.since else ""
    until = when.day(filters.until, "to", now, last=True) if filters.until else ""
    if since and until and since > until:
        raise QueryError(both("period_turned", since=filters.since, until=filters.until))
    if since or until:
        return (since, until), ("", ""), recent
    # "How many were hurt that day?" speaks of the report's day, "strikes since last week" of ours
    if asked.relative and len(text.split()) <= _QUESTION_WORDS and not _QUESTION.search(text):
        return asked.period, ("", ""), recent
    return ("", ""), asked.period, recent


def _now(given: str) -> date:
    if not given:
        return date.today()
    try:
        return date.fromisoformat(given[:10])
    except ValueError as error:
        raise QueryError(both("now_no_date", text=given)) from error
