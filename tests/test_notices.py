from __future__ import annotations

import string

import pytest

from service.notices import ARABIC, ENGLISH, say
from service.records import Language


def test_everything_can_be_said_in_both_languages() -> None:
    assert ENGLISH.keys() == ARABIC.keys()


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_take_the_same_values(key: str) -> None:
    english, arabic = ({field for _, field, _, _ in string.Formatter().parse(t[key])} for t in (ENGLISH, ARABIC))

    assert english == arabic


def test_values_are_filled_in() -> None:
    assert say(Language.ARABIC, "near", place="الحويجة") == "قرب الحويجة"
    assert say(Language.ENGLISH, "within", place="Hawija", km="30") == "within 30 km of Hawija"
