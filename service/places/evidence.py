"""What the words beside a name say for or against a place, as a score that adds to what the name is worth."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from service.folding import Folded
from service.places import context
from service.places.candidates import NO_KINDS, Candidate

KindOf = Callable[[int], str]
_WINDOW = 40  # characters before a name
_COUNTRY = 0.97  # prominence of countries
_DEFINITE = frozenset({"ارامكو", "سابك", "العربيه", "وزاره"})  # before an adjective, as are words with the article


def weigh(candidate: Candidate, text: str, folded: Folded, previous: Candidate | None, kind_of: KindOf) -> None:
    """Sets the candidate's evidence and kinds. ``previous`` is the candidate before it."""
    word = candidate.word
    left = text[max(0, word - _WINDOW) : word].split()
    before = left[-1] if left else ""
    if candidate.reading.latin:
        score = _latin(candidate, folded, before, left, kind_of)
    else:
        score = _arabic(candidate, text, before, kind_of)
    clitic = text[word : candidate.start]
    if (
        previous is not None
        and previous.end >= word - 3
        and clitic[:1] in ("و", "")
        and not text[previous.end : word].strip()
    ):
        score += 0.4 if previous.evidence > 0 else 0.1  # one of a list
        candidate.kinds = candidate.kinds or previous.kinds
    candidate.evidence = score


@lru_cache(maxsize=100_000)
def _word_before(word: str) -> tuple[frozenset[str], bool, bool, bool]:
    """(kinds that it announces, organisation, person, preposition or the like) of an Arabic word."""
    bare = context.bare_ar(word)
    return (
        context.kinds_before(word),
        word in context.ORGANISATION_AR or bare in context.ORGANISATION_AR,
        word in context.PERSON_AR or bare in context.PERSON_AR,
        word in context.LOCATIVE_AR or bare in context.LOCATIVE_AR,
    )


def _arabic(candidate: Candidate, text: str, before: str, kind_of: KindOf) -> float:
    kinds, organisation, person, locative = _word_before(before)
    reading = candidate.reading
    score = 0.0
    if kinds:
        candidate.kinds = kinds
        score += 1.5 if any(kind_of(place) in kinds for place in reading.meant) else 0.6
    elif organisation:
        score -= 2.0
    elif person:
        score -= 1.5 if reading.common or reading.best < 0.95 else 0.5
    if locative:
        # A name that begins like a clitic: "في بعقوبة" is never "with a penalty".
        score += 1.6 if reading.common and text[candidate.start] in "وبفكل" else 0.5
    score += _clitic(candidate, text[candidate.word : candidate.start], before, locative)
    after = text[candidate.end : candidate.end + 10].split()
    if after and after[0] in ("بن", "ابن", "يونايتد", "سيتي"):
        score -= 1.5
    return score


def _clitic(candidate: Candidate, clitic: str, before: str, locative: bool) -> float:
    """Of the letters before the name in its word: "بجدة" is in Jeddah, but ف + رانس is a part of فرانس."""
    best = candidate.reading.best
    if clitic and clitic[-1] in "فك" and not clitic.endswith("ال"):
        return -2.0 if best < 0.84 else 0.0
    if clitic and not candidate.kinds and best < 0.6 and clitic[-1] != "و":
        return -0.5
    definite = before.startswith(("ال", "لل", "بال", "وال")) or before in _DEFINITE
    if candidate.reading.adjective and definite and not locative:
        return -2.0  # "الهيئة السعودية" is the Saudi body
    return 0.4 if clitic[-1:] == "ب" else 0.0


def _latin(candidate: Candidate, folded: Folded, before: str, left: list[str], kind_of: KindOf) -> float:
    received, best = folded.received, candidate.reading.best
    at, to = folded.span(candidate.start, candidate.end)
    after = received[to : to + 30]
    following = after[1:].split(" ", 1)[0].strip(".,;:!?\"')(") if after[:1] == " " else ""
    next_word = following.lower().removesuffix("'s")
    kinds = context.kinds_beside(next_word) or (context.kinds_beside(before) if before != "city" else NO_KINDS)
    if before == "of" and len(left) > 1:
        kinds = context.kinds_beside(left[-2]) or kinds
    score = 0.0
    if kinds:
        candidate.kinds = kinds
        score += 1.2 if any(kind_of(place) in kinds for place in candidate.reading.meant) else 0.3
    elif next_word in context.ORGANISATION_EN:
        score -= 2.0 if best < _COUNTRY else 0.6
    elif following[:1].isupper() and best < _COUNTRY and next_word not in context.LOCATIVE_EN:
        score -= 0.9  # "Oxford Street", "Paris Hilton"
    if before in context.LOCATIVE_EN:
        score += 0.5
    elif at > 1 and received[at - 1] == " " and received[at - 2].isalpha() and before not in context.BEFORE_PLACE_EN:
        first = received[received.rfind(" ", 0, at - 1) + 1 : at - 1]
        if first[:1].isupper() and (before in context.TITLES_EN or best < _COUNTRY):
            score -= 1.0  # "Jack London"
    if before == "of" and len(left) > 1 and left[-2] in context.TREATIES_EN:
        score -= 2.0  # "Treaty of Amsterdam"
    if at > 0 and received[at - 1] == "-":
        score -= 1.2
    if after[:1] == "-" and after[1:2].isalpha():
        score -= 0.3
    return score
