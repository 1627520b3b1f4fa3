"""scripts/latency on the sample: every stage and filter has its row, and the questions are asked once each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from unittest import mock

import pytest

from service import latency
from service.engine import SAMPLE, Engine

ASKED = [
    *("strikes near Hawija", "غارات قرب الحويجة", "what happened in Mosul?", "مقتل مدنيين"),
    *("French raid in May 2020", "flood", "election results", "oil prices"),
]


@pytest.fixture
def topics(tmp_path: Path) -> Path:
    path = tmp_path / "topics.jsonl"
    path.write_text("".join(json.dumps({"topic": f"t{i}", "q": text}) + "\n" for i, text in enumerate(ASKED)), "utf-8")
    return path


def run(seeds: Engine, *arguments: str) -> int:
    with mock.patch.dict("os.environ", {"RASAD_INDEXES": str(seeds.indexes)}):
        return latency.main(["--collection", SAMPLE, "--fields", "q", *arguments])


def test_each_kind_of_search_has_a_row_and_each_stage_its_share(
    seeds: Engine, topics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(seeds, "--topics", str(topics), "--from", "2015-01-01", "--place", "Iraq", "--answers") == 0
    printed = capsys.readouterr().out
    rows = re.findall(r"^\| (search[^|]*|answer) \| (\d+) \|(.+)\|$", printed, re.M)
    assert [(name, count) for name, count, _ in rows] == [
        (name, "6") for name in ("search", "search, dates", "search, place", "search again", "answer")
    ]
    for _, _, cells in rows:
        p50, p95, p99, *cpu = map(float, cells.split("|"))
        assert 0 < p50 <= p95 <= p99
        assert all(value >= 0 for value in cpu)
    stages = re.findall(r"^\| ([a-z0-9 ,]+) \| (\d+\.\d+) \| \d+\.\d+ \|$", printed, re.M)
    assert {"bm25 leg", "cross leg", "dense leg", "feedback", "fusion", "passages shown"} <= {
        name for name, _ in stages
    }
    assert sum(float(value) for _, value in stages) > 0


def test_questions_are_different_and_always_in_the_same_order(topics: Path) -> None:
    assert sorted(latency.questions(topics, ["q"])) == sorted(ASKED)
    assert latency.questions(topics, ["q"]) == latency.questions(topics, ["q"]) != ASKED


def test_a_file_that_is_not_there_is_said(seeds: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(seeds, "--topics", "nowhere.jsonl") == 2
    assert "nowhere.jsonl" in capsys.readouterr().err
