"""Any sentence-transformers model, by name or path, with its own prompts, dimension and maximum length."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from service import hub_library
from service.encoder import Vectors, unit
from service.errors import ModelError

_PASSAGE_PROMPTS = ("document", "passage", "corpus")  # names that sentence-transformers looks for, in this order
_E5 = re.compile(r"(^|[-_])e5-(?!.*instruct)")  # trained with these prefixes, which the published folders do not name
_E5_PROMPTS = ("query: ", "passage: ")
_SAMPLED = 2048  # numbers of each weight that the fingerprint looks at
_TOKENS_A_WORD = 2  # at least, of Arabic in a multilingual vocabulary


class HubEncoder:
    """See encoder.Encoder. Importing the library takes seconds: only a process that was asked for a model does it.

    ``dim`` > 0 keeps the first numbers of a Matryoshka model's vectors; an empty prompt means the model's own. The
    encoder_id is made of what was loaded, so a folder and the name it was downloaded by are the same model, and other
    weights, prompts or lengths are another.
    """

    def __init__(
        self, model: str, query_prompt: str = "", passage_prompt: str = "", dim: int = 0, device: str = "",
        batch: int = 32,
    ) -> None:  # fmt: skip
        self._name, self._batch = model, batch
        self._model = hub_library.sentence_encoder(model, device, dim)
        found = self._model.get_embedding_dimension()
        if not found:
            raise ModelError(f"model {model!r} does not say how long its vectors are: choose one for sentences")
        if dim > int(found):
            raise ModelError(
                f"RASAD_MODEL_DIM is {dim}, model {model!r} gives vectors of {found}: give at most that, or unset it"
            )
        self.dim = int(found)
        family = _E5_PROMPTS if _E5.search(Path(model).name.lower()) else ("", "")
        prompts = dict(self._model.prompts or {})
        own = next((prompts[name] for name in _PASSAGE_PROMPTS if prompts.get(name)), "")
        self.query_prompt: str = query_prompt or prompts.get("query") or family[0]
        self.passage_prompt: str = passage_prompt or own or family[1]
        self.max_tokens: int | None = self._model.max_seq_length
        self.encoder_id = f"{Path(model).name}@{self.dim}-{_digest(self._traits())[:12]}"
        self._lock = threading.Lock()  # fast tokenizers refuse two threads at once

    @property
    def device(self) -> str:
        """Where it runs: the GPU where there is one, unless another was asked for."""
        return str(self._model.device)

    def notices(self, chunk_words: int) -> tuple[str, ...]:
        """What a user should know about this model with passages of that many words."""
        notices = []
        if self.max_tokens and self.max_tokens < chunk_words * _TOKENS_A_WORD:
            notices.append(
                f"model {self._name!r} reads {self.max_tokens} tokens at most, less than many passages of "
                f"{chunk_words} words have: their ends are not in their vectors; set RASAD_CHUNK_WORDS lower and "
                "ingest again"
            )
        likeness = self._model.similarity_fn_name
        if likeness not in (None, "cosine") and not self._normalizes():
            notices.append(f"model {self._name!r} was made for {likeness} similarity; Rasad compares by cosine")
        return tuple(notices)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoded(self._model.encode_document, list(texts), self.passage_prompt)

    def encode_query(self, text: str) -> Vectors:
        vector: Vectors = self._encoded(self._model.encode_query, [text], self.query_prompt)[0]
        return vector

    def _encoded(self, encode: Any, texts: list[str], prompt: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        try:
            with self._lock:
                found = encode(texts, prompt=prompt or None, batch_size=self._batch, show_progress_bar=False)
        except RuntimeError as error:  # torch: out of memory, a device that went away
            raise ModelError(
                f"model {self._name!r} failed on {self.device} ({hub_library.first_line(error)}): "
                "set RASAD_MODEL_BATCH lower, or RASAD_DEVICE=cpu"
            ) from error
        vectors = np.asarray(found, np.float32).reshape(len(texts), self.dim)
        if not np.isfinite(vectors).all():
            raise ModelError(f"model {self._name!r} gave a vector that is not finite: choose another one")
        return unit(vectors)

    def _normalizes(self) -> bool:
        return any(type(module).__name__ == "Normalize" for module in self._model)

    def _traits(self) -> Iterator[bytes]:
        """What its vectors depend on: a sample of every weight, its modules, words, prompts and lengths."""
        for name, weight in sorted(self._model.state_dict().items()):
            flat = weight.detach().reshape(-1)
            sample = flat[:: max(1, -(-flat.numel() // _SAMPLED))].float().cpu().numpy()
            yield f"{name} {tuple(weight.shape)} ".encode() + sample.tobytes()
        for module in self._model:
            settings = module.get_config_dict() if hasattr(module, "get_config_dict") else {}
            yield f"{type(module).__name__} {json.dumps(settings, sort_keys=True, default=str)}".encode()
        words: dict[str, int] = getattr(self._model.tokenizer, "get_vocab", dict)()
        yield json.dumps(sorted(words.items()), ensure_ascii=False).encode()
        yield json.dumps([self.query_prompt, self.passage_prompt, self.max_tokens, self.dim]).encode()


def _digest(parts: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
