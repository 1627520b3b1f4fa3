"""Writes the trained encoder as a folder that numpy and sentence-transformers can both open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service import analyzer, features
from service.encoder import NEIGHBOURS, StaticEncoder, unit
from service.vocabulary import Terms

_MODULES = [{"idx": 0, "name": "0", "path": "", "type": "static_bilingual.StaticBilingual"}]
_TABLES = ("named", "grams")
_SHRINKAGE = 3.0  # of the directions' mean variance, added to each; 1 gave parallel sentences more, and answers less
_MODULE = '''"""The bundled encoder for sentence-transformers: SentenceTransformer(folder, trust_remote_code=True).

Its features are Rasad's own (stems, hashed n-grams, consonant skeletons), so the package rasad must be installed.
"""

import numpy as np
import torch
from sentence_transformers.models import Module
from service.encoder import StaticEncoder


class StaticBilingual(Module):
    def __init__(self, folder: str) -> None:
        super().__init__()
        from pathlib import Path

        self.encoder = StaticEncoder(Path(folder))

    @property
    def max_seq_length(self):
        return None

    def get_embedding_dimension(self) -> int:
        return self.encoder.dim

    get_sentence_embedding_dimension = get_embedding_dimension

    def preprocess(self, inputs, prompt=None, **kwargs):
        texts = [(prompt or "") + text for text in inputs]
        return {"vectors": torch.from_numpy(np.ascontiguousarray(self.encoder.encode_passages(texts)))}

    tokenize = preprocess

    def forward(self, features, **kwargs):
        features["sentence_embedding"] = features.pop("vectors")
        return features

    def save(self, output_path, *args, **kwargs) -> None:
        raise NotImplementedError("copy the folder instead")

    @classmethod
    def load(cls, model_name_or_path, **kwargs):
        return cls(model_name_or_path)
'''


def write(
    folder: Path, vectors: npt.NDArray[np.float32], keys: Sequence[str], stem_weight: Mapping[str, float],
    usual: Mapping[str, str], buckets: int, gram_weight: float,
) -> None:  # fmt: skip
    """The folder: int8 rows with a scale each (keys first, then n-gram buckets), weights, and nearest words.

    ``keys`` are sorted by their UTF-8; ``usual`` names the commonest spelling of each stem key.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "weights.npy", np.array([stem_weight.get(key, 1.0) for key in keys], np.float32))
    Terms.pack(key.encode() for key in keys).save(folder, "keys", hashed=True)
    config = {
        "encoder_id": "", "dim": int(vectors.shape[1]), "buckets": buckets, "gram_weight": gram_weight,
        "features": features.FEATURES_ID,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    _save_rows(folder, vectors, len(keys))
    (folder / "modules.json").write_text(json.dumps(_MODULES, indent=1) + "\n", encoding="utf-8")
    (folder / "static_bilingual.py").write_text(_MODULE, encoding="utf-8")
    ids, cosines = nearest(folder, keys, usual)
    np.save(folder / "nearest_ids.npy", ids)
    np.save(folder / "nearest_cosines.npy", cosines)


def whiten(folder: Path, texts: Sequence[str]) -> None:
    """Map the written encoder's vectors so that those of ``texts`` vary about as much in every direction.

    The map is (C + 3 tr(C) / dim I) ** -1/2 for their covariance C about the origin: whitening (Su et al. 2021) shrunk
    three quarters of the way to none. A text is a sum of features, so it is applied to these. Words are still compared
    as they were trained: their nearest stay the same, and the way back is kept.
    """
    encoder = StaticEncoder(folder)
    vectors = encoder.encode_passages(texts).astype(np.float64)
    covariance = vectors.T @ vectors / len(vectors)
    mean = np.trace(covariance) / len(covariance)
    values, axes = np.linalg.eigh(covariance + _SHRINKAGE * mean * np.eye(len(covariance)))
    np.save(folder / "back.npy", (axes * values**0.5 @ axes.T).astype(np.float32))
    tables = [np.load(folder / f"{name}.npy") for name in _TABLES]
    _save_rows(
        folder,
        (np.concatenate(tables) * np.load(folder / "scales.npy")[:, None]) @ (axes * values**-0.5 @ axes.T),
        len(tables[0]),
    )


def _save_rows(folder: Path, vectors: npt.NDArray[np.floating[Any]], keys: int) -> None:
    """Vectors of the keys, then of the n-gram buckets, as int8 rows with a scale each, and the id that these give."""
    scales = np.abs(vectors).max(axis=1) / 127 + 1e-12
    rows = np.round(vectors / scales[:, None]).astype(np.int8)
    for name, part in zip(_TABLES, (rows[:keys], rows[keys:]), strict=True):
        np.save(folder / f"{name}.npy", part)
    np.save(folder / "scales.npy", scales.astype(np.float32))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["encoder_id"] = "rasad-bilingual-" + hashlib.sha256(rows.tobytes()).hexdigest()[:8]
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def nearest(
    folder: Path, keys: Sequence[str], usual: Mapping[str, str]
) -> tuple[npt.NDArray[np.unsignedinteger[Any]], npt.NDArray[np.uint8]]:
    """For each stem key, the nearest stems of the other language and their cosines times 255.

    Both (stems, NEIGHBOURS), best first; stems are counted from 1, 0 for none. Stem keys sort behind all others.
    """
    for name, kind in (("nearest_ids", np.uint32), ("nearest_cosines", np.uint8)):
        np.save(folder / f"{name}.npy", np.zeros((len(keys), NEIGHBOURS), kind))
    encoder = StaticEncoder(folder)
    stems = [i for i, key in enumerate(keys) if key[0] == "s" and not key[1:2].isdigit() and key in usual]
    matrix = unit(np.stack([encoder.word(usual[keys[i]]) for i in stems]))
    arabic = np.array([analyzer.is_arabic(keys[i][1:]) for i in stems])
    first = next((i for i, key in enumerate(keys) if key[0] == "s"), len(keys))
    ids = np.zeros((len(keys), NEIGHBOURS), np.min_scalar_type(len(keys) - first))
    cosines = np.zeros((len(keys), NEIGHBOURS), np.uint8)
    numbers = np.array(stems)
    for source, target in (
        (np.flatnonzero(arabic), np.flatnonzero(~arabic)),
        (np.flatnonzero(~arabic), np.flatnonzero(arabic)),
    ):
        for at in range(0, len(source), 1024):
            rows = source[at : at + 1024]
            scores = matrix[rows] @ matrix[target].T
            best = np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
            found = np.take_along_axis(scores, best, axis=1)
            order = np.argsort(-found, axis=1, kind="stable")
            ids[numbers[rows]] = numbers[target[np.take_along_axis(best, order, axis=1)]] - first + 1
            cosines[numbers[rows]] = np.clip(np.take_along_axis(found, order, axis=1), 0, 1) * 255
    return ids[first:], cosines[first:]
