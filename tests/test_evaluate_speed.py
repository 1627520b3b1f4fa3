"""The speed of the models, measured over the sample collection: figures that are there, and errors that are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import evaluate_cli, evaluate_speed_cli
from service.engine import Engine

TOPICS = str(Path(__file__).parent.parent / "seeds" / "topics.jsonl")


@pytest.fixture(autouse=True)
def collections(seeds: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))
    monkeypatch.setattr(evaluate_speed_cli, "_use_one_core", lambda: None)  # of the test run as a whole


def test_speeds_are_measured(capsys: pytest.CaptureFixture[str], seeds: Engine) -> None:
    assert evaluate_cli.main(["--speed", "--topics", TOPICS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["passages"], found["questions"]) == (seeds.status("seeds").chunks, 95)
    for name in ("clock", "processor"):
        assert found[f"passages_a_minute_{name}"] > 1_000
        assert 0 < found[f"question_p50_ms_{name}"] <= found[f"question_p95_ms_{name}"]
    arguments = ["--speed", "--topics", TOPICS, "--fields", "query_en", "--passages", "5", "--collection", "seeds"]
    assert evaluate_cli.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "on one core; 5 passages, 23 questions"
    assert lines[1].startswith("by the clock: ") and lines[2].startswith("of processor time: ")


def test_what_cannot_be_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_cli.main(["--speed", "--topics", TOPICS, "--collection", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert evaluate_cli.main(["--speed", "--topics", TOPICS, "--passages", "0"]) == 2
    assert "--passages must be at least 1, found 0" in capsys.readouterr().err
