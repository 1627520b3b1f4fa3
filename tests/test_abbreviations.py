"""What analysts abbreviate is looked for under its full name, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from service import abbreviations, analyzer, lexicon
from service.engine import Engine
from service.errors import ModelError
from service.query import parse
from service.question import read
from service.question_terms import question_terms, unit_forms
from service.records import Language, Leg


@pytest.mark.parametrize(
    "text, words, shorts",
    [
        ("HRW report", "Human Rights Watch report", ["HRW", "HRW", "HRW", ""]),
        ("hrw report", "Human Rights Watch report", ["HRW", "HRW", "HRW", ""]),
        ("US strikes", "United States strikes", ["US", "US", ""]),
        ("U.S.-led strikes", "United States led strikes", ["US", "US", "", ""]),
        ("in the U.S. The strikes", "United States strikes", ["US", "US", ""]),
        ("U.S.Army U.S drone, u.s.", "United States Army United States drone u", ["US", "US", "", "US", "US", "", ""]),
        ("tell us who bombed it", "tell bombed", ["", ""]),  # small letters: a pronoun, a question word
        ("WHO on Ebola", "World Health Organization Ebola", ["WHO"] * 3 + [""]),
        ("WHO BOMBED US", "BOMBED", [""]),  # where all is in capitals they tell nothing
        ("HRW YEMEN", "Human Rights Watch YEMEN", ["HRW"] * 3 + [""]),
        ("US UK", "United States United Kingdom", ["US", "US", "UK", "UK"]),
        ("UNICEF WHO", "UNICEF World Health Organization", ["", "WHO", "WHO", "WHO"]),
        ("US$5bn for 500GB", "5 bn 500 GB", [""] * 4),
        ("تقرير WHO و WFP", "تقرير World Health Organization World Food Programme", [""] + ["WHO"] * 3 + ["WFP"] * 3),
        ("IEDs", "improvised explosive device", ["IED"] * 3),
        ("RPG", "rocket propelled grenade", ["RPG"] * 3),
        ("the UNSC's vote", "United Nations Security Council vote", ["UNSC"] * 4 + [""]),
        ("MoU MOU", "memorandum understanding memorandum understanding", ["MoU"] * 4),
        ('"HRW" report', "HRW report", ["", ""]),  # as written
        ("HRW OR Amnesty", "HRW Amnesty", [""]),
        ("US OR UK", "United States United Kingdom", ["US", "US", "UK", "UK"]),
        ("HRW OR US", "HRW United States", ["", "US", "US"]),
        ("a Kia, a gia and SAM6", "Kia gia SAM 6", ["", "", "", ""]),
        ("UNICEF", "UNICEF", [""]),  # Arabic has it as a word, and so has the lexicon
    ],
)
def test_an_abbreviation_is_written_out(text: str, words: str, shorts: list[str]) -> None:
    found = parse(text)
    assert (" ".join(found.words), [short.short if short else "" for short in found.shorts]) == (words, shorts)


@pytest.mark.parametrize(
    "text, language",
    [
        ("تقرير HRW", Language.ARABIC),
        ("ما هي UNMISS؟", Language.ARABIC),
        ("HRW", Language.ENGLISH),
        ("what is OCHA?", Language.ENGLISH),
    ],
)
def test_the_language_is_that_of_what_was_typed_beside_it(text: str, language: Language) -> None:
    assert parse(text).language is language


@pytest.fixture
def both(engine: Engine, reports: Callable[..., Path]) -> Engine:
    texts = {
        "ar": "اتهمت منظمة هيومن رايتس ووتش الحوثيين بقصف عدن.", "en": "Human Rights Watch wrote about Aden.",
        "short": "A report of HRW on Taiz.", "rights": "دعت منظمة أخرى إلى احترام القانون في عدن.",
        "us": "قال متحدث باسم الولايات المتحدة إن الطائرات قصفت الأنبار.", "iraq": "قصفت طائرات عراقية الأنبار.",
    }  # fmt: skip
    others = [{"id": f"other{i}", "text": f"خبر رقم {i} عن السوق."} for i in range(20)]
    engine.ingest("c", [reports(*({"id": name, "text": text} for name, text in texts.items()), *others)])
    return engine


@pytest.mark.parametrize(
    "text, expected",
    [
        ("HRW", {"ar", "en", "short"}),
        ("تقرير HRW", {"ar", "en", "short"}),
        ("US strikes in Anbar", {"us"}),
        ('"HRW"', {"short"}),
    ],
)
def test_reports_are_found_that_write_it_out(both: Engine, text: str, expected: set[str]) -> None:
    found = [passage.article_id for passage in both.retriever("c").search(text).passages]
    assert set(found[: len(expected)]) == expected


def test_it_is_said_how_it_was_read_but_of_what_nobody_mistakes(both: Engine) -> None:
    assert both.retriever("c").search("HRW on US strikes in Taiz").notices == (
        "HRW was read as Human Rights Watch; in quotation marks it is looked for as written",
    )
    assert "MoU was read as memorandum of understanding" in both.retriever("c").search("MoU, MoU").notices[0]
    assert both.retriever("c").search("تقرير HRW").notices[0].startswith("فُهم HRW على أنه هيومن رايتس ووتش")


def test_it_counts_as_one_word_in_its_own_language(both: Engine) -> None:
    for text, written_in, elsewhere in (("HRW Taiz", Leg.BM25, Leg.CROSS), ("HRW تعز", Leg.CROSS, Leg.BM25)):
        concepts = both.retriever("c").concepts(text)
        assert [round(c.weight, 2) for c in concepts[written_in]] == [0.33, 0.33, 0.33, 1.0]
        assert {"watch", "hrw"} <= set(concepts[written_in][2].terms)
        assert {c.weight for c in concepts[elsewhere]} == {1.0}
        assert "وتش" in concepts[elsewhere][2].terms


def test_words_typed_beside_it_count_in_full(both: Engine) -> None:
    concepts = both.retriever("c").concepts("HRW Human shields UNSC UN vote")[Leg.BM25]
    assert [round(c.weight, 2) for c in concepts] == [0.33] * 3 + [1.0] * 2 + [0.25] * 4 + [0.5] * 2 + [1.0]


def test_the_word_that_stands_for_it_in_arabic_suffices(engine: Engine, reports: Callable[..., Path]) -> None:
    texts = {"asked": "قال الناتو إنه يدرب الضباط.", "chance": "منظمة في شمال البلاد وقعت معاهدة."}
    others = [{"id": f"other{i}", "text": f"خبر رقم {i} عن السوق."} for i in range(20)]
    engine.ingest("c", [reports(*({"id": name, "text": text} for name, text in texts.items()), *others)])
    assert engine.retriever("c").search("NATO").passages[0].article_id == "asked"


def test_texts_that_write_it_with_dots_are_found(engine: Engine, reports: Callable[..., Path]) -> None:
    texts = [{"id": "asked", "text": "A U.S. drone fell."}, {"id": "other", "text": "A drone fell."}]
    engine.ingest("c", [reports(*texts, *({"id": f"o{i}", "text": f"Market day {i}."} for i in range(20)))])
    for text in ("US drone", "U.S. drone"):
        assert engine.retriever("c").search(text).passages[0].article_id == "asked"


def test_it_can_be_left_out_and_sought_in_titles(engine: Engine, reports: Callable[..., Path]) -> None:
    texts = [
        {"id": "ar", "title": "الجيش الأمريكي", "text": "قال الجيش إن الولايات المتحدة قصفت عدن."},
        {"id": "en", "title": "United States army", "text": "The United States army hit Aden."},
        {"id": "other", "title": "Market", "text": "Aden has a market."},
    ]
    engine.ingest("c", [reports(*texts)])

    def found(text: str) -> set[str]:
        return {passage.article_id for passage in engine.retriever("c").search(text).passages}

    assert found("-US Aden") == {"other"}
    assert found("title:US Aden") == {"ar", "en"}


def test_what_stands_for_a_name_explains_itself(both: Engine) -> None:
    found = both.retriever("c").search("HRW on Taiz", explain=True).passages
    matches = {p.article_id: {(m.source, m.form) for m in p.matches} for p in found}
    assert matches["short"] == {("HRW", "hrw"), ("Taiz", "taiz")}
    assert ("Watch", "وتش") in matches["ar"]


def test_many_are_not_all_named(both: Engine) -> None:
    notices = both.retriever("c").search("HRW WHO WFP ILO IOM IMF MSF reports").notices
    assert len(notices) == 5


def test_a_phrase_with_one_is_demanded_in_both_languages(both: Engine) -> None:
    asked = both.retriever("c").expansion.phrase_in_other_language
    assert ("جيش", "امريك") in asked("US army", Language.ENGLISH)
    assert asked("US army", Language.ENGLISH) == asked("United States army", Language.ENGLISH)


def test_what_is_counted_is_known_by_its_abbreviation(both: Engine) -> None:
    question = read("How many IEDs exploded in Aden?")
    concepts = both.retriever("c").concepts(question.text)
    terms = question_terms(question, concepts, both.reader("c").document_frequencies, 20)
    assert {term.source for term in terms if term.typed == "IEDs"} == {"improvised", "explosive", "device"}
    assert "ناسف" in unit_forms(question, terms)


def test_words_of_the_other_language_are_looked_for_in_both(engine: Engine, reports: Callable[..., Path]) -> None:
    asked = {"id": "asked", "text": "وصلت سفينة مساعدات إلى ميناء عدن."}
    engine.ingest("c", [reports(asked, *({"id": f"ar{i}", "text": f"خبر رقم {i} عن عدن."} for i in range(20)))])
    found = engine.retriever("c").search("وصول ship إلى عدن", explain=True)
    assert found.passages[0].article_id == "asked"
    assert ("ship", "سفين") in {(match.source, match.form) for match in found.passages[0].matches}


def test_numbers_are_of_either_language(both: Engine) -> None:
    year = both.retriever("c").concepts("قصف عدن 2015")[Leg.BM25][2]
    assert year.terms == {"2015": 1.0}


def test_the_packed_list_is_that_of_the_checkout(tmp_path: Path) -> None:
    lines = list(lexicon.abbreviations(lexicon.LISTS))
    assert abbreviations.pack(tmp_path, lexicon.LISTS) == len(lines) == len({line[0] for line in lines})
    assert (tmp_path / lexicon.ABBREVIATIONS).read_bytes() == (lexicon.BUNDLED / lexicon.ABBREVIATIONS).read_bytes()
    known = lexicon.load(Language.ENGLISH)
    for short, name, arabic, alone in lines:
        assert analyzer.words(short) == [short], short
        assert name.isascii() and known.look_up(" ".join(analyzer.terms(name))), name
        assert all(map(analyzer.is_arabic, arabic.split("، "))), arabic
        assert len(analyzer.terms(alone)) == bool(alone), alone


@pytest.mark.parametrize("harm", ["HRW\n", None])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str | None) -> None:
    if harm is not None:
        (tmp_path / lexicon.ABBREVIATIONS).write_text(harm, "utf-8")
    monkeypatch.setattr(lexicon, "BUNDLED", tmp_path)
    with pytest.raises(ModelError, match=r"abbreviations.tsv cannot be read .*: install rasad again"):
        abbreviations.read("HRW")
