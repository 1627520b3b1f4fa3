"""A question's words as they may stand in a text: forms in both languages, how sure each is, how much each matters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service import abbreviations, analyzer
from service.question import Question
from service.records import Concept, Leg

DocumentFrequencies = Callable[[Sequence[str]], npt.NDArray[np.int64]]  # of terms, in their order
_FRAME = frozenset(
    """accord say said name call about approxim mani much number report earli late mid
    اسم بلغ عدد بحسب حسب وفق تقريب يسمي قال اعلن مطلع اوائل اواخر منتصف""".split()
)
_FRAME_WEIGHT = 0.35  # of words that say how the question is put
_DATE_WEIGHT = 0.25  # of the words of a date, which are compared as dates
_LEAST_WEIGHT = 0.02
_UNKNOWN = 0.6  # of a word of which the collection has no form at all: it may be there in words that no lexicon links


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question: the loosened terms it may be met by, each with its strength up to 1."""

    source: str
    typed: str  # the source, or the abbreviation that it is a word of
    forms: Mapping[str, float]
    weight: float  # how much it matters: its rarity, less for words of the frame and of dates
    rarity: float  # idf, 0 to 1
    full: bool = True  # neither a word of the frame nor of a date


def question_terms(
    question: Question, concepts: Mapping[Leg, Sequence[Concept]], frequencies: DocumentFrequencies, chunks: int
) -> list[Term]:
    """The question's words in order, with the forms of both languages. ``chunks``: size of the collection."""
    wanted = list(dict.fromkeys(form for leg in (Leg.BM25, Leg.CROSS) for c in concepts[leg] for form in c.terms))
    counts = dict(zip(wanted, frequencies(wanted).tolist(), strict=True)) if wanted else {}
    forms: dict[str, dict[str, float]] = {}
    documents: dict[str, float] = {}
    for leg in (Leg.BM25, Leg.CROSS):
        for concept in concepts[leg]:
            met = forms.setdefault(concept.source, {})
            for form, strength in _strengths(concept.terms, counts, chunks).items():
                met[loosened(form)] = max(met.get(loosened(form), 0.0), strength)
            pooled = sum(weight * counts[form] for form, weight in concept.terms.items())
            documents[concept.source] = max(documents.get(concept.source, 0.0), pooled)
    typed = _typed(question.text)
    dated = {word for day in question.dates for word in analyzer.words(question.text[day.start : day.end])}
    terms = []
    for source, met in forms.items():
        rarity = min(1.0, max(0.0, _idf(documents[source], chunks) / math.log(chunks + 2.0)))
        stem = loosened(next(iter(analyzer.terms(source)), source))
        share = _DATE_WEIGHT if source in dated else _FRAME_WEIGHT if stem in _FRAME else 1.0
        share *= 1.0 if documents[source] else _UNKNOWN
        full = source not in dated and stem not in _FRAME
        weight = max(_LEAST_WEIGHT, rarity) * share
        terms.append(Term(source, typed.get(source, source), met, weight, rarity * share, full))
    return terms


def unit_forms(question: Question, terms: Sequence[Term]) -> frozenset[str]:
    """Index terms, in both languages, that may stand for what the question counts or names."""
    wanted = set(question.unit)
    forms = {
        form
        for term in terms
        if {term.source, term.typed} & wanted
        for form, strength in term.forms.items()
        if strength >= 0.5
    }
    return frozenset(forms | {loosened(form) for word in wanted for form in analyzer.terms(word)})


def _typed(text: str) -> dict[str, str]:
    """{word of an abbreviation's name: the abbreviation as typed}."""
    read = abbreviations.readings(text, abbreviations.capitals_tell(text))
    return {part: word for word, short in read if short for part in short.words}


@lru_cache(maxsize=200_000)
def loosened(term: str) -> str:
    """An index term without what the light stemmer leaves: one-letter prepositions, and the alef of an indefinite noun.

    Too loose to search by, and right for comparing a question with a few sentences (بطرابلس = طرابلس, طنا = طن).
    """
    if not analyzer.is_arabic(term):
        return term
    bare = term[1:] if len(term) >= 5 and term[0] in "بلفك" else term
    return bare[:-1] if len(bare) >= 3 and bare[-1] == "ا" else bare


def _strengths(forms: Mapping[str, float], counts: Mapping[str, int], chunks: int) -> dict[str, float]:
    """How sure each form stands for the word.

    A common word that may translate a rare one meets it by chance: رفع is part of "sue".
    """
    best = max(forms.values(), default=1.0)
    idf = {form: _idf(counts[form], chunks) for form in forms}
    usual = sum(weight * idf[form] for form, weight in forms.items()) / (sum(forms.values()) or 1.0)
    return {
        form: math.sqrt(weight / best) * (min(1.0, max(0.0, idf[form]) / usual) if usual > 0 else 1.0)
        for form, weight in forms.items()
    }


def _idf(count: float, chunks: int) -> float:
    return math.log((chunks + 1.0) / (count + 0.5))
