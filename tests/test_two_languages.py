"""A collection of two languages: what one language cannot say of a question counts against its reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from service import balance, interaction
from service import query as queries
from service.engine import Engine
from service.focus import NO_FILTERS
from service.interaction import Held, Reading
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
    assert len(said) == 1 and 0 < float(re.findall(r"0\.\d+", said[0])[0]) < 1
    english = retriever.search(" ".join(WORDS.values()), explain=True).notices
    assert any(re.match(r"Arabic passages count 0\.\d+ times: English ones", notice) for notice in english)
    assert not retriever.search(QUESTION).notices


def weighed_in(engine: Engine, text: str) -> balance.Less | None:
    """Which language counts less in a search, None for neither."""
    retriever = engine.retriever("c")
    query = queries.parse(text, 1000)
    wide = retriever.expansion.widened(query, retriever.expansion.concepts(query)[0], ())
    return retriever._found(text, query, wide, NO_FILTERS, 100).less


def test_relatives_of_the_questions_own_words_do_not_favour_its_language(
    engine: Engine, reports: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = ("القطارات", "الجسور", "المصانع", "المدارس", "السفن", "الأطباء")  # of the question's words, or near them
    related = [{"id": f"ar{i}", "text": f"وقفت {' قرب '.join(forms)} في اليوم {i}."} for i in range(100)]
    engine.ingest("c", [reports(*related, {"id": "asked", "text": ANSWER})])
    times = []
    for akin in (balance._AKIN, 1.0):
        monkeypatch.setattr(balance, "_AKIN", akin)
        less = weighed_in(engine, QUESTION)
        times.append(less.times if less and less.language is Language.ARABIC else 1.0)
    assert times[0] < times[1]


def test_a_long_question_that_nothing_answers_is_not_held_for_answered(mostly_arabic: Engine) -> None:
    long = "recipes with cinnamon and flour, knitting patterns for sleeves, tuning of violins and cellos " * 5
    concepts = mostly_arabic.retriever("c").concepts(long)
    reader = mostly_arabic.reader("c")
    found = Reading(reader).held(concepts, [0, 300], balance._AKIN)
    assert (balance._SHARE * found.share + balance._RARITY * found.rarity < balance._AGAINST + 3).all()


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


class Of(NamedTuple):
    """A language: its passages, and what its best one holds."""

    passages: int = 300
    share: float = 11.0
    rarity: float = 20.0
    score: float = 0.6


class Told:
    """A reader and a reading in one: Arabic passages from 100 on, each language's best holding so much."""

    def __init__(self, arabic: Of, english: Of) -> None:
        self._told = {Language.ARABIC: arabic, Language.ENGLISH: english}
        self.likeness = 0.0  # of their best passages

    def languages(self, keys: list[int]) -> list[Language]:
        return [Language.ARABIC if key >= 100 else Language.ENGLISH for key in keys]

    def chunks_in(self, language: Language) -> int:
        return self._told[language].passages

    def held(self, concepts: Mapping[Leg, Sequence[Concept]], keys: Sequence[int], akin: float) -> Held:
        assert akin < 1
        told = [(self._told[language], key % 100) for key, language in zip(keys, self.languages([*keys]), strict=True)]
        return Held(np.array([of.share - rank for of, rank in told]), np.array([of.rarity for of, _ in told]))

    def alike(self, these: Sequence[int], others: Sequence[int]) -> float:
        assert {*self.languages([*these])} | {*self.languages([*others])} == {Language.ARABIC, Language.ENGLISH}
        return self.likeness


MANY = 100_000
EITHER = {  # Arabic and English -> which counts less, and how much
    (Of(), Of()): None,
    (Of(MANY), Of()): (Language.ARABIC, 0.232),  # among many more is held by chance
    (Of(), Of(MANY)): (Language.ENGLISH, 0.232),
    (Of(MANY, 20), Of(share=16)): None,  # likely both
    (Of(MANY, 20), Of(share=9)): (Language.ENGLISH, 0.989),  # rather likely both
    (Of(MANY, 20), Of(share=4)): (Language.ENGLISH, 0.362),
    (Of(MANY, 13), Of(share=10)): (Language.ARABIC, 0.665),
    (Of(share=6, rarity=50), Of(share=6)): (Language.ENGLISH, 0.784),  # more words, or rarer ones
    (Of(share=4), Of(share=4, score=0.9)): (Language.ARABIC, 0.629),
    (Of(5), Of(100)): None,  # a few passages are as many as a hundred
}


@pytest.mark.parametrize(("told", "less"), EITHER.items())
def test_the_less_likely_language_counts_less(told: tuple[Of, Of], less: tuple[Language, float] | None) -> None:
    reader: Any = Told(*told)
    shares = np.array([1.0, 0.8, 0.5, 0.2])
    legs = {
        Leg.BM25: Ranking(np.arange(4), told[1].score * shares),
        Leg.CROSS: Ranking(np.arange(100, 104), told[0].score * shares),
    }
    nearer, found = balance.weighed(reader, reader, {}, legs)
    best = {leg: float(ranking.scores[0]) for leg, ranking in nearer.items()}
    assert best[Leg.BM25] == pytest.approx(told[1].score)
    assert told[0].score <= best[Leg.CROSS] <= told[1].score
    assert (found and (found.language, pytest.approx(found.times, abs=0.001))) == less
    if found:
        squared = balance.weighed(reader, reader, {}, legs, strength=2.0)[1]
        assert squared and squared.times == pytest.approx(found.times**2)
    few: Any = Told(*(of._replace(passages=4) for of in told))  # so many of either are in the rankings
    assert balance.weighed(reader, reader, {}, legs, filtered=True)[1] == balance.weighed(few, few, {}, legs)[1]


def test_where_the_best_of_both_languages_say_the_same_neither_counts_less() -> None:
    reader: Any = Told(Of(MANY), Of())
    legs = {leg: Ranking(np.array([key]), np.array([0.6])) for leg, key in ((Leg.BM25, 0), (Leg.CROSS, 100))}
    counts = []
    for reader.likeness in (0.45, 0.5, 0.55):
        less = balance.weighed(reader, reader, {}, legs)[1]
        counts.append(less.times if less else 1.0)
    assert counts == [pytest.approx(0.232, abs=0.001), pytest.approx(0.232**0.5, abs=0.001), 1.0]


def test_a_translation_is_told_from_another_passage(
    engine: Engine, reports: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "en": ANSWER,
        "ar": f"ذكر {' و'.join(WORDS)} في جملة واحدة.",
        "other": "افتتح السوق وجاء التجار من القرى.",
        "more": "Rain fell in the north.",
    }
    engine.ingest("c", [reports(*({"id": name, "text": text} for name, text in texts.items()))])
    reader = engine.reader("c")
    (english,), (arabic,), (other,), (more,) = (
        [key for key in range(4) if reader.docids([key])[0].startswith(f"{name}#")] for name in texts
    )
    reading, fetched = Reading(reader), list[list[int]]()
    fetch = reader.fetch
    monkeypatch.setattr(reader, "fetch", lambda keys: fetched.append([*keys]) or fetch(keys))
    monkeypatch.setattr(interaction, "_VECTORS_KEPT", 2)
    for _ in range(2):  # afterwards from what is kept
        assert reading.alike([english], [arabic]) > 0.55 > 0.3 > reading.alike([english], [other])
    assert fetched == [[english, arabic], [other]]
    assert reading.alike([other], [more]) < 0.55  # more than is kept: begun anew
    assert fetched[2:] == [[other, more]]
    assert reading.alike([english], [other, arabic]) == pytest.approx(reading.alike([english], [arabic]))


def test_all_that_is_found_in_a_language_is_lowered() -> None:
    reader: Any = Told(Of(), Of())
    found = {leg: Ranking(np.array(keys), np.ones(2)) for leg, keys in ((Leg.BM25, [7, 101]), (Leg.DENSE, [7, 3]))}
    lowered = balance.lowered(reader, found, balance.Less(Language.ENGLISH, 0.5))
    assert lowered.keys.tolist() == [3, 7] and lowered.times == 0.5


def test_ranks_are_not_weighed(mostly_arabic: Engine) -> None:
    def ranked(weight: float) -> list[Hit]:
        changed = replace(mostly_arabic.settings, weight_balance=weight, fusion=Fusion.RRF)
        return Retriever(mostly_arabic.reader("c"), mostly_arabic.encoder, changed).rank(QUESTION, depth=300)

    assert ranked(1.0) == ranked(0.0)


def test_where_the_other_language_has_next_to_nothing_all_stays_as_it_is() -> None:
    reader: Any = Told(Of(MANY, 20), Of(share=0))
    some, little = Ranking(np.arange(2), np.array([0.9, 0.1])), Ranking(np.arange(100, 102), np.array([0.2, 0.1]))
    none = Ranking(np.zeros(0, np.int64), np.zeros(0))
    for own, cross in (some, little), (little, some), (some, none), (none, some), (none, none):
        legs = {Leg.BM25: own, Leg.CROSS: cross}
        assert balance.weighed(reader, reader, {}, legs) == (legs, None)
