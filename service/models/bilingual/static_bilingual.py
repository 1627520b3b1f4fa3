"""The bundled encoder for sentence-transformers: SentenceTransformer(folder, trust_remote_code=True).

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
