"""Late interaction: the best short articles read again, each word of the question against each word of theirs.

What a passage holds of a question is the sum over the question's words of the likeness of the nearest word there
(MaxSim; Khattab & Zaharia 2020), by the rarity of the question's words; here with static bilingual vectors, so in
either language. A passage whose words, whose one sentence and whose neighbouring words hold clearly more than the
others' is brought up; where many hold alike, next to nothing changes. An article of a few sentences is about what
they say. A long one is not about what one sentence says: among long articles nothing is read again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service import alignment, analyzer, chunker
from service.backends.base import Reader
from service.records import Concept, Language, Leg, Ranking

Floats = npt.NDArray[np.float64]
READ = 30  # best passages
_SHORT, _LONG = 140, 180  # index terms of an article, on (geometric) average: read in full, not read
_IN_PASSAGE, _IN_SENTENCE, _IN_PAIRS = 8.0, 8.0, 4.0  # worth of what is held, in what is exponentiated
_FOUND = 1.0  # the same of the fused score
_LEAST_ALIKE = 0.1  # cosine of words that have nothing in common
_BESIDE = 3  # words: neighbours in the question that stand no further apart


def ranking(
    reader: Reader, concepts: Callable[[], Mapping[Leg, Sequence[Concept]]], language: Language, found: Ranking
) -> Ranking:
    """The best of what was found, each with its part of what they hold together; the parts sum to 1 at most.

    How short articles are is seen by language: one language's long ones do not keep the other's from being read.
    ``concepts``: by leg, those that it looks for and the words that it has none for; ``language``: the question's.
    """
    keys = found.keys[:READ].tolist()
    among: dict[Language, list[int]] = {}
    for row, other in enumerate(reader.languages(keys)):
        among.setdefault(other, []).append(row)
    lengths = reader.article_lengths(keys)
    shortness = {other: _shortness([lengths[row] for row in rows]) for other, rows in among.items()}
    if not any(shortness.values()):
        return Ranking(np.zeros(0, np.int64), np.zeros(0))
    texts = [(stored.article.title, stored.chunk.text) for stored in reader.fetch(keys)]
    wanted = concepts()
    rarity: dict[str, float] = {}  # in the language that has more of it: where a language is rare all its words are
    for concept in (concept for leg in wanted.values() for concept in leg):
        rarity[concept.source] = min(reader.best_possible([concept]), rarity.get(concept.source, np.inf))
    share, held = np.zeros(len(keys)), np.zeros(len(keys))
    for other, rows in among.items():
        asked = [concept.source for concept in wanted[Leg.BM25 if other is language else Leg.CROSS]]
        share[rows] = shortness[other]
        held[rows] = _held(asked, np.array([rarity[word] for word in asked]), [texts[row] for row in rows])
    evidence = held + _FOUND * found.scores[: len(keys)]
    likely = np.exp(evidence - evidence.max())
    scores = share * likely / likely.sum()
    order = np.lexsort((found.keys[: len(keys)], -scores))
    return Ranking(found.keys[order], scores[order])


def _shortness(lengths: Sequence[int]) -> float:
    """1 where articles are short, 0 where they are long; ``lengths`` in index terms."""
    mean = math.exp(sum(math.log(max(length, 1)) for length in lengths) / len(lengths))
    return min(1.0, max(0.0, (_LONG - mean) / (_LONG - _SHORT)))


def _held(asked: Sequence[str], weights: Floats, texts: Sequence[tuple[str, str]]) -> Floats:
    """What each (title, passage) holds of the words asked for, (texts,): of a perfect one, the three constants' sum."""
    if not weights.any():  # words that are in most passages of a small collection
        weights = np.ones(len(asked))
    known = alignment.words_known()
    read: list[alignment.Rows] = []
    passages: list[int] = []  # where each begins among the sentences
    sentences: list[int] = []  # the same among the words
    end = 0
    for title, text in texts:
        passages.append(len(sentences))
        for part in (title, text):
            rows, starts = _sentences(part, known)
            sentences += [end + start for start in starts]
            read.append(rows)
            end += len(rows)
    likeness = known.strengths(asked, np.concatenate(read), _LEAST_ALIKE, same_numbers=True)
    by_sentence = np.maximum.reduceat(likeness, sentences, axis=1)
    by_passage = np.maximum.reduceat(by_sentence, passages, axis=1)
    best_sentence = np.maximum.reduceat(weights @ by_sentence, passages)
    pairs = _pairs(likeness, weights, [sentences[first] for first in passages])
    found: Floats = (_IN_PASSAGE * (weights @ by_passage) + _IN_SENTENCE * best_sentence) / weights.sum()
    return found + _IN_PAIRS * pairs


def _pairs(likeness: alignment.Floats, weights: Floats, starts: Sequence[int]) -> Floats:
    """The share of the neighbours in the question that are near each other in each text, (texts,)."""
    worth = np.minimum(weights[:-1], weights[1:])
    if not worth.sum():
        return np.zeros(len(starts))
    first, second = likeness[:-1], np.pad(likeness[1:], ((0, 0), (_BESIDE, _BESIDE)))
    beside = np.zeros_like(first)
    for shift in range(2 * _BESIDE + 1):
        if shift != _BESIDE:  # not one word for both
            np.maximum(beside, second[:, shift : shift + first.shape[1]], out=beside)
    found: Floats = worth @ np.maximum.reduceat(np.minimum(first, beside), starts, axis=1) / worth.sum()
    return found


@lru_cache(maxsize=4_096)
def _sentences(text: str, known: alignment.Words) -> tuple[alignment.Rows, tuple[int, ...]]:
    """The words of a text, stop words as "" and some of it at the end, beside which nothing stands; where its
    sentences begin among them, one at least."""
    words: list[str] = []
    starts = []
    for start, end in chunker.sentences(text):
        if found := analyzer.words(text[start:end]):
            starts.append(len(words))
            words += [
                word if term else "" for word, term in zip(found, analyzer.laid_out(text[start:end]), strict=True)
            ]
    return known.rows([*words, *[""] * _BESIDE]), tuple(starts) or (0,)
