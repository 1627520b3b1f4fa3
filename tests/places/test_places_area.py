from __future__ import annotations

import pytest

from service.places import area as areas
from service.places import distance
from service.places.area import Area, Relation
from service.places.columns import Columns
from service.records import Place

HAWIJA = Place("Hawija", "الحويجة", 35.326, 43.773, "district", "Kirkuk", "Iraq", extent_km=20.0)
ZAB = Place("Zab", "الزاب", 35.28, 43.45, "subdistrict", "Kirkuk", "Iraq", extent_km=10.0)
KIRKUK = Place("Kirkuk", "كركوك", 35.468, 44.392, "city", "Kirkuk", "Iraq", extent_km=10.0)
PROVINCE = Place("Kirkuk Governorate", "محافظة كركوك", 35.3, 44.2, "governorate", "Kirkuk", "Iraq", extent_km=80.0)
TIKRIT = Place("Tikrit", "تكريت", 34.6, 43.68, "city", "Salah al-Din", "Iraq", extent_km=8.0)
BAIJI = Place("Baiji", "بيجي", 34.93, 43.49, "city", "Salah al-Din", "Iraq", extent_km=8.0)
MOSUL = Place("Mosul", "الموصل", 36.335, 43.119, "city", "Nineveh", "Iraq", extent_km=15.0)
IRAQ = Place("Iraq", "العراق", 33.2, 43.7, "country", "", "Iraq", extent_km=370.0)
PLACES = [HAWIJA, ZAB, KIRKUK, PROVINCE, TIKRIT, BAIJI, MOSUL, IRAQ]


def weighed(area: Area) -> dict[str, float]:
    columns = Columns.of(PLACES)
    return dict(zip([place.name_en for place in PLACES], areas.weights(area, columns).round(3).tolist(), strict=True))


def test_known_distances() -> None:
    assert distance.km(24.7, 46.7, 21.5, 39.2) == pytest.approx(845, abs=10)  # Riyadh - Jeddah
    assert distance.km(10.0, 20.0, 10.0, 20.0) == 0.0


def test_nearness_halves_every_fifteen_km_beyond_the_edge() -> None:
    found = weighed(Area(HAWIJA, Relation.NEAR))

    assert found["Hawija"] == 1.0
    assert found["Zab"] == pytest.approx(0.5 ** ((distance.km(35.326, 43.773, 35.28, 43.45) - 20) / 15), abs=1e-3)
    assert 0 < found["Kirkuk"] < found["Zab"]
    assert found["Mosul"] == found["Iraq"] == 0.0


def test_a_province_holds_its_districts_and_a_country_its_towns() -> None:
    inside = weighed(Area(PROVINCE, Relation.IN))

    assert {name for name, weight in inside.items() if weight == 1.0} == {
        "Hawija",
        "Zab",
        "Kirkuk",
        "Kirkuk Governorate",
    }
    assert {name for name, weight in inside.items() if weight == 0.0} == {"Tikrit", "Baiji", "Mosul", "Iraq"}
    assert set(weighed(Area(IRAQ, Relation.IN)).values()) == {1.0}


def test_what_is_within_falls_to_one_half_at_the_radius_and_ends_there() -> None:
    found = weighed(Area(HAWIJA, Relation.WITHIN, within_km=30.0))

    assert found["Hawija"] == 1.0
    assert 0.5 <= found["Zab"] < 1.0
    assert found["Kirkuk"] == found["Tikrit"] == 0.0


def test_a_direction_is_a_sector() -> None:
    north, south = weighed(Area(BAIJI, Relation.NORTH)), weighed(Area(BAIJI, Relation.SOUTH))

    assert north["Hawija"] > 0 and south["Hawija"] == 0
    assert south["Tikrit"] > 0 and north["Tikrit"] == 0


def test_between_two_places_lies_what_is_no_detour() -> None:
    found = weighed(Area(TIKRIT, Relation.BETWEEN, other=MOSUL))

    assert found["Baiji"] > 0.8
    assert found["Baiji"] > found["Kirkuk"]
    assert found["Tikrit"] > 0.9


def test_a_large_place_says_little_about_where_in_it() -> None:
    assert weighed(Area(HAWIJA, Relation.NEAR))["Kirkuk Governorate"] < 0.2
