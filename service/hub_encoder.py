"""Any sentence-transformers model, by name or path, with its own prompts and maximum length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.encoder import Vectors
from service.errors import ModelError


class HubEncoder:
    """See encoder.Encoder. Importing the library takes seconds: only a process that was asked for a model does it."""

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(model)
        except Exception as error:  # the library raises whatever its loaders raise: OSError, ValueError, hub errors
            where = "folder" if Path(model).exists() else "model hub"
            raise ModelError(
                f"model {model!r} cannot be loaded from the {where} ({_first_line(error)}): check the name, download "
                "it where there is a network and give its folder, or leave --model out to use the bundled encoder"
            ) from error
        dim = self._model.get_embedding_dimension()
        if not dim:
            raise ModelError(f"model {model!r} does not say how long its vectors are: choose one for sentences")
        self.dim = int(dim)
        self.encoder_id = f"{model}@{self.dim}"

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32).reshape(len(texts), self.dim)

    def encode_query(self, text: str) -> Vectors:
        vectors = self._model.encode_query([text], normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32).reshape(self.dim)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
