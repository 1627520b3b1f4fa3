from __future__ import annotations

from itertools import islice

import pytest

from service import analyzer, unknown_words
from service.records import Language
from service.sound import likeness
from service.translator import Translator, Weights

KNOWN = {"surface", "craft", "space", "deficiency", "forest", "burn", "black"}


@pytest.mark.parametrize(
    "word, parts",
    [
        ("subsurface", ["surface"]),
        ("immunodeficiency", ["deficiency"]),
        ("spacecraft", ["space", "craft"]),
        ("blackburn", ["black", "burn"]),
        ("surface", []),
        ("quixotic", []),
        ("xcraft", []),  # one letter is no prefix
    ],
)
def test_words_are_taken_apart_where_the_parts_are_known(word: str, parts: list[str]) -> None:
    assert unknown_words.parts(word, KNOWN.__contains__) == parts


@pytest.mark.parametrize(
    "typed, meant",
    [("goverment", "government"), ("hosptial", "hospital"), ("refugeess", "refugees"), ("miliitia", "militia")],
)
def test_the_commonest_word_one_letter_away_comes_first(typed: str, meant: str) -> None:
    assert analyzer.stem(meant) in list(islice(unknown_words.corrections(typed), 3))


@pytest.mark.parametrize("word", ["bomd", "f16xxx9", "قصقف", ""])
def test_short_words_numbers_and_other_scripts_are_left_alone(word: str) -> None:
    assert list(unknown_words.corrections(word)) == []


def test_a_misspelt_word_is_translated_and_a_known_one_as_before() -> None:
    translator = Translator(Language.ENGLISH)
    (concept,), _ = translator.translate([["parliment"]])
    (right,), _ = translator.translate([["parliament"]])
    assert next(iter(concept.terms)) == next(iter(right.terms))
    assert Translator(Language.ENGLISH, weights=Weights(lexicon=0.0)).translate([["parliment"]]) == ([], [])


def test_of_as_many_that_sound_alike_the_commonest_are_meant() -> None:
    alike = {term: 1 for term in ("ماخلا", "ماقال", "ماقيل", "مقالع", "مقيلا")} | {"مكيلا": 900}
    assert len({likeness("makalla", term) for term in alike}) == 1
    translator = Translator(Language.ENGLISH, lambda sound: list(alike.items()), Weights(nearest=0.0))
    (concept,), _ = translator.translate([["Makalla"]])
    assert "مكيلا" in concept.terms and len(concept.terms) == 5
