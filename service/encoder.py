"""Texts -> unit vectors: the bundled bilingual encoder with numpy alone, or any sentence-transformers model."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from service import features
from service.errors import ModelError
from service.mapping import mapped
from service.settings import Settings
from service.vocabulary import Terms

BUNDLED = Path(__file__).parent / "models" / "bilingual"
Vectors = npt.NDArray[np.float32]
NEIGHBOURS = 12  # nearest words of the other language kept for each stem
_WORDS_CACHED = 100_000
_WORDS_ASKED = 20_000
_WORDS_AT_ONCE = 2_048
_SUMMED_AT_ONCE = 64


class Encoder(Protocol):
    """Anything that turns questions and passages into unit vectors of one space."""

    @property
    def encoder_id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, (n, dim) float32, row i for texts[i]; a zero row for a text without a known feature."""

    def encode_query(self, text: str) -> Vectors:
        """A unit vector, (dim,) float32; zero for a text without a known feature."""


class StaticEncoder:
    """A text's vector is the sum of its words', a word's the sum of its features' (see features.py), weighted.

    The weight of a word is a / (a + p) of its stem's frequency p in the training pairs (SIF; Arora, Liang & Ma 2017).
    Features unknown to the vocabulary add nothing; character n-grams are always known.
    """

    def __init__(self, folder: Path = BUNDLED) -> None:
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            if config["features"] != features.FEATURES_ID:
                raise ModelError(
                    f"encoder in {folder} was trained on features {config['features']}, this code has "
                    f"{features.FEATURES_ID}: train it again with scripts/train_encoder"
                )
            self.encoder_id, self.dim = str(config["encoder_id"]), int(config["dim"])
            self._buckets, self._gram_weight = int(config["buckets"]), float(config["gram_weight"])
            self._named, self._grams = (mapped(folder / f"{n}.npy") for n in ("named", "grams"))
            scales = mapped(folder / "scales.npy").astype(np.float32)
            self._scales = scales[: len(self._named)], scales[len(self._named) :]
            self._weights = np.array(mapped(folder / "weights.npy"))
            self._back = mapped(folder / "back.npy") if (folder / "back.npy").is_file() else None
            self.keys = Terms.load(folder, "keys", hashed=True)
            self._nearest = tuple(mapped(folder / f"nearest_{n}.npy") for n in ("ids", "cosines"))
            if self._nearest[0].dtype.kind != "u":
                raise ModelError(f"encoder in {folder} is of an older form: train it again with scripts/train_encoder")
        except (OSError, KeyError, ValueError) as error:
            raise ModelError(f"the encoder in {folder} cannot be loaded ({error}): install rasad again") from error
        self._learning = threading.Lock()  # one encoder serves searches, answers and who reads articles again
        self._rows: dict[str, int] = {}
        self._table = np.zeros((0, self.dim), np.float32)
        self._asked: dict[str, Vectors] = {}  # of questions

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        words = [features.spellings(text) for text in texts]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        with self._learning:
            self._learn(words)
            for i, text in enumerate(words):
                if text:
                    np.add.reduce(self._table[[self._rows[word] for word in text]], axis=0, out=vectors[i])
        return unit(vectors)

    def encode_query(self, text: str) -> Vectors:
        words = features.spellings(text)
        if not words:
            return np.zeros(self.dim, np.float32)
        known = self._asked
        if len(known) > _WORDS_ASKED:
            known = self._asked = {}
        if new := [word for word in dict.fromkeys(words) if word not in known]:
            known.update(zip(new, self._words(new), strict=True))
        vector: Vectors = unit(np.sum([known[word] for word in words], axis=0, dtype=np.float32, keepdims=True))[0]
        return vector

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of single words as they were trained, before texts were whitened, (n, dim): to compare words."""
        parts = [features.spellings(text) for text in texts]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        lengths = np.array([len(part) for part in parts], np.int64)
        starts = np.cumsum(lengths) - lengths
        with self._learning:
            self._learn(parts)
            if some := [self._rows[word] for part in parts for word in part]:
                vectors[lengths > 0] = np.add.reduceat(self._table[some], starts[lengths > 0], axis=0)
        return unit(vectors if self._back is None else unit(vectors) @ self._back)

    def nearest(self, stem: str) -> list[tuple[str, float]]:
        """(stem of the other language, cosine) of the nearest words, best first; [] for a stem it does not know."""
        row = self.keys.find("s" + stem)
        if row < 0:
            return []
        first = len(self.keys) - len(self._nearest[0])  # kept for stems alone, which come last
        ids, cosines = self._nearest[0][row - first].tolist(), self._nearest[1][row - first].tolist()
        return [(self.keys[first + i - 1][1:], cosine / 255) for i, cosine in zip(ids, cosines, strict=True) if i]

    def rarity(self, stems: Sequence[str]) -> dict[str, float]:
        """Stem -> its weight in a text's vector, the less the commoner the word; of the stems that it knows."""
        rows = self.keys.find_many(["s" + stem for stem in stems])
        return {stem: float(self._weights[row]) for stem, row in zip(stems, rows.tolist(), strict=True) if row >= 0}

    def word(self, plain: str) -> Vectors:
        """Weighted vector of a word in plain spelling, (dim,), not of unit length."""
        vector: Vectors = self._words([plain])[0]
        return vector

    def _words(self, plain: Sequence[str]) -> Vectors:
        """Weighted vectors of words in plain spelling, (n, dim), not of unit length."""
        names = [features.named(word) for word in plain]
        known = self.keys.find_many([key for keys in names for key in keys])
        ends = np.cumsum([len(keys) for keys in names]).tolist()
        stems = known[np.array([0, *ends[:-1]], np.int64)] if ends else known
        held = [[row for row in known[start:end].tolist() if row >= 0] for start, end in pairwise([0, *ends])]
        vectors = _sums(self._named, held, lambda count: self._scales[0])
        grams = [features.grams(word, self._buckets) for word in plain]
        vectors += _sums(self._grams, grams, lambda count: self._scales[1] * np.float32(self._gram_weight / count**0.5))
        weights: Vectors = np.where(stems >= 0, self._weights[stems], np.float32(1.0))
        return vectors * weights[:, None]

    def _learn(self, texts: Sequence[Sequence[str]]) -> None:
        """Keep the vectors of all words of a batch at hand."""
        new = sorted({word for text in texts for word in text if word not in self._rows})
        if len(self._rows) + len(new) > _WORDS_CACHED:
            self._rows, self._table = {}, self._table[:0]
            new = sorted({word for text in texts for word in text})
        start = len(self._rows)
        if start + len(new) > len(self._table):
            grown = np.zeros((max(2 * len(self._table), start + len(new), 4096), self.dim), np.float32)
            grown[: len(self._table)] = self._table
            self._table = grown
        for at in range(0, len(new), _WORDS_AT_ONCE):
            block = new[at : at + _WORDS_AT_ONCE]
            self._table[start + at : start + at + len(block)] = self._words(block)
        self._rows.update(zip(new, range(start, start + len(new)), strict=True))


def _sums(table: npt.NDArray[np.int8], rows: Sequence[Sequence[int]], scales: Callable[[int], Vectors]) -> Vectors:
    """(len(rows), dim): for each list of rows of the table their sum, scaled by ``scales(len(list))``.

    Lists of one length are summed together, few enough at once to stay in the processor's cache.
    """
    sums = np.zeros((len(rows), table.shape[1]), np.float32)
    lengths = np.array([len(found) for found in rows], np.int64)
    for count in sorted({len(found) for found in rows if found}):
        alike = np.flatnonzero(lengths == count)
        scaled = scales(count)
        for start in range(0, len(alike), _SUMMED_AT_ONCE):
            block = alike[start : start + _SUMMED_AT_ONCE]
            listed = np.array([rows[i] for i in block.tolist()], np.int64)
            sums[block] = np.matmul(scaled[listed][:, None, :], table[listed].astype(np.float32))[:, 0]
    return sums


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


@lru_cache(maxsize=1)
def bundled() -> StaticEncoder:
    """The encoder that ships, opened once per process."""
    return StaticEncoder()


def load(model: str | None = None, how: Settings | None = None) -> Encoder:
    """The bundled encoder, or the sentence-transformers model of that name or path, with the settings' prompts,
    dimension and device. Raises ModelError."""
    if not model:
        return bundled()
    from service.hub_encoder import HubEncoder

    how = how or Settings()
    return HubEncoder(model, how.query_prompt, how.passage_prompt, how.model_dim, how.device, how.model_batch)
