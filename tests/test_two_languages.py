"""A collection of two languages: what one language cannot say of a question counts against its reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from service import balance
from service.engine import Engine
from service.records import Concept, Fusion, Hit, Language, Leg, Ranking
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


def test_which_language_counts_less_is_said_on_demand(mostly_arabic: Engine) -> None:
    retriever = mostly_arabic.retriever("c")
    said = [
        n for n in retriever.search(QUESTION, explain=True).notices if n.startswith("ضُرب تقييم المقاطع العربية في ")
    ]
    assert len(said) == 1 and 0 < float(re.findall(r"0\.\d\d", said[0])[0]) < 1
    english = retriever.search(" ".join(WORDS.values()), explain=True).notices
    assert any(re.match(r"Arabic passages count 0\.\d\d times: English ones", notice) for notice in english)
    assert not retriever.search(QUESTION).notices


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


class Told:
    """A reader and a reading in one: Arabic passages from 100 on, each language's best holding so much."""

    def __init__(self, arabic: tuple[int, float], english: tuple[int, float]) -> None:
        self._told = {Language.ARABIC: arabic, Language.ENGLISH: english}

    def languages(self, keys: list[int]) -> list[Language]:
        return [Language.ARABIC if key >= 100 else Language.ENGLISH for key in keys]

    def chunks_in(self, language: Language) -> int:
        return self._told[language][0]

    def held(self, concepts: Mapping[Leg, Sequence[Concept]], keys: Sequence[int]) -> npt.NDArray[np.float64]:
        return np.array(
            [self._told[language][1] - key % 100 for key, language in zip(keys, self.languages([*keys]), strict=True)]
        )


FEW, MANY = 300, 100_000
EITHER = {  # (passages, held by the best) in Arabic and in English -> which counts less, and how much
    ((MANY, 11.0), (FEW, 11.0)): (Language.ARABIC, 0.197),  # among many more is held by chance
    ((FEW, 11.0), (MANY, 11.0)): (Language.ENGLISH, 0.197),
    ((MANY, 20.0), (FEW, 16.0)): None,  # likely both
    ((MANY, 20.0), (FEW, 11.0)): (Language.ENGLISH, 0.976),  # rather likely both
    ((MANY, 20.0), (FEW, 7.0)): (Language.ENGLISH, 0.058),
    ((MANY, 13.0), (FEW, 10.0)): (Language.ARABIC, 0.929),  # as likely as not
    ((5, 9.0), (100, 9.0)): None,  # a few passages are as many as a hundred
}


@pytest.mark.parametrize(("told", "less"), EITHER.items())
def test_the_less_likely_language_counts_less(
    told: tuple[tuple[int, float], tuple[int, float]], less: tuple[Language, float] | None
) -> None:
    reader: Any = Told(*told)
    legs = {
        Leg.BM25: Ranking(np.arange(4), np.array([0.8, 0.6, 0.4, 0.2])),
        Leg.CROSS: Ranking(np.arange(100, 104), np.array([0.4, 0.3, 0.2, 0.1])),
    }
    nearer, found = balance.weighed(reader, reader, {}, legs)
    assert nearer[Leg.BM25].scores.tolist() == legs[Leg.BM25].scores.tolist()
    assert 0.4 < nearer[Leg.CROSS].scores[0] < 0.8
    assert (found and (found.language, pytest.approx(found.times, abs=0.001))) == less
    if found:
        squared = balance.weighed(reader, reader, {}, legs, strength=2.0)[1]
        assert squared and squared.times == pytest.approx(found.times**2)
        assert balance.weighed(reader, reader, {}, legs, filtered=True)[1] != found  # four of either were found


def test_all_that_is_found_in_a_language_is_lowered() -> None:
    reader: Any = Told((1, 0.0), (1, 0.0))
    found = {leg: Ranking(np.array(keys), np.ones(2)) for leg, keys in ((Leg.BM25, [7, 101]), (Leg.DENSE, [7, 3]))}
    lowered = balance.lowered(reader, found, balance.Less(Language.ENGLISH, 0.5))
    assert lowered.keys.tolist() == [3, 7] and lowered.times == 0.5


def test_ranks_are_not_weighed(mostly_arabic: Engine) -> None:
    def ranked(weight: float) -> list[Hit]:
        changed = replace(mostly_arabic.settings, weight_balance=weight, fusion=Fusion.RRF)
        return Retriever(mostly_arabic.reader("c"), mostly_arabic.encoder, changed).rank(QUESTION, depth=300)

    assert ranked(1.0) == ranked(0.0)


def test_where_the_other_language_has_next_to_nothing_all_stays_as_it_is() -> None:
    reader: Any = Told((MANY, 20.0), (FEW, 0.0))
    some, little = Ranking(np.arange(2), np.array([0.9, 0.1])), Ranking(np.arange(100, 102), np.array([0.2, 0.1]))
    none = Ranking(np.zeros(0, np.int64), np.zeros(0))
    for own, cross in (some, little), (little, some), (some, none), (none, some), (none, none):
        legs = {Leg.BM25: own, Leg.CROSS: cross}
        assert balance.weighed(reader, reader, {}, legs) == (legs, None)
