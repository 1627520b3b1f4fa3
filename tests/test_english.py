from __future__ import annotations

import pytest

from service import analyzer, english


@pytest.mark.parametrize(
    "one, other",
    [
        ("flee", "fled"),
        ("strike", "struck"),
        ("child", "children"),
        ("large", "largest"),
        ("defense", "defences"),
        ("labor", "labour"),
        ("organize", "organised"),
        ("organization", "organisations"),
        ("analysis", "analyses"),
        ("crisis", "crises"),
    ],
)
def test_irregular_forms_and_both_spellings_share_a_term(one: str, other: str) -> None:
    assert analyzer.terms(one) == analyzer.terms(other) != []


@pytest.mark.parametrize(
    "one, other",
    [("left", "leave"), ("found", "find"), ("base", "basis"), ("lives", "life"), ("insure", "ensure"), ("saw", "see")],
)
def test_words_of_their_own_stay_apart(one: str, other: str) -> None:
    assert english.stem(one) != english.stem(other)


def test_a_term_of_the_encoder_becomes_the_index_term() -> None:
    for word in ("realise", "centre", "won", "promise", "Paris", "water"):
        plain = analyzer.normalize(word)
        assert english.settled(english.light(plain)) == english.stem(plain)


def test_a_stem_that_stands_for_others_stands_for_itself() -> None:
    for stem in set(english._standing().values()):
        assert english.settled(stem) == stem
