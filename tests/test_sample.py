"""The sample collection: what ships must be found, and its scores are those written in seeds/expected.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from service import evaluate_cli
from service.engine import Engine

SEEDS = Path(__file__).parent.parent / "seeds"
EXPECTED = yaml.safe_load((SEEDS / "expected.yaml").read_text(encoding="utf-8"))
TOLERANCE = 0.005  # another machine may round a dense score the other way


@pytest.mark.parametrize("field", sorted(EXPECTED["fused"]))
def test_scores_are_as_written(
    field: str, seeds: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))
    options = ["--collection", "seeds", "--topics", str(SEEDS / "topics.jsonl"), "--qrels", str(SEEDS / "qrels.txt")]
    assert evaluate_cli.main([*options, "--fields", field, "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["fused"][field]
    assert measured == pytest.approx(EXPECTED["fused"][field], abs=TOLERANCE)


@pytest.mark.parametrize("question", ["strikes near Hawija", "غارات قرب الحويجة"])
def test_the_reports_on_muzayrir_come_first(question: str, seeds: Engine) -> None:
    about = {f"seed-{number:03d}" for number in range(1, 7)}
    found = [passage.article_id for passage in seeds.retriever("seeds").search(question, k=5).passages]
    assert set(found[:3]) <= about
    assert len(about & set(found)) >= 4
