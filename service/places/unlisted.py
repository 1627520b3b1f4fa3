"""Names that no gazetteer has, announced by a kind word, and Latin spellings that only sound like a known name.

"قرية القنبورة" and "the village of Tal Shair" name places; without coordinates they stay unresolved. "Huwayjah" is
resolved by its consonants, if one known place sounds like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from service import analyzer, lexicon
from service.folding import Folded
from service.places.gazetteer import Gazetteer
from service.places.packing import LATIN
from service.records import Language
from service.sound import likeness, skeleton
from service.stopwords import STOP_WORDS

_ANNOUNCED = re.compile(
    r"(?:محافظه|قضاء|ناحيه|مديريه|قريه|بلده|قريتي|بلدتي|مخيم|وادي|جبل|حقل)"
    r" +([\u0620-\u064a]{3,})(?: ([\u0620-\u064a]{3,}))?(?= )"
)
_CLITICS = frozenset({"", "و", "ف", "ب", "ل", "وب", "ول", "فب", "فل"})
_OPENING_WORDS = """
ابو ابي البو الشيخ ام باب بني بيت بير تل تلول جبل حي خان خربه دير راس شيخ عين قلعه كفر مزرعه نبع وادي
"""
_OPENINGS = frozenset(_OPENING_WORDS.split())  # names that begin so have another word
_VILLAGE_OF = re.compile(
    r"\b(?:village|town|city|district|province|neighbou?rhood|camp) of ((?:[Aa]l-)?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)"
)
_NEAR = re.compile(r"\b(?:in|near|at|around|outside|of) ((?:[Aa]l-)?[A-Z][a-z'-]{3,})\b(?! [A-Z])")
_MIN_LIKENESS = 0.8
_LEAD = 0.2  # of prominence, over places in other countries that sound alike
_UNRESOLVED = 0.5


class Unlisted:
    """Looks where names of the gazetteer have not been found."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self.sounding = lru_cache(maxsize=20_000)(self._sounding)
        self._skeletons: dict[str, list[tuple[str, int]]] | None = None

    def find(self, folded: Folded, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int, float]]:
        """(start, end, place or -1, confidence) in the folded text, outside of what is taken."""
        for match in _ANNOUNCED.finditer(folded.text):
            start, end = match.span(1)
            if match[1] in _OPENINGS and match[2]:
                end = match.end(2)
            clitic = folded.text[folded.text.rfind(" ", 0, match.start()) + 1 : match.start()]
            if clitic not in _CLITICS or not _free(start, end, taken):
                continue
            if not _is_word(match[1]) and match[1] not in STOP_WORDS:
                yield start, end, -1, _UNRESOLVED
        if " of " in folded.text or " in " in folded.text:
            yield from self._latin(folded, taken)

    def _latin(self, folded: Folded, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int, float]]:
        marks = folded.marks
        for pattern in (_VILLAGE_OF, _NEAR):
            for match in pattern.finditer(folded.received) if not marks else ():
                start, end = match.start(1) + 1, match.end(1) + 1
                if not _free(start, end, taken):
                    continue
                number = -1 if _meanings(match[1]) else self.sounding(match[1])
                if number >= 0 or pattern is _VILLAGE_OF:
                    yield start, end, number, 0.6 if number >= 0 else _UNRESOLVED
                    taken = [*taken, (start, end)]

    def _sounding(self, name: str) -> int:
        """The one place whose Arabic name sounds like a Latin spelling, -1 when there is none or more than one."""
        plain = _plain(name)
        sound = skeleton(plain)
        if len(sound) < 2:
            return -1
        meanings = _meanings(name)
        if self._skeletons is None:
            self._skeletons = self._by_sound()
        scored = sorted(((likeness(plain, key), -place) for key, place in self._skeletons.get(sound, ())), reverse=True)
        if not scored or scored[0][0] < _MIN_LIKENESS:
            return -1
        rivals = sorted({-place for score, place in scored if score > scored[0][0] - 0.1}, key=self._rank)
        first = rivals[0]
        for other in rivals[1:]:
            abroad = self._gazetteer.place(other).country != self._gazetteer.place(first).country
            if abroad and self._gazetteer.prominence[first] - self._gazetteer.prominence[other] < _LEAD:
                return -1
        if meanings and not meanings & set(analyzer.terms(self._gazetteer.place(first).name_ar)):
            return -1  # an ordinary word
        return first

    def _rank(self, place: int) -> tuple[float, int]:
        return -self._gazetteer.prominence[place], place

    def _by_sound(self) -> dict[str, list[tuple[str, int]]]:
        """Skeleton -> (Arabic name, place) of the team's places: those whose Latin spellings vary most."""
        found: dict[str, list[tuple[str, int]]] = {}
        for number, name in enumerate(self._gazetteer.names()):
            if name[:1] >= "\u0600" and " " not in name and len(name) > 3:
                for place, flags in self._gazetteer.meant(number):
                    if not flags & LATIN and self._gazetteer.place(place).source.startswith(
                        ("team", "user", "geonames")
                    ):
                        found.setdefault(skeleton(name), []).append((name, place))
        return found


def _plain(name: str) -> str:
    return analyzer.normalize(re.sub(r"^(?:al|el)[- ]", "", name, flags=re.I))


def _meanings(name: str) -> set[str]:
    """Arabic stems that the lexicon gives for a Latin word: an ordinary one, or the very name."""
    return {word for word, _ in lexicon.load(Language.ENGLISH).look_up(analyzer.stem(_plain(name)))}


def _free(start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    return all(end <= first or last <= start for first, last in taken)


@lru_cache(maxsize=50_000)
def _is_word(word: str) -> bool:
    """Whether the lexicon knows it as an ordinary word: "قرية صغيرة" names nothing."""
    table = lexicon.load(Language.ARABIC)
    return bool(table.look_up(analyzer.light_stem(word)) or table.look_up(analyzer.stem(analyzer.normalize(word))))
