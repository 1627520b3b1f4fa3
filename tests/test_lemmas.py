from __future__ import annotations

import pytest

from service import lemmas


@pytest.mark.parametrize(
    "word, headword",
    [
        ("strikes", "strike"),
        ("cities", "city"),
        ("carried", "carry"),
        ("reaches", "reach"),
        ("making", "make"),
        ("stopped", "stop"),
        ("directive", "directive"),
    ],
)
def test_regular_forms_lead_to_their_headword(word: str, headword: str) -> None:
    assert headword in lemmas.candidates(word)


def test_the_word_itself_comes_first_and_endings_of_words_that_have_none_stay() -> None:
    assert next(lemmas.candidates("news")) == "news"
    assert list(lemmas.candidates("press")) == ["press"]
    assert list(lemmas.candidates("bed")) == ["bed"]
