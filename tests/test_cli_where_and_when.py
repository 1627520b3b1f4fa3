"""The options of where and when, through the command and the sample collection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from service.places.packing import COLUMNS


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("indexes")


@pytest.fixture
def run(indexes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """(exit code, results, other JSON lines, stderr) of a query with --json."""

    def run(*arguments: str) -> tuple[int, list[dict[str, object]], list[dict[str, object]], str]:
        monkeypatch.setenv("RASAD_INDEXES", str(indexes))
        code = cli.main(["query", *arguments, "--json"])
        out, err = capsys.readouterr()
        lines = [json.loads(line) for line in out.splitlines()]
        return code, [line for line in lines if "rank" in line], [line for line in lines if "rank" not in line], err

    return run


def test_a_place_and_a_period_narrow_the_results(run) -> None:  # type: ignore[no-untyped-def]
    code, found, rest, err = run(
        "strikes", "--near", "Hawija", "--within-km", "30", "--from", "2020-05", "--to", "2020-05", "--facets"
    )

    assert code == 0
    assert "looking within 30 km of Hawija (Kirkuk, Iraq); from 2020-05-01 to 2020-05-31" in err
    assert "not Al-Huwayja (Ghab) (Hama, Syria)?" in err
    assert all(passage["places"][0]["distance_km"] <= 30 for passage in found)  # type: ignore[index]
    assert {passage["published"] for passage in found} <= {"2020-05-14", ""}
    [facets] = rest
    assert facets["facets"]["months"][0]["value"] == "2020-05"  # type: ignore[index]


def test_the_arabic_question_finds_the_village_by_another_name(run) -> None:  # type: ignore[no-untyped-def]
    code, found, _, _ = run("غارات قرب الحويجة", "-k", "5")

    assert code == 0
    assert "مزيرير" in found[0]["text"]  # type: ignore[operator]
    [place, *_] = found[0]["places"]  # type: ignore[misc]
    assert place["country"] == "Iraq"
    assert "الحويجة" in found[0]["text"][place["start"] : place["end"]]  # type: ignore[index]


def test_places_and_dates_can_be_plain_words(run) -> None:  # type: ignore[no-untyped-def]
    _, found, _, err = run("strikes near Hawija in May 2020", "--no-places", "--no-dates")

    assert "looking" not in err
    assert all(passage["places"] == passage["dates"] == [] for passage in found)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--near", "Xyzzyville"], "no such place is known"),
        (["--from", "soon"], "from is a date"),
        (["--within-km", "far"], "invalid float value"),
        (["--gazetteer", "/nowhere.tsv"], "cannot read the gazetteer"),
    ],
)
def test_what_cannot_be_understood_ends_with_2(
    run, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    try:
        code, found, _, err = run("strikes", *arguments)
    except SystemExit as stop:
        code, found, err = stop.code, [], capsys.readouterr().err

    assert (code, found) == (2, [])
    assert said in err


def test_a_gazetteer_of_ones_own_is_used_when_ingesting_and_searching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "own.tsv"
    row = "Qanbura\t\tالقنبورة\t\t16.75\t42.98\tvillage\tJizan\tSaudi Arabia\tours"
    table.write_text("\t".join(COLUMNS) + "\n" + row + "\n", encoding="utf-8")
    report = tmp_path / "report.txt"
    report.write_text("سقط مقذوف على قرية القنبورة مساء أمس.", encoding="utf-8")
    monkeypatch.setenv("RASAD_INDEXES", str(tmp_path / "indexes"))

    assert cli.main(["ingest", str(report), "--collection", "own", "--gazetteer", str(table)]) == 0
    assert cli.main(["query", "مقذوف قرب القنبورة", "--collection", "own", "--gazetteer", str(table), "--json"]) == 0

    [place] = json.loads(capsys.readouterr().out)["places"]
    assert (place["name_en"], place["lat"], place["distance_km"]) == ("Qanbura", 16.75, 0.0)
