from __future__ import annotations

from itertools import pairwise

import pytest

from service.places import gazetteer
from service.places.finder import Finder
from service.records import PlaceMention


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(gazetteer.load())


def named(finder: Finder, text: str, title: str = "") -> list[tuple[str, str]]:
    """(the words as written, name of the place in English or "" when it stays open)."""
    return [
        (text[m.start : m.end], m.place.name_en if m.place else "") for m in finder.find(text, title) if m.start >= 0
    ]


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("وصل إلى جدة والطائف", ["Jeddah", "Taif"]),
        ("غارات بالحويجة وللموصل وكركوك", ["Hawija", "Mosul", "Kirkuk"]),
        ("انتقل من مدينة الموصل إلى الأردن", ["Mosul", "Jordan"]),
        ("في عين العرب", ["Kobani"]),
        ("China's army left Boston for Saudi Arabia", ["China", "Boston", "Saudi Arabia"]),
        ("الغارة قرب الحُوَيْجة", ["Hawija"]),
        ("جمهورية مصر العربية", ["Egypt"]),
    ],
)
def test_names_are_found_with_their_clitics(finder: Finder, text: str, wanted: list[str]) -> None:
    assert [name for _, name in named(finder, text)] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "حكم عليه بعقوبة السجن ثلاث سنوات",
        "أهدي السلام إلى الجميع",
        "بين القريتين طريق",
        "قالت صحيفة الرياض أمس",
        "لاعب نادي الشباب نايف هزازي",
        "Jack London wrote it. They hit the ball. Salt and bread.",
        "ضرب المدرب مثلا في الدور الأول",
        "الهيئة السعودية للمهندسين",
        "the University of Oxford Street",
    ],
)
def test_words_people_and_organisations_are_no_places(finder: Finder, text: str) -> None:
    assert named(finder, text) == []


@pytest.mark.parametrize(
    "text, written, place",
    [
        ("انفجار في بعقوبة بديالى", "بعقوبة", "Baqubah"),
        ("سيطر التنظيم على مدينة القريتين في ريف حمص", "القريتين", "Qaryatayn"),
        ("اشتباكات في ناحية الرشاد جنوب غربي كركوك", "الرشاد", "Rashad"),
        ("قوات في قضاء القائم غربي الأنبار", "القائم", "Qaim"),
    ],
)
def test_context_makes_a_place_of_a_word(finder: Finder, text: str, written: str, place: str) -> None:
    assert (place in dict((n, w) for w, n in named(finder, text))) and any(written in w for w, _ in named(finder, text))


def test_the_rest_of_the_article_decides_between_places_of_one_name(finder: Finder) -> None:
    iraq = finder.find("قصف الحويجة جنوب غرب كركوك في العراق")
    syria = finder.find("قصف الحويجة في سهل الغاب بريف حماة في سوريا")

    assert [m.place.country for m in iraq if m.place] == ["Iraq"] * 3
    assert {m.place.country for m in syria if m.place} == {"Syria"}


def test_what_stays_open_is_found_and_not_resolved(finder: Finder) -> None:
    text = "سقطت القذيفة على قرية القنبورة"

    [mention] = finder.find(text)

    assert text[mention.start : mention.end] == "القنبورة"
    assert mention.place is None


def test_an_english_spelling_that_nobody_listed_is_resolved_by_its_sound(finder: Finder) -> None:
    [first, *_] = finder.find("They fought near Huwayjeh in Kirkuk, Iraq.")

    assert first.place is not None and first.place.name_en == "Hawija"
    assert first.confidence < 0.7


def test_the_title_tells_where_too(finder: Finder) -> None:
    found = finder.find("قتل ثلاثة.", "انفجار في الموصل")

    assert found == [PlaceMention(-1, -1, found[0].place, found[0].confidence)]
    assert found[0].place is not None and found[0].place.name_en == "Mosul"


def test_confidence_is_a_share_and_higher_with_evidence(finder: Finder) -> None:
    alone = finder.find("الحويجة")[0].confidence
    told = finder.find("في قضاء الحويجة جنوب كركوك")[0].confidence

    assert 0 < alone < told <= 1


def test_mentions_come_in_text_order_and_do_not_overlap(finder: Finder) -> None:
    text = "من إقليم كردستان العراق إلى نهر الفرات ثم دير الزور والرقة وعين العرب (كوباني) وتركيا"
    spans = [(m.start, m.end) for m in finder.find(text)]

    assert len(spans) >= 6
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "123", "🛰🛰", "\u0640\u064b", "A"])
def test_odd_texts_name_nothing(finder: Finder, text: str) -> None:
    assert finder.find(text) == []
