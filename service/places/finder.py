"""Mentions of places in a text: longest names first, then the context decides which are places, and which ones.

A name is scored by what is known of it (prominence, whether it is an ordinary word too) and by its context (a kind
word, a preposition, a person's title, an organisation, other places of the article near by). Names without enough
evidence are left out; names whose place stays open are kept unresolved.
"""

from __future__ import annotations

from service.folding import Folded, fold
from service.places import evidence
from service.places.candidates import Candidate, Names
from service.places.gazetteer import Gazetteer
from service.places.scene import Scene
from service.places.unlisted import Unlisted
from service.records import PlaceMention

FINDER_ID = "places-1"  # change it with every change of what is found: an index made with another one refuses to open
_ENOUGH = 0.75
_MOST_SUPPORT = 0.8


class Finder:
    """Finds mentions with one gazetteer; making one takes a moment, using it is fast and thread-safe."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._names = Names(gazetteer)
        self._unlisted = Unlisted(gazetteer)

    def find(self, text: str, title: str = "") -> list[PlaceMention]:
        """Mentions in text order, those of the title first (their ``start`` is -1)."""
        return self.find_in(fold(f"{title}\n{text}"), len(title) + 1) if title else self.find_in(fold(text))

    def find_in(self, folded: Folded, title_size: int = 0) -> list[PlaceMention]:
        """As ``find``, in a text that is folded already; its first ``title_size`` characters are the title."""
        accepted = self._accepted(folded)
        taken = [(c.start, c.end) for c in accepted]
        found = [(*folded.span(c.start, c.end), c.place, c.confidence) for c in accepted]
        for start, end, number, confidence in self._unlisted.find(folded, taken):
            found.append((*folded.span(start, end), number, confidence))
        found.sort()
        mentions = []
        for start, end, number, confidence in found:
            place = self._gazetteer.place(number) if number >= 0 else None
            inside = start >= title_size
            mentions.append(
                PlaceMention(
                    start - title_size if inside else -1, end - title_size if inside else -1, place, confidence
                )
            )
        return mentions

    def _accepted(self, folded: Folded) -> list[Candidate]:
        text = folded.text.replace("'s ", "   ") if "'s " in folded.text else folded.text
        candidates, countries = self._names.find(folded, text)
        if not candidates:
            return []
        previous: Candidate | None = None
        for candidate in candidates:
            evidence.weigh(candidate, text, folded, previous, self._gazetteer.kind)
            previous = candidate
        scene = Scene(self._gazetteer, countries)
        scene.set([c for c in candidates if c.worth() >= _ENOUGH])
        accepted = []
        for candidate in candidates:
            worth = candidate.worth()
            if worth >= _ENOUGH or (worth > 0 and worth + min(_MOST_SUPPORT, scene.support(candidate)) >= _ENOUGH):
                scene.resolve(candidate)
                if candidate.place >= 0 or not candidate.reading.common:  # "the city" is not Medina for sure
                    accepted.append(candidate)
        return accepted
