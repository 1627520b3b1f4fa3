"""Any sentence-transformers model: tiny ones with random weights are made here, saved, and named by their folders."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service import encoder
from service.engine import Engine
from service.errors import IndexMismatch, ModelError
from service.hub_encoder import HubEncoder
from service.settings import Settings
from tests.tiny_models import DIM, sentence_model

PROMPTS = {"query": "query: ", "document": "passage: "}
TEXTS = ["strikes near hawija", "غارات قرب الحويجة", "rain"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """One that wants prompts."""
    return sentence_model(folder / "made", prompts=PROMPTS)


@pytest.fixture(scope="module")
def loaded(model: Path) -> Any:
    return encoder.load(str(model))


def test_vectors_are_unit_and_of_the_length_it_says(loaded: Any) -> None:
    passages = loaded.encode_passages(TEXTS)
    assert (passages.shape, passages.dtype) == ((3, DIM), np.float32)
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert loaded.dim == DIM
    assert loaded.encoder_id.startswith(f"made@{DIM}-")
    assert loaded.encode_passages([]).shape == (0, DIM)


def test_the_model_s_own_prompts_are_used(loaded: Any) -> None:
    text = "strikes near hawija"
    plain = loaded._model.encode
    question, passage = loaded.encode_query(text), loaded.encode_passages([text])[0]
    assert (question.shape, question.dtype) == ((DIM,), np.float32)
    assert np.allclose(question, plain(f"query: {text}", prompt="", normalize_embeddings=True), atol=1e-5)
    assert np.allclose(passage, plain(f"passage: {text}", prompt="", normalize_embeddings=True), atol=1e-5)
    assert not np.allclose(question, passage, atol=1e-3)


def test_prompts_of_the_settings_and_of_the_e5_family(folder: Path, loaded: Any) -> None:
    bare = sentence_model(folder / "bare")
    assert (HubEncoder(str(bare)).query_prompt, HubEncoder(str(bare)).passage_prompt) == ("", "")
    asked = encoder.load(str(bare), Settings(query_prompt="query: ", passage_prompt="passage: "))
    named = HubEncoder(str(shutil.copytree(bare, folder / "tiny-e5-small")))
    for text in TEXTS:
        assert np.array_equal(asked.encode_query(text), loaded.encode_query(text))
        assert np.array_equal(named.encode_query(text), loaded.encode_query(text))
    assert np.array_equal(asked.encode_passages(TEXTS), loaded.encode_passages(TEXTS))
    instructed = HubEncoder(str(shutil.copytree(bare, folder / "tiny-e5-instruct")))
    assert (instructed.query_prompt, instructed.passage_prompt) == ("", "")


def test_a_model_that_normalises_and_one_that_does_not_give_unit_vectors(folder: Path, loaded: Any) -> None:
    inside = HubEncoder(str(sentence_model(folder / "normal", prompts=PROMPTS, normalize=True)))
    raw = loaded._model.encode_document(TEXTS)
    assert not np.allclose(np.linalg.norm(raw, axis=1), 1.0, atol=0.1)
    assert np.allclose(inside.encode_passages(TEXTS), loaded.encode_passages(TEXTS), atol=1e-6)


def test_a_matryoshka_model_keeps_its_first_numbers(folder: Path, model: Path, loaded: Any) -> None:
    whole = loaded._model.encode_document(TEXTS)
    wanted = whole[:, :6] / np.linalg.norm(whole[:, :6], axis=1, keepdims=True)
    asked = encoder.load(str(model), Settings(model_dim=6))
    saved = HubEncoder(str(sentence_model(folder / "short", prompts=PROMPTS, truncate_dim=6)))
    for short in (asked, saved):
        assert short.dim == 6
        assert np.allclose(short.encode_passages(TEXTS), wanted, atol=1e-5)
    with pytest.raises(ModelError, match=f"RASAD_MODEL_DIM is 99, model .* gives vectors of {DIM}"):
        HubEncoder(str(model), dim=99)


def test_its_maximum_length_holds_and_a_user_hears_of_it(folder: Path, loaded: Any) -> None:
    short = HubEncoder(str(sentence_model(folder / "brief", max_tokens=8)))
    long = " ".join(["rain"] * 6 + ["bridge"] * 50)
    assert short.max_tokens == 8
    assert np.allclose(short.encode_passages([long]), short.encode_passages([" ".join(["rain"] * 6)]), atol=1e-6)
    (notice,) = short.notices(chunk_words=120)
    assert "reads 8 tokens at most" in notice and "RASAD_CHUNK_WORDS" in notice
    assert loaded.notices(chunk_words=30) == ()


def test_a_model_made_for_inner_products_is_said_to_be_compared_by_cosine(folder: Path) -> None:
    products = HubEncoder(str(sentence_model(folder / "products", similarity="dot")))
    (notice,) = products.notices(chunk_words=30)
    assert "made for dot similarity" in notice
    unit = HubEncoder(str(sentence_model(folder / "unit-products", similarity="dot", normalize=True)))
    assert unit.notices(chunk_words=30) == ()  # of unit vectors both are the same


def test_the_id_is_that_of_what_was_loaded(folder: Path, model: Path, loaded: Any) -> None:
    elsewhere = shutil.copytree(model, folder / "elsewhere" / "made")
    assert HubEncoder(str(elsewhere)).encoder_id == loaded.encoder_id
    (elsewhere / "README.md").write_text("another description")
    assert HubEncoder(str(elsewhere)).encoder_id == loaded.encoder_id
    other_weights = sentence_model(folder / "again" / "made", seed=8, prompts=PROMPTS)
    changed = [
        HubEncoder(str(other_weights)),
        HubEncoder(str(model), passage_prompt="rain: "),
        HubEncoder(str(model), dim=6),
    ]
    assert len({loaded.encoder_id, *(other.encoder_id for other in changed)}) == 4


def test_it_runs_where_it_is_told(model: Path) -> None:
    assert HubEncoder(str(model), device="cpu").device == "cpu"
    with pytest.raises(ModelError, match="cannot be loaded"):
        HubEncoder(str(model), device="no-such-device")


@pytest.mark.gpu
def test_a_gpu_is_used_where_there_is_one(model: Path) -> None:
    on_gpu, on_cpu = HubEncoder(str(model)), HubEncoder(str(model), device="cpu")
    assert on_gpu.device.startswith(("cuda", "mps"))
    assert np.allclose(on_gpu.encode_passages(TEXTS), on_cpu.encode_passages(TEXTS), atol=1e-3)
    assert on_gpu.encoder_id == on_cpu.encoder_id


def test_a_device_that_fails_is_explained(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **options: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(loaded._model, "encode_document", fails)
    with pytest.raises(ModelError, match=r"failed on cpu \(CUDA out of memory\): set RASAD_MODEL_BATCH lower"):
        loaded.encode_passages(TEXTS)


def test_a_collection_made_with_it_is_searched_with_it_only(loaded: Any, model: Path, tmp_path: Path) -> None:
    report = tmp_path / "a.txt"
    report.write_text("strikes near hawija")
    settings = Settings(indexes=tmp_path / "indexes", model=str(model), cache=tmp_path / "cache")
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


def test_ingesting_again_takes_vectors_from_the_cache(
    loaded: Any, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "a.txt"
    report.write_text("strikes near hawija")
    settings = Settings(indexes=tmp_path / "indexes", model=str(model), cache=tmp_path / "cache", chunk_words=30)
    with closing(Engine(settings)) as engine:
        engine._encoder = loaded
        assert engine.ingest("first", [report]).notices == ()
        monkeypatch.setattr(loaded, "encode_passages", lambda texts: pytest.fail(f"encoded again: {texts}"))
        assert engine.ingest("second", [report]).notices == ("1 of 1 passages had been encoded before",)
        monkeypatch.undo()
        first, second = (engine.retriever(name).search("rain").passages[0] for name in ("first", "second"))
        assert first.score == second.score


def test_without_a_name_the_bundled_one_is_meant() -> None:
    assert encoder.load(None) is encoder.load("") is encoder.bundled()
    assert not issubclass(ModelError, ValueError)
