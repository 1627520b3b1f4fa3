"""Nearest rows: exact where there are few or a filter, else by a coarse scan whose recall was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from service.backends.embedded import vectors as vectors_module
from service.backends.embedded.vectors import VectorIndex, open_vectors, write_vectors
from service.errors import IndexDamaged

DIM = 32


def rows(count: int, seed: int = 0) -> npt.NDArray[np.float16]:
    """Unit vectors around a few centres, as those of texts are."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(40, DIM))
    found = centres[random.integers(0, 40, count)] + 0.7 * random.normal(size=(count, DIM))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float16)


def nearest(
    stored: npt.NDArray[np.float16], question: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]
) -> set[int]:
    scores = np.where(mask, stored.astype(np.float32) @ question, -9)
    return set(np.argsort(-scores)[:10].tolist())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[VectorIndex, npt.NDArray[np.float16]]:
    folder = tmp_path_factory.mktemp("vectors")
    stored = rows(3_000)
    stored[17] = stored[3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors_module, "COARSE_ROWS", 2_000)
        write_vectors(folder, stored, DIM)
    index = open_vectors(folder)
    assert json.loads((folder / "vectors.json").read_text()) == index.how
    return index, stored


def test_a_large_segment_is_scanned_coarsely_and_says_how_well(
    large: tuple[VectorIndex, npt.NDArray[np.float16]],
) -> None:
    index, stored = large
    assert index.how["index"] == "PQ8x4fs,Refine(SQfp16)"
    assert 0.98 <= float(str(index.how["recall_at_10"])) <= 1.0
    everything = np.ones(len(stored), bool)
    questions = rows(50, seed=1).astype(np.float32)
    found = [len(set(index.search(q, 10)[0].tolist()) & nearest(stored, q, everything)) for q in questions]
    assert np.mean(found) >= 9.8
    rows_found, scores = index.search(questions[0], 10)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert scores == pytest.approx(stored[rows_found].astype(np.float32) @ questions[0], abs=1e-5)
    assert {3, 17} <= set(index.search(stored[3].astype(np.float32), 1)[0].tolist()), "equals of the last come too"


@pytest.mark.parametrize("share", [0.001, 0.3, 0.97])
def test_a_filter_loses_no_neighbour(large: tuple[VectorIndex, npt.NDArray[np.float16]], share: float) -> None:
    index, stored = large
    mask = np.random.default_rng(2).random(len(stored)) < share
    for question in rows(10, seed=3).astype(np.float32):
        rows_found = index.search(question, 10, allowed=mask)[0]
        assert mask[rows_found].all()
        assert set(rows_found[:10].tolist()) == nearest(stored, question, mask) & set(np.flatnonzero(mask).tolist())


@pytest.mark.parametrize("share", [0.0, 0.02, 0.9])
def test_deleted_rows_are_never_found_and_cost_no_other(
    large: tuple[VectorIndex, npt.NDArray[np.float16]], share: float
) -> None:
    index, stored = large
    live = np.random.default_rng(4).random(len(stored)) < share
    found = []
    for question in rows(20, seed=5).astype(np.float32):
        rows_found = index.search(question, 10, live=live)[0]
        assert live[rows_found].all()
        wanted = nearest(stored, question, live) & set(np.flatnonzero(live).tolist())
        assert len(rows_found) >= min(10, live.sum())
        found.append(len(wanted & set(rows_found.tolist())) / max(1, len(wanted)) if len(wanted) else 1.0)
    assert np.mean(found) >= 0.98


def test_vectors_without_neighbours_are_scanned_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where four bits for four dimensions do not tell rows apart, the coarse scan is not kept."""
    monkeypatch.setattr(vectors_module, "COARSE_ROWS", 2_000)
    monkeypatch.setattr(vectors_module, "_LEAST_CANDIDATES", 10)
    noise = np.random.default_rng(0).normal(size=(2_000, DIM))
    write_vectors(tmp_path, (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float16), DIM)
    index = open_vectors(tmp_path)
    assert index.how == {"index": "SQfp16", "recall_at_10": 1.0}
    assert not (tmp_path / "vectors.coarse.faiss").exists()
    assert len(index.search(rows(1)[0].astype(np.float32), 10)[0]) == 10


def test_a_small_segment_has_no_coarse_scan(tmp_path: Path) -> None:
    write_vectors(tmp_path, rows(100), DIM)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vectors.faiss", "vectors.json"]


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    write_vectors(tmp_path, rows(10), DIM)
    (tmp_path / "vectors.json").write_text("[1]")
    with pytest.raises(IndexDamaged, match=r"vectors\.json"):
        open_vectors(tmp_path)
