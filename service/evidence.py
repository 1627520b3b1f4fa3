"""Passages -> their sentences, each with what speaks for it as an answer: the evidence that ranks and that decides.

Nothing here searches again. A sentence is judged by the question's words in both languages, exact and by likeness, by
the bilingual vector of the whole, by whether it holds the kind of answer asked for, by dates, and by the rank of its
passage. All values but "rank" and "score" are absolute, so that an answer that is not there shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service import alignment, analyzer, chunker, days, spans
from service.encoder import Encoder
from service.question import Question
from service.question_terms import Term, loosened, unit_forms
from service.records import Passage

FEATURES = (
    "coverage", "window", "passage", "title", "rare", "pairs", "words",  # the question's words, as terms
    "gap", "mass", "asked",  # the same, by likeness too
    "cosine", "fit", "date", "place", "rank", "score", "lead", "length",
)  # fmt: skip
_NEAR = 45  # characters between two words that stand together
_ASKED = 3  # words after the question word: what is asked about
_MAY_HOLD = 0.5  # worth of a sentence that may hold an answer of the kind asked for, before it is judged in full
_SHORTEST = 12  # characters of a sentence worth citing

Floats = npt.NDArray[np.float32]
Word = tuple[int, int, str]  # start, end, loosened index term
Lookup = Mapping[str, Sequence[tuple[int, float]]]  # term of a text -> (question term, strength)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, [start, end) in its article's text, and its evidence in the order of FEATURES."""

    passage: int  # index into the passages given
    start: int
    end: int
    text: str
    asked: tuple[tuple[int, int], ...]  # where words of the question stand, in the sentence
    features: tuple[float, ...] = ()

    def feature(self, name: str) -> float:
        return self.features[FEATURES.index(name)]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A sentence as far as its words alone tell."""

    sentence: Sentence
    promise: float
    values: dict[str, float]
    around: tuple[int, int]  # the sentences before and after it, in the passage's text
    met: dict[int, float]  # question term -> strength, around it and in the title


def sentences(
    question: Question, terms: Sequence[Term], passages: Sequence[Passage], encoder: Encoder, looked_at: int
) -> list[Sentence]:
    """The ``looked_at`` sentences that meet the question's words best, with all features; best words first."""
    lookup: dict[str, list[tuple[int, float]]] = {}
    for i, term in enumerate(terms):
        for form, strength in term.forms.items():
            lookup.setdefault(form, []).append((i, strength))
    best = max((passage.score for passage in passages), default=0.0) or 1.0
    drafts: dict[tuple[str, int], _Draft] = {}
    for index, passage in enumerate(passages):
        for draft in _drafts(index, passage, question, terms, lookup, passage.score / best):
            drafts.setdefault((passage.article_id, draft.sentence.start), draft)  # neighbouring passages share one
    chosen = sorted(drafts.values(), key=lambda d: (-d.promise, d.sentence.passage, d.sentence.start))[:looked_at]
    if not chosen:
        return []
    units = unit_forms(question, terms)
    placed = 2 * sum(bool(passage.places) for passage in passages) >= len(passages)  # else the place was misread
    soft = _likenesses(terms, lookup, passages, chosen)
    asked = encoder.encode_query(" ".join(analyzer.words(question.text)))
    cosines = np.ravel(encoder.encode_passages([draft.sentence.text for draft in chosen]) @ asked)
    ready = []
    for draft, likeness, cosine in zip(chosen, soft, cosines.tolist(), strict=True):
        passage, sentence = passages[draft.sentence.passage], draft.sentence
        found = spans.candidates(sentence.text, question, units, sentence.asked)
        values = {
            **draft.values,
            **_soft_values(question, terms, draft, likeness),
            "cosine": cosine,
            "fit": spans.fit(question, found),
            "date": _date_conflict(question, sentence.text, passage.published),
            "place": float(placed and not passage.places),
        }
        features = tuple(values[name] for name in FEATURES)
        ready.append(Sentence(sentence.passage, sentence.start, sentence.end, sentence.text, sentence.asked, features))
    return ready


def _drafts(
    index: int, passage: Passage, question: Question, terms: Sequence[Term], lookup: Lookup, score: float
) -> Iterable[_Draft]:
    title = _strengths(lookup.get(form, ()) for _, _, form in text_words(passage.title))
    marks = [word for word in text_words(passage.text) if word[2] in lookup]
    cut = _cut(passage.text)
    inside = [[word for word in marks if start <= word[0] < end] for start, end in cut]
    met = [_strengths(lookup[form] for _, _, form in words) for words in inside]
    whole = _covered(_union([*met, title]), terms)
    for k, (start, end) in enumerate(cut):
        if end - start < _SHORTEST:
            continue
        around = _union([*met[max(0, k - 1) : k + 2], title])
        coverage, window = _covered(met[k], terms), _covered(around, terms)
        values = {
            "coverage": coverage,
            "window": window,
            "passage": whole,
            "title": _covered(title, terms),
            "rare": _rare(around, terms),
            "pairs": _pairs(inside[k], lookup, len(terms)),
            "words": math.log1p(len(met[k])),
            "rank": 1.0 / (1.0 + index),
            "score": score,
            "lead": 1.0 if passage.start + start == 0 else 0.0,
            "length": min(1.5, math.log1p(end - start) / 5.0),
        }
        asked = tuple((a - start, b - start) for a, b, _ in inside[k])
        sentence = Sentence(index, passage.start + start, passage.start + end, passage.text[start:end], asked)
        near = cut[max(0, k - 1)][0], cut[min(len(cut) - 1, k + 1)][1]
        promise = coverage + window + score + (_MAY_HOLD if spans.may_hold(sentence.text, question) else 0.0)
        yield _Draft(sentence, promise, values, near, around)


def _likenesses(
    terms: Sequence[Term], lookup: Lookup, passages: Sequence[Passage], drafts: Sequence[_Draft]
) -> list[Floats]:
    """For each draft, how well each question term is met by each of the words around it, (terms, words)."""
    texts = [passages[draft.sentence.passage].text for draft in drafts]
    near = [
        [word for word in text_words(text) if draft.around[0] <= word[0] < draft.around[1]]
        for text, draft in zip(texts, drafts, strict=True)
    ]
    number: dict[str, int] = {}
    columns = [
        [number.setdefault(text[a:b], len(number)) for a, b, _ in words]
        for text, words in zip(texts, near, strict=True)
    ]
    table = alignment.strengths([term.source for term in terms], list(number))
    found = []
    for words, column in zip(near, columns, strict=True):
        likeness = table[:, column]
        for j, (_, _, form) in enumerate(words):
            for i, strength in lookup.get(form, ()):
                likeness[i, j] = max(likeness[i, j], strength)
        found.append(likeness)
    return found


def _soft_values(question: Question, terms: Sequence[Term], draft: _Draft, likeness: Floats) -> dict[str, float]:
    """How much of the question is not met around a sentence, how much is, and how well what it asks about is."""
    if not terms:
        return {"gap": 1.0, "mass": 0.0, "asked": 0.0}
    exact = np.array([draft.met.get(i, 0.0) for i in range(len(terms))], np.float32)
    met = np.maximum(likeness.max(axis=1, initial=0.0), exact)
    full = [i for i, term in enumerate(terms) if term.full] or list(range(len(terms)))
    asked = [i for i in full if question.text.find(terms[i].typed) >= question.asked_at][:_ASKED]
    return {
        "gap": float(np.sqrt(((1 - met[full]) ** 2).mean())),
        "mass": math.log1p(float(np.array([term.weight for term in terms]) @ met)),
        "asked": float(met[asked].min()) if asked else 0.5,
    }


@lru_cache(maxsize=1024)
def _cut(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(chunker.sentences(text))


@lru_cache(maxsize=1024)
def text_words(text: str) -> tuple[Word, ...]:
    """The words of a text that carry a term."""
    return tuple((token.start, token.end, loosened(token.term)) for token in analyzer.tokenize(text))


def _strengths(found: Iterable[Sequence[tuple[int, float]]]) -> dict[int, float]:
    best: dict[int, float] = {}
    for matches in found:
        for i, strength in matches:
            if strength > best.get(i, 0.0):
                best[i] = strength
    return best


def _union(parts: Iterable[Mapping[int, float]]) -> dict[int, float]:
    return _strengths([list(part.items()) for part in parts])


def _covered(found: Mapping[int, float], terms: Sequence[Term]) -> float:
    """Share of the question's weight that was found, 0 to 1."""
    total = sum(term.weight for term in terms) or 1.0
    return sum(terms[i].weight * strength for i, strength in found.items()) / total


def _rare(found: Mapping[int, float], terms: Sequence[Term]) -> float:
    """How well the two rarest words are met, 0 to 1."""
    rarest = sorted(range(len(terms)), key=lambda i: (-terms[i].rarity, i))[:2]
    return sum(found.get(i, 0.0) for i in rarest) / len(rarest) if rarest else 0.0


def _pairs(words: Sequence[Word], lookup: Lookup, count: int) -> float:
    """Share of the question's neighbouring words that stand together here too, 0 to 1."""
    met: set[int] = set()
    for n, (_, end, left) in enumerate(words):
        for start, _, right in words[n + 1 :]:
            if start - end > _NEAR:
                break
            met |= {min(i, j) for i, _ in lookup[left] for j, _ in lookup[right] if abs(i - j) == 1}
    return len(met) / (count - 1) if count > 1 else 0.0


def _date_conflict(question: Question, text: str, published: str) -> float:
    """1.0 where a date is asked for that neither the text nor its day of publication fits; 0.0 where none is."""
    if not question.dates:
        return 0.0
    mentioned = days.find(text)
    return 1.0 - max(days.agreement(asked, published, mentioned) for asked in question.dates)
