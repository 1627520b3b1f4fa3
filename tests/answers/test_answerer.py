"""Questions over the sample collection: the right report first, its own words, or an honest refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.answerer import Answerer
from service.engine import Engine
from service.errors import QueryError
from service.notices import say
from service.records import Article, Filters, Language


def test_a_question_in_arabic_is_answered_by_the_report_that_says_it(answerer: Answerer) -> None:
    answer = answerer.answer("كم مسلحا قتل في قصف التحالف قرب الرشاد؟")
    assert (answer.abstained, answer.language, answer.answer_type) == (False, Language.ARABIC, "number")
    assert answer.citations[0].article_id in ("seed-028", "seed-029")
    assert answer.short_answer == "خمسة عشر مسلحا"
    assert answer.sentences[0].text == answer.citations[0].quote
    assert answer.sentences[0].markers == (1,)
    assert answer.nearest == ()


def test_the_same_question_in_english_reaches_the_same_reports(answerer: Answerer) -> None:
    answer = answerer.answer("How many ISIS fighters were killed in the coalition strike near al-Rashad?")
    assert {"seed-028", "seed-029"} & {citation.article_id for citation in answer.citations}
    assert answer.confidence >= 0.57


def test_an_answer_rests_on_what_the_filters_let_through(answerer: Answerer) -> None:
    question = "كم مسلحا قتل في قصف التحالف قرب الرشاد؟"
    inside = answerer.answer(question, Filters(language=("ar",), since="2015"))
    outside = answerer.answer(question, Filters(language=("en",), place=("Yemen",)))

    assert inside.citations and {citation.language for citation in inside.citations} == {"ar"}
    assert outside.abstained
    assert {passage.language for passage in outside.nearest} <= {"en"}
    assert next(iter(answerer.stream(question, Filters(source=("nobody",))))).abstained  # type: ignore[union-attr]


def test_an_arabic_quote_has_a_gloss_and_an_english_one_has_none(answerer: Answerer) -> None:
    answer = answerer.answer("Whose aircraft struck the village of Muzayrir near Hawija on 14 May 2020?")
    glosses = {citation.language: citation.gloss for citation in answer.citations}
    assert "Hawija" in glosses["ar"] and "aircraft" in glosses["ar"].lower() + " aircraft"
    assert glosses["en"] == ""


@pytest.mark.parametrize(
    "question",
    [
        "How many pilots were shot down over Kobani in 2019?",
        "كم بلغت الفدية التي دفعت لإطلاق الإيطاليتين في سوريا؟",
        "Who won the Nobel Peace Prize of 2015?",
        "ما اسم طبيب الأسنان الذي افتتح عيادة في القيارة عام 2021؟",
    ],
)
def test_what_is_not_in_the_reports_is_refused(answerer: Answerer, question: str) -> None:
    answer = answerer.answer(question)
    assert answer.abstained
    assert (answer.sentences, answer.citations, answer.short_answer, answer.figures) == ((), (), "", ())
    assert 0 < len(answer.nearest) <= 10
    assert answer.confidence < 0.66


def test_a_question_whose_words_are_nowhere_is_refused_without_passages(answerer: Answerer) -> None:
    answer = answerer.answer("-داعش zzzqqqxxx")
    assert answer.abstained
    assert answer.confidence < 0.5


def test_an_empty_question_is_an_error(answerer: Answerer) -> None:
    with pytest.raises(QueryError):
        answerer.answer("  ")


def test_the_same_question_has_the_same_answer(answerer: Answerer) -> None:
    first, second = (answerer.answer("ماذا فجر داعش في القيارة؟") for _ in range(2))
    assert replace(first, took_ms=0.0) == replace(second, took_ms=0.0)


def test_reports_that_differ_are_listed_with_their_figures(tmp_path: Path, seeds: Engine) -> None:
    reports = [
        (
            "t-1",
            "Field Desk",
            "2015-08-10",
            "A car bomb in the market of Baquba killed 40 people on Monday, police said.",
        ),
        ("t-2", "Wire", "2015-08-11", "Doctors counted 55 people killed by the car bomb in Baquba's crowded market."),
        ("t-3", "Daily", "2015-08-11", "Rain is expected in the mountains over the weekend, forecasters announced."),
    ]
    source = tmp_path / "tolls.jsonl"
    lines = [json.dumps({"id": i, "source": s, "date": d, "text": t}) + "\n" for i, s, d, t in reports]
    source.write_text("".join(lines), encoding="utf-8")
    own = Engine(replace(seeds.settings, indexes=tmp_path / "indexes", answer_threshold=0.0))
    own.ingest("tolls", [str(source)])
    answer = own.answerer("tolls").answer("How many people were killed by the car bomb in the market of Baquba?")
    own.close()
    assert {(f.value, f.source, f.published) for f in answer.figures} == {
        (40.0, "Field Desk", "2015-08-10"), (55.0, "Wire", "2015-08-11"),
    }  # fmt: skip
    assert all(answer.citations[f.marker - 1].source == f.source for f in answer.figures)


def test_copies_are_one_citation(tmp_path: Path, seeds: Engine) -> None:
    text = (
        "A car bomb in the crowded market of Baquba killed 40 people on Monday evening, "
        "the provincial police said in a statement."
    )
    reports = [
        ("w-1", text),
        ("w-2", text),
        ("w-3", "Baquba (Wire): " + text),
        ("w-4", "Rain fell on the hills all day long."),
    ]
    source = tmp_path / "wire.jsonl"
    source.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in reports), encoding="utf-8")
    own = Engine(replace(seeds.settings, indexes=tmp_path / "indexes", answer_threshold=0.0))
    own.ingest("wire", [str(source)])
    answer = own.answerer("wire").answer("How many people were killed by the car bomb in the market of Baquba?")
    own.close()
    first = answer.citations[0]
    assert {first.article_id, *first.copies} == {"w-1", "w-2", "w-3"}
    assert all(citation.article_id == "w-4" for citation in answer.citations[1:])
    assert answer.figures == ()


def test_a_damaged_store_yields_a_refusal_not_a_wrong_quote(
    with_settings: Callable[..., Answerer], monkeypatch: pytest.MonkeyPatch
) -> None:
    answerer = with_settings()
    monkeypatch.setattr(answerer, "_article", lambda article_id: Article(article_id, "another text", "0" * 64))
    answer = answerer.answer("كم مسلحا قتل في قصف التحالف قرب الرشاد؟")
    assert answer.abstained and answer.citations == ()
    assert answer.notices[-1] == say(Language.ARABIC, "quote_not_stored")


def test_most_of_the_sample_topics_are_answered_by_their_evidence(answerer: Answerer, root: Path) -> None:
    topics = [json.loads(line) for line in (root / "seeds/topics.jsonl").read_text("utf-8").splitlines()]
    for field, least in (("question_ar", 0.75), ("question_en", 0.75)):
        right = 0
        for topic in topics:
            answer = answerer.answer(topic[field])
            shown = {name for c in answer.citations[:3] for name in (c.article_id, *c.copies)}
            right += bool(shown & {evidence["doc"] for evidence in topic["evidence"]})
        assert right / len(topics) >= least


def test_a_less_sure_figure_does_not_stand_before_those_that_differ(tmp_path: Path, seeds: Engine) -> None:
    reports = [
        (
            "g-1",
            "After the car bomb in the market of Baquba, that killed many people, police held its guard of 11 people.",
        ),
        ("g-2", "A car bomb killed 40 people in the market of Baquba."),
        ("g-3", "Doctors counted 55 people killed by the car bomb in Baquba's crowded market."),
    ]
    source = tmp_path / "guards.jsonl"
    source.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in reports), encoding="utf-8")
    own = Engine(replace(seeds.settings, indexes=tmp_path / "indexes", answer_threshold=0.0))
    own.ingest("guards", [str(source)])
    answer = own.answerer("guards").answer("How many people were killed by the car bomb in the market of Baquba?")
    own.close()
    given = {f.value for f in answer.figures}
    assert {40.0, 55.0} <= given
    assert answer.short_answer == "" or answer.figures[0].marker == 1
