"""The optional cross-encoder: its scores are evidence on top of the fused ones, for its best passages only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service import fusion, terminal
from service.engine import Engine
from service.errors import ModelError, SettingsError
from service.records import Leg, Ranking
from service.reranker import Reranker
from service.retriever import Retriever
from service.settings import Settings
from tests.tiny_models import cross_model

ROOT = Path(__file__).parent.parent
REPORTS = [{"id": str(n), "text": f"strikes near hawija and market {n}" + " rain" * n} for n in range(6)]


class LongestFirst(Reranker):
    """Prefers long passages; loads nothing."""

    def __init__(self) -> None:
        self.name, self.read = "longest", 0

    def scores(self, question: str, passages: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        self.read += len(passages)
        return np.array([len(passage) / 1000 for passage in passages])


def test_scores_are_added_and_bring_nothing_new_in() -> None:
    found = Ranking(np.array([4, 7, 9]), np.array([0.9, 0.5, 0.2]))
    read = Ranking(np.array([9, 4, 11]), np.array([1.0, 0.5, 0.4]))
    lifted = fusion.added(found, read, 2.0)
    assert lifted.keys.tolist() == [9, 4, 7]
    assert lifted.scores.tolist() == pytest.approx([2.2, 1.9, 0.5])
    assert fusion.added(found, Ranking(np.zeros(0, np.int64), np.zeros(0)), 2.0) is found


def test_the_best_passages_are_read_again_and_explained(engine: Engine, reports: Callable[..., Path]) -> None:
    engine.ingest("c", [reports(*REPORTS)])
    plain = engine.retriever("c")
    assert plain.search("strikes near hawija").passages[0].article_id == "0"
    fake = LongestFirst()
    settings = Settings(indexes=engine.indexes, reranker_depth=4, weight_reranker=1000.0)
    retriever = Retriever(engine.reader("c"), engine.encoder, settings, fake)
    before = [hit.docid for hit in plain.rank("strikes near hawija")]
    result = retriever.search("strikes near hawija", explain=True)
    found = [p.docid for p in result.passages]
    assert found[:4] == sorted(before[:4], reverse=True)  # the longest of what was read
    assert found[4:] == before[4:]
    assert fake.read == 4
    assert any(n.startswith("reranker: 4 passages read in ") and n.endswith(" ms") for n in result.notices)
    legs = {score.leg: score for score in result.passages[0].legs}
    assert legs[Leg.RERANKER].rank == 1
    assert "reranker: score 0." in terminal.passage(result.passages[0], terminal.Style(False, False))
    assert [hit.docid for hit in retriever.rank("strikes near hawija")] == found
    assert [hit.docid for hit in retriever.rank("strikes near hawija", Leg.RERANKER)] == found[:4]
    with pytest.raises(SettingsError, match="no reranker is set: name a cross-encoder in RASAD_RERANKER"):
        plain.rank("strikes", Leg.RERANKER)


@pytest.mark.slow
def test_a_cross_encoder_by_its_folder(tmp_path: Path, reports: Callable[..., Path]) -> None:
    folder = cross_model(tmp_path / "cross")
    settings = Settings(indexes=tmp_path / "indexes", reranker=str(folder), device="cpu", weight_reranker=1000.0)
    with closing(Engine(settings)) as engine:
        engine.ingest("c", [reports(*REPORTS)])
        question = "غارات near market"
        result = engine.retriever("c").search(question, explain=True)
        expected = Reranker(str(folder), device="cpu").scores(question, [p.text for p in result.passages])
        assert ((expected > 0) & (expected < 1)).all() and len(set(expected)) > 1
        assert expected.tolist() == pytest.approx(sorted(expected, reverse=True), abs=1e-6)
        read = [score.score for p in result.passages for score in p.legs if score.leg is Leg.RERANKER]
        assert read == pytest.approx(expected.tolist(), abs=1e-5)
        answer = engine.answerer("c").answer("What was near the market?")
        assert answer.nearest or answer.citations


@pytest.mark.slow
def test_models_that_are_no_rerankers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gives 3 numbers for a pair, a reranker gives 1"):
        Reranker(str(cross_model(tmp_path / "three", labels=3)))
    with pytest.raises(ModelError, match=r"cannot be loaded from the folder .* \(RASAD_RERANKER\)"):
        Reranker(str(tmp_path))


def test_without_one_nothing_of_it_is_imported(seeds: Engine) -> None:
    code = (
        "import sys\nfrom service import cli\ncli.main(['query', 'strikes near Hawija', '--explain'])\n"
        "print(sorted({'service.reranker', 'service.hub_library', 'service.vector_cache', 'torch'} & set(sys.modules)),"
        " file=sys.stderr)"
    )
    environ = {**os.environ, "RASAD_INDEXES": str(seeds.indexes), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "[]", done.stderr
