from __future__ import annotations

import random

import pytest

from service.folding import fold
from service.places import gazetteer, query_names
from service.places.area import Relation
from service.places.asked import ask, one
from service.places.titles import described
from service.records import Language

NAMES = gazetteer.load()


@pytest.mark.parametrize(
    "question, wanted",
    [
        ("strikes near Hawija", "near Hawija (Kirkuk, Iraq)"),
        ("strikes near hawija", "near Hawija (Kirkuk, Iraq)"),
        ("غارات قرب الحويجة", "near Hawija (Kirkuk, Iraq)"),
        ("قصف جوي حول الحويجه", "near Hawija (Kirkuk, Iraq)"),
        ("انفجارات في بعقوبه ومحيطها", "near Baqubah (Diyala, Iraq)"),
        ("raids around Mosul", "near Mosul (Nineveh, Iraq)"),
        ("attacks within 30 km of Hawija", "within 30 km of Hawija (Kirkuk, Iraq)"),
        ("10 miles from Mosul", "within 16.1 km of Mosul (Nineveh, Iraq)"),
        ("هجمات على بعد 30 كم من الحويجة", "within 30 km of Hawija (Kirkuk, Iraq)"),
        ("north of Mosul", "north of Mosul (Nineveh, Iraq)"),
        ("شمال غرب الموصل", "northwest of Mosul (Nineveh, Iraq)"),
        ("جنوبي كركوك", "south of Kirkuk (Iraq)"),
        ("between Baiji and Tikrit", "between Baiji (Salah al-Din, Iraq) and Tikrit (Salah al-Din, Iraq)"),
        ("بين بيجي وتكريت", "between Baiji (Salah al-Din, Iraq) and Tikrit (Salah al-Din, Iraq)"),
        ("protests in Basra", "in Basra (Iraq)"),
        ("احتجاج اهالي البصره", "in Basra (Iraq)"),
        ("strikes near Huwayjah", "near Hawija (Kirkuk, Iraq)"),
        ("fighting in Telafar", "in Tal Afar (Nineveh, Iraq)"),
        ("اشتباكات إلى الشرق من الفلوجة", "east of Fallujah (Anbar, Iraq)"),
        ("10 km south of Hawija", "south of Hawija (Kirkuk, Iraq)"),
        ("clashes in northern Baghdad", "in Baghdad (Iraq)"),
        ("شمال سوريا", "north of Syria"),
        ("احتجاجات في العاصمة الدوحة", "in Doha (Qatar)"),
        ("انفجار في مدينة الجديدة في المغرب", "in El Jadida (Morocco)"),
        ("within thirty kilometres of Kirkuk", "within 30 km of Kirkuk (Iraq)"),
        ("غارات في محيط الحويجة بقطر 30 كم", "within 15 km of Hawija (Kirkuk, Iraq)"),
        ("في دائرة نصف قطرها ٣٠ كم حول كركوك", "within 30 km of Kirkuk (Iraq)"),
        ("bombings in Aleppo province", "in Aleppo Governorate (Aleppo, Syria)"),
        ("attack on police in Sitra, Bahrain", "in Sitra (Bahrain)"),
    ],
)
def test_relations_in_both_languages(question: str, wanted: str) -> None:
    assert [described(area, NAMES) for area in ask(question, NAMES).areas] == [wanted]


@pytest.mark.parametrize(
    "question",
    [
        "how ISIS finances itself",
        "of the un",
        "حكم بعقوبة السجن",
        "US-trained rebels",
        "ضابط سوري",
        "they hit the ball",
        "موارد الدواعش",
        "مسبح نصف قطره 30 مترا",
        "people near hospitals and in houses",
        "ما هي العاصمة الجديدة",
        "انتقلت الحكومة إلى العاصمة الجديدة",
    ],
)
def test_questions_without_a_place_ask_for_none(question: str) -> None:
    assert ask(question, NAMES).areas == ()


def test_a_name_that_two_places_share_is_resolved_and_the_other_is_offered() -> None:
    iraq, syria = ask("strikes near Hawija", NAMES), ask("strikes near Hawija, Syria", NAMES)

    assert iraq.areas[0].place.country == "Iraq"
    assert "not Al-Huwayja (Ghab) (Hama, Syria)?" in iraq.notices[0]
    assert iraq.notices[0].startswith("Hawija was read as Hawija (Kirkuk, Iraq)")
    assert [area.place.country for area in syria.areas] == ["Syria"]
    assert syria.notices == (), "the question has chosen"


def test_what_is_offered_is_said_in_arabic_too() -> None:
    [notice] = ask("غارات قرب الحويجة", NAMES, Language.ARABIC).notices

    assert "الحويجة (كركوك، العراق)" in notice and "سوريا)" in notice


def test_names_that_are_not_searched_as_places_are_not_offered() -> None:
    assert ask("صحيفة الرياض", NAMES).notices == ()


def test_a_border_between_countries_asks_for_both() -> None:
    assert [described(area, NAMES) for area in ask("the border between Syria and Turkey", NAMES).areas] == [
        "in Syria",
        "in Turkey",
    ]


def test_the_months_of_a_question_are_no_places() -> None:
    question = "غارات في 1 آب 2015"

    assert ask(question, NAMES, taken=[(10, 18)]).areas == ()


def test_a_distance_is_a_filter_and_nearness_is_not() -> None:
    [within] = ask("within 30 km of Hawija", NAMES).areas
    [near] = ask("near Hawija", NAMES).areas

    assert (within.strict, within.within_km, within.relation) == (True, 30.0, Relation.WITHIN)
    assert not near.strict


@pytest.mark.parametrize(
    "name, country",
    [
        ("Hawija", "Iraq"),
        ("Hawija, Syria", "Syria"),
        ("طرابلس", "Libya"),
        ("Tripoli, Lebanon", "Lebanon"),
        ("Huwayjeh", "Iraq"),
    ],
)
def test_a_name_alone_means_one_place(name: str, country: str) -> None:
    place, _ = one(name, NAMES)

    assert place is not None and place.country == country


def test_a_name_alone_may_mean_nothing() -> None:
    assert one("Xyzzyville", NAMES) == (None, [])


def test_spans_are_where_the_names_stand_in_the_question() -> None:
    question = "غارات على الحويجة وبيجي"

    assert [question[start:end] for start, end in ask(question, NAMES).spans] == ["الحويجة", "بيجي"]


def test_skipping_where_no_long_name_begins_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    listed = rng.sample(list(NAMES.names()), 300)
    words = ["the", "near", "قرب", "city's", "و", "of", *(word for name in listed for word in name.split())]
    texts = [" ".join(rng.choice([rng.choice(listed), rng.choice(words)]) for _ in range(6)) for _ in range(200)]
    texts += [f"{rng.choice(['و', 'ب', 'لل', 'بال', 'the '])}{name}" for name in listed]
    pages = [fold(text) for text in texts]
    found = [query_names.names(page, NAMES) for page in pages]
    monkeypatch.setattr(NAMES, "goes_on", lambda word: True)
    assert found == [query_names.names(page, NAMES) for page in pages]
    assert any(" " in page.text[n.start : n.end] for page, (named, _) in zip(pages, found, strict=True) for n in named)
