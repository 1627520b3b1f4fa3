"""An optional cross-encoder reads the best passages again, each together with the question: evidence of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service import hub_library
from service.backends.base import Reader
from service.errors import ModelError
from service.records import Ranking

Scores = npt.NDArray[np.float64]


class Reranker:
    """A sentence-transformers CrossEncoder, by name or path; loaded when a process that names one first searches."""

    def __init__(self, model: str, device: str = "", batch: int = 32) -> None:
        self.name, self._batch = model, batch
        self._model = hub_library.cross_encoder(model, device)
        if self._model.num_labels != 1:
            raise ModelError(
                f"model {model!r} gives {self._model.num_labels} numbers for a pair, a reranker gives 1: "
                "name another one in RASAD_RERANKER"
            )
        self._is_share = type(self._model.activation_fn).__name__ == "Sigmoid"
        self._lock = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        """How well each passage answers the question, 0 to 1, (n,)."""
        pairs = [(question, passage) for passage in passages]
        try:
            with self._lock:
                found = self._model.predict(pairs, batch_size=self._batch, show_progress_bar=False)
        except RuntimeError as error:  # torch: out of memory, a device that went away
            raise ModelError(
                f"model {self.name!r} failed ({hub_library.first_line(error)}): set RASAD_MODEL_BATCH or "
                "RASAD_RERANKER_DEPTH lower, or RASAD_DEVICE=cpu"
            ) from error
        scores: Scores = np.asarray(found, np.float64).reshape(len(pairs))
        if not np.isfinite(scores).all():
            raise ModelError(f"model {self.name!r} gave a score that is not finite: choose another one")
        return scores if self._is_share else 1 / (1 + np.exp(-np.clip(scores, -500, 500)))

    def ranking(self, reader: Reader, found: Ranking, question: str, depth: int) -> Ranking:
        """The best ``depth`` of what was found, by their scores."""
        keys = found.keys[:depth]
        if not len(keys):
            return found
        stored = reader.fetch(keys.tolist())
        scores = self.scores(question, [f"{s.article.title}\n{s.chunk.text}".strip() for s in stored])
        order = np.lexsort((keys, -scores))
        return Ranking(keys[order], scores[order])
