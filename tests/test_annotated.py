from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import annotated, evaluate_cli
from service.dates import finder
from service.errors import InputError
from service.records import DateMention, Place, PlaceMention

TEXT = "قصف الحويجة قرب كركوك أمس"
HAWIJA = Place("Hawija", "الحويجة", 35.33, 43.77, "district", "Kirkuk", "Iraq")
IRAQ = Place("Iraq", "العراق", 33.2, 43.7, "country", "", "Iraq")
ROOT = Path(__file__).parent.parent


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "one.txt").write_text(TEXT, encoding="utf-8")
    record = {"id": "two", "text": TEXT, "title": "", "date": "2015-08-10"}
    (folder / "more.jsonl").write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "ntrex-dev.en").write_text("Nothing here.\nStrikes on Hawija.\n", encoding="utf-8")
    return folder


def annotations(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


GOLD = {
    "gold": {"Hawija": [35.3, 43.8, 25], "Kirkuk": [35.5, 44.4, 30], "Nowhere": None, "Iraq": [33, 44, 400, "country"]}
}


def doc(name: str, *places: tuple[int, int, str], until: int = 99) -> dict[str, object]:
    return {"set": "s", "doc": name, "until": until, "published": "2015-08-10", "places": list(places)}


def test_found_missed_wrong_and_invented_mentions_are_counted(tmp_path: Path, texts: Path) -> None:
    path = annotations(tmp_path, GOLD, doc("one", (4, 11, "Hawija"), (16, 21, "Kirkuk")))
    mentions = [PlaceMention(4, 11, HAWIJA, 1.0), PlaceMention(15, 21, HAWIJA, 1.0), PlaceMention(22, 25, None, 0.5)]

    tally = annotated.measure_places(path, [texts], lambda _: mentions)["all"]

    assert (tally.gold, tally.predicted, tally.found, tally.exact, tally.right) == (2, 3, 2, 1, 1)
    assert tally.row("all")["F1"] == pytest.approx(0.8)
    assert [mistake.split(":")[0] for mistake in tally.mistakes] == ["meant Kirkuk, took Hawija", "no place"]


@pytest.mark.parametrize(
    "key, place, right",
    [("Nowhere", None, 1), ("Nowhere", HAWIJA, 0), ("Hawija", None, 0), ("Iraq", IRAQ, 1), ("Iraq", HAWIJA, 0)],
)
def test_what_is_right(tmp_path: Path, texts: Path, key: str, place: Place | None, right: int) -> None:
    path = annotations(tmp_path, GOLD, doc("one", (4, 11, key)))

    tally = annotated.measure_places(path, [texts], lambda _: [PlaceMention(4, 11, place, 1.0)])["all"]

    assert tally.right == right


def test_what_lies_behind_the_part_that_was_read_does_not_count(tmp_path: Path, texts: Path) -> None:
    path = annotations(tmp_path, GOLD, doc("one", (4, 11, "Hawija"), until=12))
    mentions = [PlaceMention(4, 11, HAWIJA, 1.0), PlaceMention(16, 21, HAWIJA, 1.0), PlaceMention(-1, -1, HAWIJA, 1.0)]

    assert annotated.measure_places(path, [texts], lambda _: mentions)["all"].predicted == 1


def test_dates_are_right_with_both_days(tmp_path: Path, texts: Path) -> None:
    record = {
        "set": "s",
        "doc": "two",
        "until": 99,
        "published": "2015-08-10",
        "dates": [[22, 25, "2015-08-09", "2015-08-09"]],
    }
    path = annotations(tmp_path, record)

    good = annotated.measure_dates(path, [texts], lambda *_: [DateMention(22, 25, "2015-08-09", "2015-08-09")])["all"]
    bad = annotated.measure_dates(path, [texts], lambda *_: [DateMention(22, 25, "2015-08-09", "2015-08-10")])["all"]

    assert (good.right, bad.right, bad.found) == (1, 0, 1)


def test_a_document_that_is_not_there_is_an_error_and_no_zero(tmp_path: Path, texts: Path) -> None:
    path = annotations(tmp_path, GOLD, doc("ntrex-dev.en:2", (11, 17, "Hawija")), doc("three"))

    with pytest.raises(InputError, match=r"1 annotated documents are not in --texts, e\.g\. three"):
        annotated.measure_places(path, [texts], lambda _: [])


def test_the_command_measures_the_finders(tmp_path: Path, texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = annotations(tmp_path, GOLD, doc("ntrex-dev.en:2", (11, 17, "Hawija")))

    assert evaluate_cli.main(["--places", str(places), "--texts", str(texts), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["F1"] == 1.0
    assert evaluate_cli.main(["--places", str(places), "--texts", str(texts), "--legs", "bm25"]) == 2
    assert "--legs does not go with --places" in capsys.readouterr().err


def test_the_annotations_that_ship_are_as_many_as_promised_and_hold_no_text() -> None:
    places = [json.loads(line) for line in (ROOT / "scripts/annotations/places.jsonl").read_text("utf-8").splitlines()]
    dates = [json.loads(line) for line in (ROOT / "scripts/annotations/dates.jsonl").read_text("utf-8").splitlines()]

    assert sum(len(record["places"]) for record in places[1:]) >= 400
    assert sum(len(record["dates"]) for record in dates) >= 200
    assert {key for record in places[1:] for key in record} == {"set", "doc", "until", "published", "places"}
    assert all(key in places[0]["gold"] for record in places[1:] for _, _, key in record["places"])
    assert not any("\u0600" <= char <= "\u06ff" for char in json.dumps([places, dates], ensure_ascii=False))


def test_what_can_be_measured_on_the_reports_that_ship_stays_right(tmp_path: Path) -> None:
    """The annotated reports of seeds/: dates in both languages."""
    lines = (ROOT / "scripts/annotations/dates.jsonl").read_text("utf-8").splitlines()
    ours = [record for record in map(json.loads, lines) if record["doc"].startswith("seed-")]

    tally = annotated.measure_dates(annotations(tmp_path, *ours), [ROOT / "seeds" / "articles"], finder.find)["all"]

    assert tally.gold >= 18
    assert tally.right / tally.gold >= 0.92
