"""Late interaction: the best short articles read again, each word of the question against each word of theirs.

What a passage holds of a question is the sum over the question's words of the likeness of the nearest word there
(MaxSim; Khattab & Zaharia 2020), by the rarity of the question's words; here with static bilingual vectors, so in
either language. A passage whose words, whose one sentence and whose neighbouring words hold clearly more than the
others' is brought up; where many hold alike, next to nothing changes. An article of a few sentences is about what
they say. A long one is not about what one sentence says: among long articles nothing is read again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service import alignment, analyzer, chunker
from service.backends.base import Reader
from service.encoder import Vectors, bundled
from service.records import Concept, Language, Leg, Ranking

Floats = npt.NDArray[np.float64]
Part = tuple[npt.NDArray[np.int32], tuple[int, ...]]  # rows of a text's words; where its sentences begin, one at least
READ = 20  # best passages
_SHORT, _LONG = 120, 160  # index terms of an article, on (geometric) average: read in full, not read
_IN_PASSAGE, _IN_SENTENCE, _IN_PAIRS = 8.0, 8.0, 4.0  # worth of what is held, in what is exponentiated
_FOUND = 1.0  # the same of the fused score
_LEAST_ALIKE = 0.1  # cosine of words that have nothing in common
_KEPT = 20_000  # passages read before
_VECTORS_KEPT = 4_000  # passages, of a kilobyte each
_BESIDE = 3  # words: neighbours in the question that stand no further apart


class Held(NamedTuple):
    """What passages hold of a question's words, each (passages,)."""

    share: Floats  # of them all: at most the three constants' sum, 20
    rarity: Floats  # the BM25 that those found could reach, times their part of the question's: more words, or rarer


class Reading:
    """Reads the passages of one pinned version, and compares them, each once; safe to use from several threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._vectors: dict[int, Vectors] = {}
        self._kept: tuple[alignment.Words, dict[int, tuple[Part, Part]]] | None = None  # key -> title, passage

    def ranking(self, concepts: Mapping[Leg, Sequence[Concept]], found: Ranking) -> Ranking:
        """The best of what was found, each with its part of what they hold together; the parts sum to 1 at most.

        How short articles are is seen by language: one language's long ones do not keep the other's from being read.
        ``concepts``: by leg, those that it looks for and the words that it has none for.
        """
        keys, reader = found.keys[:READ].tolist(), self._reader
        among: dict[Language, list[int]] = {}
        for row, language in enumerate(reader.languages(keys)):
            among.setdefault(language, []).append(row)
        lengths = reader.article_lengths(keys)
        share = np.zeros(len(keys))
        for rows in among.values():
            share[rows] = _shortness([lengths[row] for row in rows])
        if not share.any():
            return Ranking(np.zeros(0, np.int64), np.zeros(0))
        evidence = self.held(concepts, keys).share + _FOUND * found.scores[: len(keys)]
        likely = np.exp(evidence - evidence.max())
        scores = share * likely / likely.sum()
        order = np.lexsort((found.keys[: len(keys)], -scores))
        order = order[share[order] > 0]
        return Ranking(found.keys[order], scores[order])

    def held(self, concepts: Mapping[Leg, Sequence[Concept]], keys: Sequence[int], akin: float = 1.0) -> Held:
        """What each passage holds of the question's words. ``akin``: see alignment.Words.strengths."""
        rarity: dict[str, float] = {}  # in the language that has more of it: where one is rare all its words are
        for concept in (concept for leg in concepts.values() for concept in leg):
            rarity[concept.source] = min(self._reader.best_possible([concept]), rarity.get(concept.source, np.inf))
        asked = [concept.source for concept in concepts[Leg.BM25]]
        return _held(*self._read(keys), asked, np.array([rarity[word] for word in asked]), akin)

    def alike(self, these: Sequence[int], others: Sequence[int]) -> float:
        """The highest cosine of a passage of these and one of others, by the bundled encoder; neither may be empty."""
        kept, keys = self._vectors, [*these, *others]
        if new := [key for key in keys if key not in kept]:
            if len(kept) > _VECTORS_KEPT:
                kept = self._vectors = {}
                new = keys
            texts = [stored.chunk.text for stored in self._reader.fetch(new)]
            kept.update(zip(new, bundled().encode_passages(texts), strict=True))
        vectors = np.stack([kept[key] for key in keys])
        return float((vectors[: len(these)] @ vectors[len(these) :].T).max())

    def _read(self, keys: Sequence[int]) -> tuple[alignment.Words, list[tuple[Part, Part]]]:
        """The words that the rows are of, and each passage's parts."""
        before, known = self._kept, alignment.words_known()
        if before is None or before[0] is not known:
            before = self._kept = known, {}  # rows are of these words: both change at once
        kept = before[1]
        parts = {key: part for key in keys if (part := kept.get(key)) is not None}
        if new := [key for key in keys if key not in parts]:
            texts = [text for stored in self._reader.fetch(new) for text in (stored.article.title, stored.chunk.text)]
            read = read_texts(texts, known)
            parts |= zip(new, zip(read[::2], read[1::2], strict=True), strict=True)
            if len(kept) + len(new) > _KEPT:
                kept.clear()
            kept.update((key, parts[key]) for key in new)
        return known, [parts[key] for key in keys]


def _shortness(lengths: Sequence[int]) -> float:
    """1 where articles are short, 0 where they are long; ``lengths`` in index terms."""
    mean = math.exp(sum(math.log(max(length, 1)) for length in lengths) / len(lengths))
    return min(1.0, max(0.0, (_LONG - mean) / (_LONG - _SHORT)))


def _held(
    known: alignment.Words, texts: Sequence[tuple[Part, Part]], asked: Sequence[str], weights: Floats, akin: float = 1.0
) -> Held:
    """What each (title, passage) holds of the words asked for."""
    total = float(weights.sum())
    # Words that are in most passages of a small collection count alike.
    weights = weights / total if total else np.full(len(asked), 1 / len(asked))
    read = list(chain.from_iterable(texts))
    ends = list(accumulate(len(rows) for rows, _ in read))
    sentences = [before + start for before, (_, starts) in zip([0, *ends[:-1]], read, strict=True) for start in starts]
    passages = [0, *accumulate(len(title[1]) + len(text[1]) for title, text in texts)][:-1]
    words = [word.split(" OR ") for word in asked]
    rows = np.concatenate([rows for rows, _ in read])
    likeness = known.strengths(list(chain.from_iterable(words)), rows, _LEAST_ALIKE, True, akin)
    if len(likeness) > len(words):  # any of an OR
        likeness = np.maximum.reduceat(likeness, [0, *accumulate(map(len, words[:-1]))], axis=0)
    by_sentence = np.maximum.reduceat(likeness, sentences, axis=1)
    by_passage = np.maximum.reduceat(by_sentence, passages, axis=1)
    best_sentence = np.maximum.reduceat(weights @ by_sentence, passages)
    pairs = _pairs(likeness, weights, [sentences[first] for first in passages])
    found: Floats = weights @ by_passage
    return Held(_IN_PASSAGE * found + _IN_SENTENCE * best_sentence + _IN_PAIRS * pairs, total * found**2)


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


def read_texts(texts: Sequence[str], known: alignment.Words) -> list[Part]:
    """The words of texts, those never met all learnt at once."""
    parts = [_sentences(text) for text in texts]
    rows = known.rows([word for words, _ in parts for word in words]).astype(np.int32)
    ends = list(accumulate(len(words) for words, _ in parts))
    spans = zip([0, *ends[:-1]], ends, parts, strict=True)
    return [(rows[first:last].copy(), starts) for first, last, (_, starts) in spans]


def _sentences(text: str) -> tuple[list[str], tuple[int, ...]]:
    """Its words, with so many of none at the end that nothing stands beside the last; where its sentences begin."""
    words: list[str] = []
    starts = []
    for start, end in chunker.sentences(text):
        if found := analyzer.words(text[start:end]):
            starts.append(len(words))
            words += found
    return [*words, *[""] * _BESIDE], tuple(starts) or (0,)
