"""Any sentence-transformers model: a tiny one with random weights is made here, saved, and named by its folder."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service import encoder
from service.engine import Engine
from service.errors import IndexMismatch, ModelError
from service.settings import Settings

ROOT = Path(__file__).parent.parent
WORDS = ["query", "passage", ":", "strikes", "near", "hawija", "غارات", "قرب", "الحويجة", "rain"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of two small layers that wants prompts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Pooling, Transformer
        from transformers import BertConfig, BertModel, BertTokenizerFast
    folder = tmp_path_factory.mktemp("model")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]), "utf-8")
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=5 + len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    bert = Transformer(str(folder / "bert"), max_seq_length=64)
    made = SentenceTransformer(
        modules=[bert, Pooling(16)], prompts={"query": "query: ", "document": "passage: "}, device="cpu"
    )
    made.save(str(folder / "made"))
    return folder / "made"


@pytest.fixture(scope="module")
def loaded(model: Path) -> Any:
    return encoder.load(str(model))


def test_vectors_are_unit_and_of_the_length_it_says(loaded: Any, model: Path) -> None:
    passages = loaded.encode_passages(["strikes near hawija", "غارات قرب الحويجة", "rain"])
    assert (passages.shape, passages.dtype) == ((3, 16), np.float32)
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (loaded.dim, loaded.encoder_id) == (16, f"{model}@16")
    assert loaded.encode_passages([]).shape == (0, 16)


def test_the_model_s_own_prompts_are_used(loaded: Any) -> None:
    text = "strikes near hawija"
    plain = loaded._model.encode
    question, passage = loaded.encode_query(text), loaded.encode_passages([text])[0]
    assert (question.shape, question.dtype) == ((16,), np.float32)
    assert np.allclose(question, plain(f"query: {text}", prompt="", normalize_embeddings=True), atol=1e-5)
    assert np.allclose(passage, plain(f"passage: {text}", prompt="", normalize_embeddings=True), atol=1e-5)
    assert not np.allclose(question, passage, atol=1e-3)


def test_a_collection_made_with_it_is_searched_with_it_only(loaded: Any, model: Path, tmp_path: Path) -> None:
    report = tmp_path / "a.txt"
    report.write_text("strikes near hawija")
    settings = Settings(indexes=tmp_path / "indexes", model=str(model))
    with closing(Engine(settings)) as engine:
        engine._encoder = loaded
        engine.ingest("c", [report])
        assert engine.status("c").recipe["encoder"] == loaded.encoder_id
        (passage,) = engine.retriever("c").search("strikes").passages
        assert passage.text == "strikes near hawija"
    with closing(Engine(Settings(indexes=tmp_path / "indexes"))) as bundled:
        with pytest.raises(IndexMismatch) as raised:
            bundled.retriever("c")
        assert f"built with encoder {loaded.encoder_id}, this code has {bundled.encoder.encoder_id}" in str(
            raised.value
        )


def test_a_model_that_cannot_be_had_is_explained(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom service import encoder\nfrom service.errors import ModelError\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        encoder.load(name)\n    except ModelError as error:\n        print(error)\n"
    )
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub")}
    command = [sys.executable, "-c", code, "no-such/model-of-ours", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    hub, folder = done.stdout.splitlines()
    assert hub.startswith("model 'no-such/model-of-ours' cannot be loaded from the model hub (")
    assert folder.startswith(f"model '{tmp_path}' cannot be loaded from the folder (")
    for message in (hub, folder):
        assert message.endswith("or leave --model out to use the bundled encoder")


def test_without_a_name_the_bundled_one_is_meant() -> None:
    assert encoder.load(None) is encoder.load("") is encoder.bundled()
    assert not issubclass(ModelError, ValueError)
