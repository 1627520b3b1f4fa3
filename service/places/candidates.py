"""Names of the gazetteer that stand in a text as words, with what each is worth by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from service.folding import Folded
from service.matching import Matcher
from service.places.context import PREFIXES
from service.places.gazetteer import Gazetteer
from service.places.kinds import AT_HOME
from service.places.packing import ADJECTIVE, ARTICLE, BARE, COMMON, LATIN

NO_KINDS: frozenset[str] = frozenset()


class Reading(NamedTuple):
    """A name as one way of writing it may mean: with its article, without, or in Latin letters."""

    meant: tuple[int, ...]  # places
    best: float  # prominence of the most prominent
    common: bool  # also an ordinary word or a person's name
    latin: bool
    adjective: bool  # also the adjective of a country: السعودية
    foreign: bool  # in Latin letters, of a country far from the reports: then it may be a word or a surname


@dataclass(slots=True)
class Candidate:
    """A name in a text. Offsets are the folded text's; ``start`` is after clitics, with the article."""

    start: int
    end: int
    word: int  # where the written word begins
    reading: Reading
    kinds: frozenset[str] = NO_KINDS  # that a kind word beside it announces
    evidence: float = 0.0
    place: int = -1
    confidence: float = 0.0

    def worth(self) -> float:
        """How sure it is that this is a place, from the name itself and from its neighbours; enough is about 0.75."""
        reading = self.reading
        best = reading.best
        score = 1.6 if best >= 0.97 else 1.3 if best >= 0.69 else 1.0 if best >= 0.55 else 0.8 if best >= 0.35 else 0.6
        if reading.foreign and best < 0.69:
            score -= 0.3
        if reading.common:
            score -= 0.9 if reading.latin or best >= 0.78 else 1.2
        if not reading.latin and self.end - self.start <= 3 and best < 0.8:
            score -= 0.4
        return score + self.evidence


class Names:
    """All names of a gazetteer, looked for at once; thread-safe."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._matcher = Matcher(list(gazetteer.names()))
        self._prominence: list[float] = gazetteer.points[:, 3].tolist()
        self._glued = gazetteer.glued()
        self._readings: dict[tuple[int, int], Reading | None] = {}
        self._countries: dict[int, str] = {}

    def find(self, folded: Folded, text: str) -> tuple[list[Candidate], dict[str, float]]:
        """Candidates without overlaps, and how often each country's adjective stands there; ``text`` is folded."""
        found: list[Candidate] = []
        countries: dict[str, float] = {}
        for number, start, end in self._matcher.find(text):
            before = text[start - 1]
            if before == " ":
                word = start
                wanted = BARE if text[start] >= "\u0600" else LATIN
            elif before < "\u0600":
                continue
            else:
                word = text.rfind(" ", 0, start) + 1
                article = PREFIXES.get(text[word:start])
                if article is None or (not article and end - start < 3) or text[word:end] in self._glued:
                    continue
                wanted = ARTICLE if article else BARE
            reading = self._reading(number, wanted)
            if reading is None:
                if number in self._countries:
                    country = self._countries[number]
                    countries[country] = countries.get(country, 0.0) + 0.7
                continue
            if wanted == LATIN and not _is_capital(folded, start):
                continue
            first = start if wanted != ARTICLE else start - (1 if text[start - 2 : start] == "لل" else 2)
            found.append(Candidate(first, end, word, reading))
        return _longest(found), countries

    def _reading(self, number: int, wanted: int) -> Reading | None:
        """None when the name is never written so; then it may still be a country's adjective (``_countries``)."""
        key = (number, wanted)
        if key not in self._readings:
            listed = self._gazetteer.meant(number)
            meant = [(place, flags) for place, flags in listed if flags & wanted]
            self._readings[key] = (
                Reading(
                    tuple(place for place, _ in meant),
                    max(self._prominence[place] for place, _ in meant),
                    any(flags & COMMON for _, flags in meant),
                    wanted == LATIN,
                    any(flags & ADJECTIVE for _, flags in meant),
                    wanted == LATIN and not any(self._gazetteer.place(p).country in AT_HOME for p, _ in meant),
                )
                if meant
                else None
            )
            for place, flags in listed:
                if flags & ADJECTIVE:
                    self._countries[number] = self._gazetteer.place(place).country
        return self._readings[key]


def _is_capital(folded: Folded, start: int) -> bool:
    """Whether a Latin word is written as a name: Hawija, al-Hawija."""
    at = folded.origin(start)
    if folded.received[at].isupper():
        return True
    return folded.text.startswith(("al ", "el "), start) and folded.received[at + 3 : at + 4].isupper()


def _longest(found: list[Candidate]) -> list[Candidate]:
    """Without overlaps: from the left, the longer of two that begin together; two readings of one span become one.

    Where one letter more or less makes another name (وجدة is Oujda, or "and Jeddah"), the more prominent place wins.
    """
    found.sort(key=lambda c: (c.start, -c.end))
    kept: list[Candidate] = []
    for candidate in found:
        if kept and candidate.start < kept[-1].end:
            last = kept[-1]
            if (candidate.start, candidate.end) == (last.start, last.end):
                last.reading = _joined(last.reading, candidate.reading)
            elif (candidate.start, candidate.end) == (last.start + 1, last.end):
                kept[-1] = max(last, candidate, key=lambda c: c.reading.best)
            continue
        kept.append(candidate)
    return kept


def _joined(one: Reading, other: Reading) -> Reading:
    return Reading(
        tuple(sorted({*one.meant, *other.meant})), max(one.best, other.best), one.common or other.common, one.latin,
        one.adjective or other.adjective,
        one.foreign and other.foreign,
    )  # fmt: skip
