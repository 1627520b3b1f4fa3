"""Question words -> weighted index terms of the other language: probabilistic structured queries.

Darwish & Oard (2003): a question word becomes a concept, a distribution over terms of the collection's language, whose
frequencies are pooled. The distribution is mixed from the team's lexicon (words, and phrases by longest match), the
nearest words in the encoder's bilingual space and, for names, terms of the index that sound alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from service import analyzer, english, forms, lexicon, unknown_words
from service.dates.words import MONTHS
from service.encoder import bundled
from service.errors import SettingsError
from service.records import Concept, Language, Match, Translation
from service.sound import likeness, neighbours, respellings

_MONTHS = frozenset(word for name in MONTHS for word in name.split()) - {"الاول", "الثاني", "اول", "ثاني", "تاني"}
_HEARD = 5  # terms that sound like a word
_AMONG_NEIGHBOURS = 0.6  # of the likest one's weight
SoundsLike = Callable[[str], Sequence[tuple[str, int]]]  # skeleton -> (index term, document frequency)


@dataclass(frozen=True, slots=True)
class Weights:
    """How the parts of the translator mix; 0 switches a part off."""

    lexicon: float = 0.65
    headword: float = 0.9  # of the lexicon's part, where it knows the very word apart from others of its stem
    nearest: float = 0.35
    sound: float = 0.6  # for words that the lexicon lacks
    phrase: float = 0.3  # for words of a phrase that the lexicon has
    neighbours: int = 10
    min_cosine: float = 0.4
    temperature: float = 0.1
    min_likeness: float = 0.6
    min_likeness_of_neighbours: float = 0.7  # of terms whose consonants differ, where none has the very same
    min_phrase: float = 0.1  # of a translation that a filter accepts
    senses: bool = True  # False: every translation of a word's stem is as likely
    numbers: bool = True  # False: digits and names of months are not translated

    @classmethod
    def without(cls, parts: str) -> Weights:
        """All parts but those named, by commas. Raises SettingsError for a name that no part has."""
        try:
            off = {Translation(name.strip()) for name in parts.split(",") if name.strip()}
        except ValueError as error:
            wanted = ", ".join(Translation)
            raise SettingsError(
                f"RASAD_TRANSLATE_WITHOUT must name any of {wanted}, by commas, found {parts!r}: correct or unset it"
            ) from error
        usual = cls()
        return replace(
            usual,
            lexicon=0.0 if Translation.LEXICON in off else usual.lexicon,
            phrase=0.0 if Translation.PHRASES in off else usual.phrase,
            senses=Translation.SENSES not in off,
            nearest=0.0 if Translation.NEAREST in off else usual.nearest,
            sound=0.0 if Translation.SOUND in off else usual.sound,
            numbers=Translation.NUMBERS not in off,
        )


def other(language: Language) -> Language:
    return Language.ENGLISH if language is Language.ARABIC else Language.ARABIC


@dataclass(frozen=True, slots=True)
class _Part:
    """Alternative words of a question in the other language; ``mixed`` is {term: (weight, evidence)}."""

    mixed: dict[str, tuple[float, str]]
    concept: Concept
    matches: tuple[Match, ...]

    @classmethod
    def of(cls, group: Sequence[str], mixed: dict[str, tuple[float, str]]) -> _Part:
        best = sorted(mixed.items(), key=lambda item: (-item[1][0], item[0]))
        source = " OR ".join(group)
        matches = tuple(Match(source, term, round(weight, 4), evidence) for term, (weight, evidence) in best)
        return cls(mixed, Concept(source, {term: weight for term, (weight, _) in best}), matches)


class Translator:
    """From ``source`` into the other language, for one collection's vocabulary."""

    def __init__(self, source: Language, sounds_like: SoundsLike | None = None, weights: Weights | None = None) -> None:
        self.source, self._weights = source, weights or Weights()
        self._sounds_like = sounds_like
        self._lexicon, self._back = lexicon.load(source), lexicon.load(other(source))
        self._words = lru_cache(maxsize=8_000)(self._word)
        self._alone = lru_cache(maxsize=5_000)(self._by_itself)
        self.synonyms = lru_cache(maxsize=8_000)(self._synonyms)

    def translate(self, groups: Sequence[Sequence[str]]) -> tuple[list[Concept], list[Match]]:
        """A concept for each group of alternative words (as written, in order), and what matched how."""
        parts = [self._alone(tuple(group)) for group in groups]
        if self._weights.phrase:
            inside = self._phrases([_one_term(group) for group in groups], [part.mixed for part in parts])
            for i, terms in inside.items():
                kept = 1 - self._weights.phrase
                mixed = {term: (weight * kept, evidence) for term, (weight, evidence) in parts[i].mixed.items()}
                for term, weight in terms.items():
                    before, evidence = mixed.get(term, (0.0, "phrase"))
                    mixed[term] = (before + self._weights.phrase * weight, evidence)
                parts[i] = _Part.of(groups[i], mixed)
        return [part.concept for part in parts if part.mixed], [match for part in parts for match in part.matches]

    def warm(self) -> None:
        """Have the lexicon at hand."""
        self._lexicon.keys.learn()

    def _by_itself(self, group: tuple[str, ...]) -> _Part:
        return _Part.of(group, _pooled([self._in_target(word) for word in group]))

    def phrase_in_other_language(self, text: str) -> list[tuple[str, ...]]:
        """The likelier translations of a word or phrase, as index terms one after the other; [] when not known."""
        found = self._lexicon.look_up(" ".join(analyzer.terms(text)))
        return [tuple(target.split()) for target, weight in found if weight >= self._weights.min_phrase]

    def _synonyms(self, term: str, most: int = 8) -> tuple[tuple[str, float], ...]:
        """(term of the source language, weight): those that share translations with a term, likeliest first."""
        found: dict[str, float] = {}
        for middle, there in self._lexicon.look_up(term):
            for target, back in self._back.look_up(middle):
                if target != term and " " not in target:
                    found[target] = found.get(target, 0.0) + there * back
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most])

    def _in_target(self, word: str) -> dict[str, tuple[float, str]]:
        """{term: (weight, evidence)} of a word as written; a word of the target language stands for itself."""
        if not analyzer.terms(word):
            return {}
        if analyzer.is_arabic(word) != (self.source is Language.ARABIC):
            return {analyzer.terms(word)[0]: (1.0, "same")}
        return self._words(analyzer.normalize(word))

    def _word(self, plain: str) -> dict[str, tuple[float, str]]:
        """{term: (weight, evidence)} of one word in plain spelling; weights sum to at most 1."""
        weights = self._weights
        if not weights.numbers and (plain[:1].isdigit() or plain in _MONTHS):
            return {}
        if plain[:1].isdigit():
            return {plain: (1.0, "same")}
        known = self._known(plain) if weights.lexicon else {}
        near = self._nearest(plain) if weights.nearest else {}
        sound = self._by_sound(plain) if weights.sound and not known else {}
        if not known and not near and not sound and weights.lexicon and self.source is Language.ENGLISH:
            known = self._guessed(plain)
        shares = (
            (known, weights.lexicon if near else 1.0, "lexicon"),
            (sound, weights.sound if near else 1.0, "sound"),
            (near, weights.nearest if known else (1 - weights.sound if sound else 1.0), "nearest"),
        )
        mixed: dict[str, tuple[float, str]] = {}
        for part, share, evidence in shares:
            for term, weight in part.items():
                before, first = mixed.get(term, (0.0, evidence))
                mixed[term] = (before + share * weight, first)
        return mixed

    def _known(self, plain: str) -> dict[str, float]:
        """The lexicon's translations of a word, as a distribution over single terms."""
        found = _single_terms(self._lexicon.look_up(analyzer.stem(plain)))
        exact = _single_terms(self._lexicon.look_up_word(plain))
        if not self._weights.senses:
            return {term: 1 / len({**exact, **found}) for term in {**exact, **found}}
        share = self._weights.headword if exact else 0.0
        return {t: (1 - share) * found.get(t, 0.0) + share * exact.get(t, 0.0) for t in {**exact, **found}}

    def _guessed(self, plain: str) -> dict[str, float]:
        """Of an English word that nothing knows: the translations of its parts, or of the word it is misspelt for."""
        parts = unknown_words.parts(plain, lambda word: bool(self._known(word)))
        meant = [self._known(word) for word in parts]
        if not meant:
            spelt = (_single_terms(self._lexicon.look_up(stem)) for stem in unknown_words.corrections(plain))
            meant = [next(filter(None, spelt), {})]
        return {t: sum(found.get(t, 0.0) for found in meant) / len(meant) for found in meant for t in found}

    def _nearest(self, plain: str) -> dict[str, float]:
        """Softmax over the nearest words of the other language, times the best cosine."""
        weights = self._weights
        near = bundled().nearest(analyzer.light(plain))[: weights.neighbours]
        near = [(term, cosine) for term, cosine in near if cosine >= weights.min_cosine]
        if not near:
            return {}
        shares = np.exp((np.array([cosine for _, cosine in near]) - near[0][1]) / weights.temperature)
        shares *= near[0][1] / shares.sum()
        found: dict[str, float] = {}
        for (light, _), share in zip(near, shares.tolist(), strict=True):
            term = forms.settled(light) if analyzer.is_arabic(light) else english.settled(light)
            found[term] = found.get(term, 0.0) + share
        return found

    def _by_sound(self, plain: str) -> dict[str, float]:
        """Terms of the index that sound like the word, by likeness of their letters; of as like ones the commonest."""
        if self._sounds_like is None or len(set(plain)) < 3:
            return {}
        heard = respellings(plain)
        found = _heard(self._sounds_like, heard, self._weights.min_likeness)
        if not found:
            further = [(spelling, other) for spelling, sound in heard for other in neighbours(sound)]
            found = _heard(self._sounds_like, further, self._weights.min_likeness_of_neighbours)
            least = _AMONG_NEIGHBOURS * max((alike for alike, _ in found.values()), default=0.0)
            found = {term: (alike, df) for term, (alike, df) in found.items() if alike >= least}
        best = sorted(found.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))[:_HEARD]
        total = sum(alike for _, (alike, _) in best)
        return {term: alike / total for term, (alike, _) in best}

    def _phrase_at(self, terms: Sequence[str], i: int) -> int:
        """Length of the longest phrase of the lexicon that starts at position i; 1 when there is none."""
        longest = min(lexicon.MAX_PHRASE, len(terms) - i)
        if longest < 2 or not terms[i] or not self._lexicon.begins_phrase(terms[i]):
            return 1
        for size in range(longest, 1, -1):
            if all(terms[i : i + size]) and self._lexicon.look_up(" ".join(terms[i : i + size])):
                return size
        return 1

    def _phrases(
        self, terms: Sequence[str], parts: Sequence[dict[str, tuple[float, str]]]
    ) -> dict[int, dict[str, float]]:
        """For each position inside a phrase of the lexicon (longest match first): which target terms it stands for.

        A term of the phrase's translation goes to the words that can mean it ("car bomb" -> سيارة مفخخة: the first to
        car, the second to bomb), and so decides between their senses; what no word can mean goes to those left empty.
        """
        inside: dict[int, dict[str, float]] = {}
        i = 0
        while i < len(terms):
            size = self._phrase_at(terms, i)
            if size > 1:
                pooled: dict[str, float] = {}
                for target, weight in self._lexicon.look_up(" ".join(terms[i : i + size])):
                    for term in target.split():
                        pooled[term] = pooled.get(term, 0.0) + weight
                positions = range(i, i + size)
                meant = {p: {t: w for t, w in pooled.items() if t in parts[p]} for p in positions}
                rest = {t: w for t, w in pooled.items() if not any(t in meant[p] for p in positions)}
                for p in positions:
                    chosen = meant[p] or rest
                    total = sum(chosen.values())
                    if total:
                        inside[p] = {t: w / total for t, w in chosen.items()}
            i += size
        return inside


def _heard(sounds_like: SoundsLike, sounds: Sequence[tuple[str, str]], least: float) -> dict[str, tuple[float, int]]:
    """{index term: (likeness to the fourth power, document frequency)} of those that sound so and are so alike."""
    found: dict[str, tuple[float, int]] = {}
    for spelling, sound in sounds:
        for term, df in sounds_like(sound):
            alike = likeness(spelling, term)
            if alike >= least:
                found[term] = max(found.get(term, (0.0, 0)), (alike**4, df))
    return found


def _one_term(group: Sequence[str]) -> str:
    """The index term of a group of one word; "" for alternatives, which are no part of a phrase."""
    return next(iter(analyzer.terms(group[0])), "") if len(group) == 1 else ""


def _pooled(parts: Sequence[dict[str, tuple[float, str]]]) -> dict[str, tuple[float, str]]:
    """Alternatives together: a term keeps its best weight."""
    pooled: dict[str, tuple[float, str]] = {}
    for part in parts:
        for term, found in part.items():
            pooled[term] = max(pooled.get(term, (0.0, "")), found)
    return pooled


def _single_terms(found: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Lexicon targets as a distribution over single terms; a target of several terms shares its weight among them."""
    terms: dict[str, float] = {}
    for target, weight in found:
        parts = target.split()
        for part in parts:
            terms[part] = terms.get(part, 0.0) + weight / len(parts) ** 2
    total = sum(terms.values())
    return {term: weight / total for term, weight in terms.items()} if total else {}
