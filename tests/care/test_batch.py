"""Many questions from a file: every row is in the results, bad ones with their line, and the file appears whole."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service import batch, cli
from service.engine import Engine
from service.errors import InputError


@pytest.fixture
def rasad(care: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    for name in [name for name in os.environ if name.startswith("RASAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RASAD_INDEXES", str(care.indexes))
    return lambda *arguments: cli.main([str(argument) for argument in arguments])


QUERIES = """id,query,k
a,raid near Hawija,2
b,"two
lines of convoy",
,wordthatisnowhere,
d,,3
e,bridge,none
f,hospital,
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_in_the_results(
    rasad: Callable[..., int], care: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries, out = tmp_path / "queries.csv", tmp_path / "results.csv"
    queries.write_text(QUERIES)
    assert rasad("query", "--file", queries, "--out", out, "--collection", "c") == 2
    found = rows(out)
    assert list(found[0]) == batch.COLUMNS
    by_line = {line: [row for row in found if row["line"] == line] for line in dict.fromkeys(r["line"] for r in found)}
    assert list(by_line) == ["2", "3", "5", "6", "7", "8"], "a question over two lines begins at the first"
    assert [row["rank"] for row in by_line["2"]] == ["1", "2"]
    first = care.retriever("c").search("raid near Hawija", 2).passages[0]
    row = by_line["2"][0]
    assert (row["docid"], float(row["score"]), row["sha256"]) == (first.docid, first.score, first.sha256)
    assert care.article("c", row["article_id"])[0].text[int(row["start"]) : int(row["end"])] == row["text"]
    assert (row["collection"], row["version"], row["error"]) == ("c", "v000003", "")
    assert [(r["rank"], r["error"]) for r in by_line["5"]] == [("", "")], "nothing found is a row too"
    assert "no question" in by_line["6"][0]["error"] and "found 'none'" in by_line["7"][0]["error"]
    err = capsys.readouterr().err
    assert f"{queries}:6: no question" in err and f"{queries}:7: k should be" in err
    assert "6 questions, 3 found something, 2 could not be searched" in err
    assert sorted(path.name for path in tmp_path.iterdir() if "results" in path.name) == ["results.csv"]


def test_json_lines_hold_whole_results(rasad: Callable[..., int], tmp_path: Path) -> None:
    queries, out = tmp_path / "queries.jsonl", tmp_path / "results.jsonl"
    lines = [{"id": 7, "question": "غارة قرب الحويجة"}, {"query": "-only"}, {"query": "x" * 2000}]
    queries.write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n[1]\n\n", "utf-8")
    assert rasad("query", "--file", queries, "--out", out, "--collection", "c", "-k", "3") == 2
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert (found[0]["line"], found[0]["id"], "passages" in found[0]) == (1, "7", True)
    assert [one["line"] for one in found if "error" in one] == [2, 3, 4, 5]
    assert "1,000" in found[2]["error"] or "1000" in found[2]["error"]


def test_old_results_stay_until_the_new_are_whole(
    rasad: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries, out = tmp_path / "q.csv", tmp_path / "r.csv"
    queries.write_text("query\nraid\nbridge\n")
    out.write_text("old")
    monkeypatch.setattr("service.batch.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    assert rasad("query", "--file", queries, "--out", out, "--collection", "c") == 2
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["q.csv", "r.csv", "reports.jsonl"]


def test_a_broken_quote_is_reported_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text('query\none\n"two\nthree\n')
    assert [(a.line, bool(a.problem)) for a in batch.read(path)] == [(2, False), (3, True)]
    path.write_text('query\n"a" b\ntwo\n')
    assert [(a.line, bool(a.problem)) for a in batch.read(path)] == [(2, True), (3, False)]
    path.write_text("query\none,two\nthree\n")
    assert [(a.line, bool(a.problem)) for a in batch.read(path)] == [(2, True), (3, False)]


def test_formulas_of_others_are_text_in_a_spreadsheet(rasad: Callable[..., int], tmp_path: Path) -> None:
    queries, out = tmp_path / "q.csv", tmp_path / "r.csv"
    queries.write_text("id,query\n=1+1,raid\n")
    assert rasad("query", "--file", queries, "--out", out, "--collection", "c", "-k", "1") == 0
    assert rows(out)[0]["id"] == "'=1+1"


@pytest.mark.parametrize("content", ["title\nx\n", "", "quer\xe9\n"])
def test_what_is_no_list_of_questions_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError):
        batch.read(path)


def test_half_of_the_options_is_refused(rasad: Callable[..., int], tmp_path: Path) -> None:
    assert rasad("query", "--file", tmp_path / "q.csv", "--collection", "c") == 2
    assert rasad("query", "--collection", "c") == 2
    assert rasad("query", "words", "--file", "a.csv", "--out", "b.csv", "--collection", "c") == 2
    assert rasad("query", "--file", tmp_path / "none.csv", "--out", tmp_path / "b.csv", "--collection", "c") == 2
    assert rasad("query", "--file", tmp_path / "none.txt", "--out", tmp_path / "b.txt", "--collection", "c") == 2
