"""A collection of two languages: what one language cannot say of a question counts against its reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, cycle, islice, permutations
from pathlib import Path

import numpy as np
import pytest

from service import balance
from service.engine import Engine
from service.fusion import Lowered
from service.interaction import Reading
from service.records import Concept, Language, Leg, Ranking
from service.retriever import Retriever


def test_a_word_without_translation_counts_against_the_other_language(
    engine: Engine, reports: Callable[..., Path]
) -> None:
    name = "Qzxvkrtnp"  # nothing in Arabic sounds like it
    arabic = [{"id": f"ar{i}", "text": f"افتتح السوق في اليوم {i}. جاء التجار."} for i in range(2)]
    asked = {"id": "asked", "text": f"{name} spoke at length about the harvest and its price."}
    others = [{"id": f"other{i}", "text": f"Word{i} other{i} thing{i}."} for i in range(30)]
    engine.ingest("c", [reports(*arabic, asked, *others)])
    found = engine.retriever("c").search(f"{name} market", explain=True).passages
    assert [passage.article_id for passage in found[:2]] == ["asked", "ar0"]  # ar0 has but the commoner half


WORDS = {"قطار": "train", "جسر": "bridge", "مصنع": "factory", "مدرسة": "school", "سفينة": "ship", "طبيب": "doctor"}
QUESTION = " ".join(WORDS)
ANSWER = f"The {' and the '.join(WORDS.values())} were named in one sentence."


def by_chance(words: int) -> list[dict[str, str]]:
    """300 Arabic reports that hold so many of the question's words each."""
    held = islice(cycle(combinations(WORDS, words)), 300)
    return [{"id": f"ar{i}", "text": f"وقف {' قرب '.join(some)} في اليوم {i}."} for i, some in enumerate(held)]


@pytest.fixture
def mostly_arabic(engine: Engine, reports: Callable[..., Path]) -> Engine:
    """Arabic reports that hold three of the question's words, and one English one that holds all."""
    engine.ingest("c", [reports(*by_chance(3), {"id": "asked", "text": ANSWER})])
    return engine


def found(engine: Engine, text: str, weight: float) -> list[str]:
    other = Retriever(
        engine.reader("c"), engine.encoder, replace(engine.settings, weight_balance=weight, weight_alignment=0.0)
    )
    return [passage.article_id for passage in other.search(text).passages]


def test_many_reports_of_one_language_do_not_hide_the_right_one_of_the_other(mostly_arabic: Engine) -> None:
    assert found(mostly_arabic, QUESTION, 1.0)[0] == "asked"
    assert found(mostly_arabic, QUESTION, 0.0)[0] != "asked"  # so it is the balance that found it


def test_a_few_words_in_the_rarer_language_are_not_raised(engine: Engine, reports: Callable[..., Path]) -> None:
    few = {"id": "few", "text": "A train crossed the bridge."}  # as many words as a good part of the others hold
    engine.ingest("c", [reports(*by_chance(2), few, {"id": "all", "text": f"جاء {' ثم '.join(WORDS)} معا."})])
    assert found(engine, QUESTION, 1.0)[0] == "all"
    assert "few" not in found(engine, QUESTION, 1.0)


def test_what_either_language_answers_stays_beside_the_other(engine: Engine, reports: Callable[..., Path]) -> None:
    both = [{"id": "en", "text": ANSWER}, {"id": "ar", "text": f"جاء {' ثم '.join(WORDS)} معا."}]
    engine.ingest("c", [reports(*by_chance(3), *both)])
    for question in (QUESTION, " ".join(WORDS.values())):
        assert set(found(engine, question, 1.0)[:2]) == {"en", "ar"}


def test_of_two_languages_that_hold_as_much_the_one_with_fewer_passages_is_believed(
    engine: Engine, reports: Callable[..., Path]
) -> None:
    engine.ingest("c", [reports(*by_chance(6), {"id": "asked", "text": ANSWER})])
    _, lowered = weighed(engine, QUESTION)
    assert lowered is None or lowered.times > 0.99  # both hold all there is: neither is unlikely
    engine.ingest(
        "d", [reports(*by_chance(3), {"id": "asked", "text": ANSWER.replace("doctor", "nurse")}, name="d.jsonl")]
    )
    legs, lowered = weighed(engine, QUESTION, "d")
    assert lowered and lowered.times < 0.9
    assert set(engine.reader("d").languages(lowered.keys.tolist())) == {Language.ARABIC}
    assert not {*lowered.keys.tolist()} & {int(legs[Leg.CROSS].keys[0])}


def test_where_the_other_language_has_next_to_nothing_all_stays_as_it_is(mostly_arabic: Engine) -> None:
    reader = mostly_arabic.reader("c")
    some, little = (Ranking(np.arange(2), np.array([best, 0.1])) for best in (0.9, 0.2))
    none = Ranking(np.zeros(0, np.int64), np.zeros(0))
    concepts = {leg: [Concept("train", {"train": 1.0})] for leg in (Leg.BM25, Leg.CROSS)}
    for legs in permutations((some, little)), permutations((some, none)):
        for own, cross in legs:
            rankings = {Leg.BM25: own, Leg.CROSS: cross}
            found = balance.weighed(reader, Reading(reader), concepts, Language.ENGLISH, rankings)
            assert found == (rankings, None)


def weighed(engine: Engine, question: str, collection: str = "c") -> tuple[dict[Leg, Ranking], Lowered | None]:
    """As a search weighs the languages."""
    retriever, reader = engine.retriever(collection), engine.reader(collection)
    concepts = retriever.concepts(question)
    rankings = {}
    for leg in (Leg.BM25, Leg.CROSS):
        found = reader.search_terms(concepts[leg], 1000)
        rankings[leg] = Ranking(found.keys, found.scores / reader.best_possible(concepts[leg]))
    return balance.weighed(reader, Reading(reader), concepts, Language.ARABIC, rankings)
