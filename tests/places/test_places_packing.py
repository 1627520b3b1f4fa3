from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import InputError
from service.places.gazetteer import Gazetteer, load
from service.places.packing import COLUMNS, Row, Tables, pack, read_rows

HEADER = "\t".join(COLUMNS)
LINE = "Tal Sultan\tTell Sultan\tتل سلطان\tتلّ سلطان\t35.1\t43.9\tvillage\tKirkuk\tIraq\tours"


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "own.tsv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_row_is_read_whole(tmp_path: Path) -> None:
    [row] = read_rows(table(tmp_path, LINE, "", "# a note"))

    assert row == Row(
        ("Tal Sultan", "Tell Sultan"), ("تل سلطان", "تلّ سلطان"), 35.1, 43.9, "village", "Kirkuk", "Iraq", "ours"
    )


@pytest.mark.parametrize(
    "line, said",
    [
        ("Tal Sultan\t\t\t\t35.1", "wanted 10 columns, found 5"),
        (LINE.replace("35.1", "95.1"), "own.tsv:2: lat is degrees from -90 to 90"),
        (LINE.replace("43.9", "43,9"), "own.tsv:2: lon is degrees"),
        (LINE.replace("village", "hamlet"), "kind is one of"),
        ("\t\t\t\t35.1\t43.9\tvillage\t\tIraq\t", "wanted a name"),
    ],
)
def test_a_bad_row_is_named_with_what_was_wanted(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        list(read_rows(table(tmp_path, line)))


def test_a_table_without_our_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("name,lat,lon\nHawija,35,43\n", encoding="utf-8")

    with pytest.raises(InputError, match=r"own.tsv:1: wanted the columns name_en, .* found 'name,lat,lon'"):
        list(read_rows(path))


def test_a_table_that_is_not_there_or_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the gazetteer"):
        list(read_rows(tmp_path / "none.tsv"))
    (tmp_path / "latin.tsv").write_bytes(b"\xff\xfe\x00n")
    with pytest.raises(InputError, match="not UTF-8"):
        list(read_rows(tmp_path / "latin.tsv"))


def test_packed_tables_survive_the_disk(tmp_path: Path) -> None:
    rows = [
        Row(("Hit",), ("هيت",), 33.6, 42.8, "city", "Anbar", "Iraq", population=66_000),
        Row(("Aden",), ("عدن",), 12.8, 45.0, "city"),
    ]
    pack(rows, frozenset({"hit"})).save(tmp_path, "t")

    found = Gazetteer(Tables.load(tmp_path, "t"))

    [(number, _)] = found.look_up("هيت")
    assert found.place(number).name_en == "Hit"
    assert found.place(number).admin1 == "Anbar"
    assert found.look_up("nowhere") == []


def test_a_users_place_is_found_beside_the_bundled_ones(tmp_path: Path) -> None:
    both = load(table(tmp_path, LINE))

    [(number, _)] = both.look_up("Tell Sultan")
    place = both.place(number)
    assert (place.name_ar, place.lat, place.lon, place.source) == ("تل سلطان", 35.1, 43.9, "ours")
    assert [both.place(p).country for p, _ in both.look_up("Mosul")] == ["Iraq"]


@pytest.mark.parametrize("name", ["الحويجة", "الحويجه", "حويجة", "Hawija", "Al-Hawija", "al hawijah", "Huwaijah"])
def test_spellings_of_hawija_are_one_place(name: str) -> None:
    bundled = load()

    places = [bundled.place(p) for p, _ in bundled.look_up(name)]

    assert ("Hawija", "Kirkuk", "Iraq") in [(p.name_en, p.admin1, p.country) for p in places]


def test_the_bundled_gazetteer_holds_the_world_with_sources_and_precision() -> None:
    bundled = load()

    assert len(bundled) > 30_000
    [saudi] = [p for p in (bundled.place(n) for n, _ in bundled.look_up("السعودية")) if p.kind == "country"]
    assert saudi.name_en == "Saudi Arabia"
    [muzayrir] = [bundled.place(n) for n, _ in bundled.look_up("مزيرير")]
    assert (muzayrir.source, muzayrir.precision_km) == ("team-approx", 30.0)
    tokyo = next(bundled.place(n) for n, _ in bundled.look_up("Tokyo"))
    assert (round(tokyo.lat), round(tokyo.lon), tokyo.source) == (36, 140, "geonames")
