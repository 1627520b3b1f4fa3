"""Texts -> unit vectors: the bundled bilingual encoder with numpy alone, or any sentence-transformers model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from service import features
from service.errors import ModelError
from service.vocabulary import Terms

BUNDLED = Path(__file__).parent / "models" / "bilingual"
Vectors = npt.NDArray[np.float32]
_WORDS_CACHED = 150_000


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
            self._named, self._grams = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("named", "grams"))
            scales = np.load(folder / "scales.npy").astype(np.float32)
            self._scales = scales[: len(self._named)], scales[len(self._named) :]
            self._weights = np.load(folder / "weights.npy")
            self.keys = Terms.load(folder, "keys")
        except (OSError, KeyError, ValueError) as error:
            raise ModelError(f"the encoder in {folder} cannot be loaded ({error}): install rasad again") from error
        self._rows: dict[str, int] = {}
        self._table = np.zeros((0, self.dim), np.float32)
        self.word = lru_cache(maxsize=20_000)(self._word)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        words = [features.spellings(text) for text in texts]
        self._learn(words)
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for i, text in enumerate(words):
            if text:
                np.add.reduce(self._table[[self._rows[word] for word in text]], axis=0, out=vectors[i])
        return unit(vectors)

    def encode_query(self, text: str) -> Vectors:
        words = [self.word(word) for word in features.spellings(text)]
        return unit(np.sum(words, axis=0, dtype=np.float32, keepdims=True))[0] if words else np.zeros(self.dim, np.float32)

    def _word(self, plain: str) -> Vectors:
        """Weighted vector of a word in plain spelling, (dim,), not of unit length."""
        found = [i for key in features.named(plain) if (i := self.keys.find(key)) >= 0]
        grams = features.grams(plain, self._buckets)
        vector = np.zeros(self.dim, np.float32)
        if found:
            vector += self._scales[0][found] @ self._named[found].astype(np.float32)
        if grams:
            share = self._gram_weight / np.float32(np.sqrt(len(grams)))
            vector += (self._scales[1][grams] * share) @ self._grams[grams].astype(np.float32)
        stem = self.keys.find(features.named(plain)[0])
        return vector * (np.float32(self._weights[stem]) if stem >= 0 else np.float32(1.0))

    def _learn(self, texts: Sequence[Sequence[str]]) -> None:
        """Keep the vectors of all words of a batch at hand."""
        new = sorted({word for text in texts for word in text if word not in self._rows})
        if not new:
            return
        if len(self._rows) + len(new) > _WORDS_CACHED:
            self._rows, self._table = {}, self._table[:0]
            new = sorted({word for text in texts for word in text})
        start = len(self._rows)
        if start + len(new) > len(self._table):
            grown = np.zeros((max(2 * len(self._table), start + len(new), 4096), self.dim), np.float32)
            grown[: len(self._table)] = self._table
            self._table = grown
        for i, word in enumerate(new, start):
            self._table[i] = self._word(word)
            self._rows[word] = i


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


@lru_cache(maxsize=1)
def bundled() -> StaticEncoder:
    """The encoder that ships, opened once per process."""
    return StaticEncoder()


def load(model: str | None = None) -> Encoder:
    """The bundled encoder, or the sentence-transformers model of that name or path. Raises ModelError."""
    if not model:
        return bundled()
    from service.hub_encoder import HubEncoder

    return HubEncoder(model)
