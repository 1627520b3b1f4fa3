"""scripts/commits on the sample: all tables, and what another process sees."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from unittest import mock

import pytest
from benchmarking.commits import main

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds" / "articles"


def test_portions_are_taken_seen_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--articles", str(SEEDS), "--held", "20", "--each", "5", "--commits", "12", "--of", "2"]
    arguments += ["--steady", "8"]
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts"), *sys.path])}
    with mock.patch.dict(os.environ, paths):
        assert main([*arguments, "--work", str(tmp_path), "--base", str(tmp_path / "base")]) == 0
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(("| 5 articles", "| 2 articles"))
    ]
    large, little, steady = rows
    assert (large[1], little[1], steady[1]) == ("3", "12", "7")
    assert all(float(cell) > 0 for cell in steady[2:6]) and float(steady[6]) > 1
    assert all(float(cell) > 0 for cell in [*large[2:8], *little[2:4], *little[6:8]])
    assert float(little[7]) > 1 and float(large[7]) > 1, "segments were merged"
    most, left = re.findall(r"\d+", little[8])
    assert int(left) <= int(most) < 12
    assert (tmp_path / "base" / "commits" / "CURRENT").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["base"], "what was measured on is gone"
