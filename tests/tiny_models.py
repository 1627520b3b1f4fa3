"""Small models with random weights, saved as folders the way sentence-transformers publishes real ones."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

WORDS = ["query", "passage", ":", "strikes", "near", "hawija", "غارات", "قرب", "الحويجة", "rain", "market", "bridge"]
DIM = 16


def _bert(folder: Path, kind: str, seed: int, **further: Any) -> Path:
    """A BERT of two small layers and its tokenizer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        import transformers
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]), "utf-8")
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=5 + len(WORDS), hidden_size=DIM, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        **further,
    )  # fmt: skip
    getattr(transformers, kind)(config).save_pretrained(folder)
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def sentence_model(
    folder: Path, seed: int = 7, prompts: dict[str, str] | None = None, normalize: bool = False, max_tokens: int = 64,
    truncate_dim: int | None = None, similarity: str | None = None,
) -> Path:  # fmt: skip
    """A folder with a SentenceTransformer; without ``prompts`` it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Normalize, Pooling, Transformer
    bert = Transformer(str(_bert(folder.parent / f"{folder.name}-bert", "BertModel", seed)), max_seq_length=max_tokens)
    modules = [bert, Pooling(DIM), *([Normalize()] if normalize else [])]
    made = SentenceTransformer(
        modules=modules, prompts=prompts, truncate_dim=truncate_dim, device="cpu", similarity_fn_name=similarity
    )
    made.save(str(folder))
    return folder


def cross_model(folder: Path, seed: int = 7, labels: int = 1) -> Path:
    """A folder with a CrossEncoder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import CrossEncoder
    bert = _bert(folder.parent / f"{folder.name}-bert", "BertForSequenceClassification", seed, num_labels=labels)
    CrossEncoder(str(bert), max_length=64, device="cpu").save_pretrained(str(folder))
    return folder
