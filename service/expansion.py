"""A question's words as concepts: as typed, in the other language, and widened by synonyms and by terms spelt alike."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from service import abbreviations, analyzer, frame
from service.abbreviations import Abbreviation
from service.backends.base import Reader
from service.query import Query
from service.records import Concept, Language, Leg, Match
from service.settings import Settings
from service.translator import Translator, Weights, other

_MIN_SOUGHT = 0.02  # weight of a term within its concept below which it is not looked for
_CONCEPTS_KEPT = 4_000  # words of questions, with all that is looked for in their place
_DOTTED = 0.5  # of the letter that is left of U.S. in the index: it may be another one
_MIN_WIDENED = 0.05  # weight of a term within its concept below which its variants are not looked up


class Expansion:
    """For one version of a collection; safe to use from several threads."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self._reader, self._settings = reader, settings
        parts = Weights.without(settings.translate_without)
        self._translators = {language: Translator(language, reader.sounds_like, parts) for language in Language}
        # The same concepts for the same words: what the reader knows of a concept goes with its identity.
        self._spread = lru_cache(maxsize=_CONCEPTS_KEPT)(self._spread_out)

    def warm(self) -> None:
        """Have the lexicon at hand."""
        for translator in self._translators.values():
            translator.warm()

    def phrase_in_other_language(self, phrase: str, language: Language) -> list[tuple[str, ...]]:
        """The likelier translations of a phrase in ``language``, as index terms one after the other."""
        translated = self._translators[language].phrase_in_other_language
        return translated(abbreviations.in_full(phrase)) or translated(phrase)

    def concepts(self, query: Query) -> tuple[dict[Leg, list[Concept]], list[Match]]:
        """Concepts of the question's words as they are (BM25), and in the other language (cross).

        A word of the other language than the question's stands for itself in the cross leg; in the other for what it
        means as well.
        """
        plain: list[Concept] = []
        matches: list[Match] = []
        for group in query.groups:
            terms = {term: 1.0 for word in group for term in _index_terms(word)}
            if terms:
                plain.append(Concept(" OR ".join(group), terms))
                matches += [Match(word, term, 1.0, "same") for word in group for term in _index_terms(word)]
        crossed, how = self._translators[query.language].translate(query.groups)
        plain, guests = self._with_guests(query, plain)
        concepts = {Leg.BM25: plain, Leg.CROSS: crossed}
        for leg, language in ((Leg.BM25, query.language), (Leg.CROSS, other(query.language))):
            concepts[leg], named = _with_shorts(query, concepts[leg], language)
            guests += named
        return concepts, matches + how + guests

    def widened(
        self, query: Query, concepts: Mapping[Leg, Sequence[Concept]], dated: Container[str]
    ) -> dict[Leg, list[Concept]]:
        """The concepts with synonyms (of the question's language) and with terms spelt alike.

        ``dated``: the words that name a day, which count less, as do those that say how a question is put. The source
        of a word of an abbreviation's name says that what stands for the whole name is an alternative to it.
        """
        shorts = {group[0]: short for group, short in zip(query.groups, query.shorts, strict=True) if short}
        sources = {word: " OR ".join(filter(None, (word, s.short, s.alone))) for word, s in shorts.items()}
        return {
            leg: [
                self._spread(
                    sources.get(c.source, c.source), tuple(c.terms.items()), synonyms_in, self._weight(c, dated)
                )
                for c in concepts[leg]
            ]
            for leg, synonyms_in in ((Leg.BM25, query.language), (Leg.CROSS, None))
        }

    def further(
        self, narrow: Mapping[Leg, list[Concept]], wide: Mapping[Leg, list[Concept]], language: Language
    ) -> list[Match]:
        """What widening added to the concepts, for --explain."""
        found = []
        for leg, concepts in narrow.items():
            for before, after in zip(concepts, wide[leg], strict=True):
                synonyms = self._with_synonyms(before, language).terms if leg is Leg.BM25 else ()
                found += [
                    Match(before.source, term, round(weight, 4), "synonym" if term in synonyms else "spelling")
                    for term, weight in after.terms.items()
                    if term not in before.terms
                ]
        return found

    def _with_guests(self, query: Query, plain: Sequence[Concept]) -> tuple[list[Concept], list[Match]]:
        """The concepts, those of words of the other language with what these mean in the question's own."""
        translator = self._translators[other(query.language)]
        meant: dict[str, Mapping[str, float]] = {}
        matches: list[Match] = []
        for guest, run in groupby(query.groups, lambda group: _is_guest(group, query.language)):
            if guest:
                found, how = translator.translate(list(run))
                meant.update((concept.source, concept.terms) for concept in found)
                matches += how
        both = [replace(c, terms={**meant[c.source], **c.terms}) if c.source in meant else c for c in plain]
        return both, matches

    def _weight(self, concept: Concept, dated: Container[str]) -> float:
        aside = concept.source in dated or frame.is_frame(concept.source)
        return concept.weight * self._settings.weight_frame if aside else concept.weight

    def _spread_out(
        self, source: str, terms: tuple[tuple[str, float], ...], synonyms_in: Language | None, weight: float
    ) -> Concept:
        concept = Concept(source, dict(terms), weight)
        return _likelier(self._with_spellings(self._with_synonyms(concept, synonyms_in) if synonyms_in else concept))

    def _with_synonyms(self, concept: Concept, language: Language) -> Concept:
        """The concept with words of its own language that mean the same, at a weight of their own."""
        share, terms = self._settings.weight_synonyms, dict(concept.terms)
        for term, weight in concept.terms.items() if share else ():
            for synonym, likely in self._translators[language].synonyms(term):
                terms[synonym] = min(1.0, terms.get(synonym, 0.0) + weight * share * likely)
        return replace(concept, terms=terms)

    def _with_spellings(self, concept: Concept) -> Concept:
        """The concept with terms spelt like its own, at a weight of their own."""
        share, terms = self._settings.weight_variants, dict(concept.terms)
        if not share:
            return concept
        for term, weight in concept.terms.items():
            if weight >= _MIN_WIDENED:
                for alike, likeness in self._reader.spelt_alike(term, self._settings.variants):
                    terms[alike] = min(1.0, terms.get(alike, 0.0) + weight * share * likeness)
        return replace(concept, terms=terms)


@lru_cache(maxsize=4096)
def _index_terms(word: str) -> tuple[str, ...]:
    """A word's index terms; a stop word that is all there is to look for stands for itself."""
    return tuple(analyzer.terms(word)) or (analyzer.stem(analyzer.normalize(word)),)


def _is_guest(group: Sequence[str], language: Language) -> bool:
    """Whether alternatives are all words of the other language than the question's; numbers are of either."""
    return all(
        any(map(str.isalpha, word)) and analyzer.is_arabic(word) != (language is Language.ARABIC) for word in group
    )


def _with_shorts(query: Query, concepts: Sequence[Concept], language: Language) -> tuple[list[Concept], list[Match]]:
    """A leg's concepts; those of an abbreviation's name are met by what stands for the whole of it as well.

    In the language that it is written in they count together as one word. In the other all of the name is needed.
    """
    if not any(query.shorts):
        return list(concepts), []
    waiting: dict[str, list[tuple[dict[str, float], float]]] = {}
    matches: dict[tuple[str, str], Match] = {}
    evidence = "same" if language is Language.ENGLISH else "lexicon"
    for group, short in zip(query.groups, query.shorts, strict=True):
        whole, weight = _standing_for(short, language) if short else ({}, 1.0)
        waiting.setdefault(" OR ".join(group), []).append((whole, weight))
        if short:
            matches.update(((short.short, term), Match(short.short, term, w, evidence)) for term, w in whole.items())
    found = []
    for concept in concepts:
        whole, weight = waiting[concept.source].pop(0)
        found.append(replace(concept, terms={**concept.terms, **whole}, weight=weight))
    return found, list(matches.values())


def _standing_for(short: Abbreviation, language: Language) -> tuple[dict[str, float], float]:
    """The terms that stand for the whole of a name in a language, and the weight there of each word of the name."""
    if language is Language.ENGLISH:
        terms = dict.fromkeys(analyzer.terms(short.short), 1.0) | ({short.dotted: _DOTTED} if short.dotted else {})
        return terms, 1 / len(short.words)
    return dict.fromkeys(analyzer.terms(short.alone), 1.0), 1.0


def _likelier(concept: Concept) -> Concept:
    """The concept without the terms that hardly stand for it: their postings take time and change nothing."""
    likelier = {term: weight for term, weight in concept.terms.items() if weight >= _MIN_SOUGHT}
    return replace(concept, terms=likelier) if likelier else concept
