"""The whole benchmark on the sample, with the engines that need no extra."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from benchmarking import report
from benchmarking.__main__ import main
from benchmarking.engines import FTS5, PEERS, Peer
from benchmarking.run import Limits, Row, Set, overlap, run

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"


@pytest.mark.slow
def test_the_same_passages_give_nearly_the_same_ten_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--articles", str(SEEDS), "--sizes", "150", "--engines", "rasad bm25,rank-bm25,sqlite fts5"]

    assert main([*arguments, "--work", str(tmp_path)]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    cells = {row[1].strip(): [cell.strip() for cell in row] for row in lines}
    assert cells["rank-bm25"][10] == "", "the reference"
    assert float(cells["rasad bm25"][10]) >= 0.99
    assert float(cells["sqlite fts5"][10]) >= 0.9
    assert all(float(cells[name][7]) > 0 for name in ("rasad bm25", "rank-bm25", "sqlite fts5"))


def test_sets_measured_before_stay_in_the_report(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    out = tmp_path / "out"
    for size in ("40", "20"):
        main(["--articles", str(SEEDS), "--sizes", size, "--engines", "sqlite fts5", "--work", str(tmp_path),
              "--out", str(out)])  # fmt: skip
    text = (out / "benchmark.md").read_text(encoding="utf-8")
    assert text.index("## generated-20: 20 passages") < text.index("## generated-40: 40 passages")
    assert text.count("| sqlite fts5 |") == 2 and "--sizes 40" in text and "--sizes 20" in text
    assert (out / "benchmark.svg").read_text(encoding="utf-8").count("sqlite fts5") >= 1


def test_folders_are_made_and_what_cannot_be_one_is_named_before_anything_is_measured(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    arguments = ["--articles", str(SEEDS), "--sizes", "20", "--engines", "sqlite fts5"]
    for option in ("--work", "--out"):
        with pytest.raises(SystemExit, match=r"file.* cannot be made: .*name a folder"):
            main([*arguments, option, str(in_the_way)])
    assert main([*arguments, "--work", str(tmp_path / "new" / "work")]) == 0


def test_engines_measured_before_stay_in_their_set(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    pytest.importorskip("rank_bm25")
    out = tmp_path / "out"
    for engines, asked in (("sqlite fts5", "7"), ("rank-bm25", "5"), ("rank-bm25", "3")):
        main(["--articles", str(SEEDS), "--sizes", "40", "--engines", engines, "--questions", asked,
              "--work", str(tmp_path), "--out", str(out)])  # fmt: skip
        text = (out / "benchmark.md").read_text(encoding="utf-8")
        if asked == "5":
            assert text.count("## generated-40: 40 passages") == 1
            tables = [line for line in text.splitlines() if line.startswith(("| sqlite fts5 |", "| rank-bm25 |"))]
            assert [line.split("|")[-2].strip() for line in tables] == ["7", "5"]
            assert set(json.loads((out / "benchmark.json").read_text())["generated-40"]["p50_ms"]) == {
                "sqlite fts5", "rank-bm25"
            }  # fmt: skip
    assert "| sqlite fts5 |" not in text, "an engine that is measured again is not put beside itself"


def given(tmp_path: Path) -> Set:
    source = tmp_path / "p.jsonl"
    source.write_text('{"id": "p0", "article": "p0", "title": "", "text": "one two"}\n', encoding="utf-8")
    return Set("small", source, 1, ("one two",))


def test_an_engine_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere(Peer):
        module = "no_such_engine"

    monkeypatch.setitem(PEERS, "nowhere", Nowhere)
    [row] = run(given(tmp_path), ["nowhere"], tmp_path, Limits())

    assert "not installed" in row.failed
    assert "not installed" in report.table([row], {})[-2]


def test_an_engine_beyond_a_limit_is_stopped_and_said(tmp_path: Path) -> None:
    assert importlib.util.find_spec(FTS5.module)
    [row] = run(given(tmp_path), ["sqlite fts5"], tmp_path, Limits(seconds=0.01))

    assert row.failed == "build took more than 0.01 s" and row.times_ms == []


def test_the_overlap_is_with_the_first_engine_that_ran() -> None:
    rows = [
        Row("rank-bm25", 9, failed="too slow"),
        Row("rasad bm25", 9, found=[["a", "b"], ["c"]]),
        Row("bm25s", 9, found=[["b", "x"], ["c"]]),
    ]

    assert overlap(rows) == {"bm25s": 0.75}
