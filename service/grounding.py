"""Does a passage support a sentence that a language model wrote? Words in both languages, vectors, and every number.

Support is the share of the sentence's words, weighted by rarity, that the passage meets (as terms, as translations,
by likeness in the bilingual word space), mixed with the cosine of the sentence and the passage's nearest sentence. A
number or a date that the passage does not have makes it 0, and so does a name. The threshold is settings.llm_support.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from service import alignment, analyzer, chunker, numerals, spans
from service.encoder import Encoder
from service.evidence import text_words
from service.question_terms import Term

_WORDS_SHARE = 0.7  # of the words in support; the rest is the vectors'
_DUAL = 2  # up to here Arabic needs no number word: شخصان is two people
_NAME, _NAME_MET = 0.8, 0.3  # what counts as an Arabic name; how well a name must be met
_PLANTED = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instruction|prompt|rule|direction|above|previous|prior)"
    r"|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|chatbot)\b"
    r"|\b(?:reply|respond|answer) (?:only )?(?:with|by saying|that)\b|</?(?:passage|system|assistant|user)\b|<\|"
    r"|(?:تجاهل|تجاهلوا|اهمل|انس)[^.\n]{0,30}(?:التعليمات|الأوامر|ما سبق|السابقة)"
    r"|(?:أنت|انت) (?:الآن )?(?:مساعد|نموذج)"
    r"|(?:أجب|اجب|رد|قل) (?:فقط )?(?:ب|أن|بأن)",
    re.IGNORECASE,
)


def support(sentence: str, terms: Sequence[Term], passage: str, encoder: Encoder) -> float:
    """0 to 1. ``terms`` are the sentence's, as question_terms gives them. What addresses a machine supports nothing."""
    passage = without_planted(passage)
    if not terms or not passage.strip():
        return 0.0
    have = {number.value for number in numerals.find(passage)}
    if any(n.value not in have for n in numerals.find(sentence) if not n.words or n.value > _DUAL):
        return 0.0
    words = text_words(passage)
    likeness = alignment.strengths([term.source for term in terms], [passage[a:b] for a, b, _ in words])
    met = likeness.max(axis=1, initial=0.0)
    forms = {form for _, _, form in words}
    for i, term in enumerate(terms):
        met[i] = max([float(met[i]), *(strength for form, strength in term.forms.items() if form in forms)])
    if any(met[i] < _NAME_MET for i in _names(sentence, terms)):
        return 0.0
    weights = np.array([term.weight for term in terms])
    return float(
        _WORDS_SHARE * (weights @ met) / weights.sum() + (1 - _WORDS_SHARE) * nearest(sentence, passage, encoder)[2]
    )


def _names(sentence: str, terms: Sequence[Term]) -> list[int]:
    """Which terms are names: Latin words with a capital that is not the first letter, Arabic ones by their sound."""
    first = next(iter(analyzer.words(sentence)), "")
    return [
        i
        for i, term in enumerate(terms)
        if (spans.name_likeness(term.source) >= _NAME if analyzer.is_arabic(term.source) else term.source[:1].isupper())
        and (term.source != first or analyzer.is_arabic(first))
    ]


def nearest(sentence: str, passage: str, encoder: Encoder) -> tuple[int, int, float]:
    """(start, end, cosine not below 0) of the passage's sentence that is nearest to this one by its vector."""
    spans = chunker.sentences(passage) or [(0, len(passage))]
    vectors = encoder.encode_passages([passage[a:b] for a, b in spans])
    cosines = np.ravel(vectors @ encoder.encode_query(" ".join(analyzer.words(sentence))))
    best = int(np.argmax(cosines))
    return *spans[best], max(0.0, float(cosines[best]))


def without_planted(text: str) -> str:
    """The text with sentences that address a machine blanked, every offset as before."""
    for start, end in chunker.sentences(text):
        if _PLANTED.search(text, start, end):
            text = text[:start] + " " * (end - start) + text[end:]
    return text
