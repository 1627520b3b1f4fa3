from __future__ import annotations

import re

import pytest

from service.records import Language
from service.web.texts import ARABIC, ENGLISH, phrase, plural


def test_both_languages_say_everything() -> None:
    assert set(ARABIC) == set(ENGLISH)
    for key, english in ENGLISH.items():
        arabic = ARABIC[key]
        assert isinstance(arabic, str) == isinstance(english, str), key
        if isinstance(english, str) and isinstance(arabic, str):
            assert re.findall(r"{\w+}", arabic) == re.findall(r"{\w+}", english), key


@pytest.mark.parametrize(
    ("n", "category"),
    [
        (0, "zero"),
        (1, "one"),
        (2, "two"),
        (3, "few"),
        (10, "few"),
        (11, "many"),
        (99, "many"),
        (100, "other"),
        (103, "few"),
    ],
)
def test_arabic_plurals(n: int, category: str) -> None:
    assert plural(Language.ARABIC, n) == category


def test_counted_phrases() -> None:
    assert [phrase(Language.ENGLISH, "copies", n) for n in (1, 2)] == ["and 1 copy", "and 2 copies"]
    assert [phrase(Language.ARABIC, "passages", n) for n in (0, 2, 5, 11)] == [
        "لا مقاطع",
        "مقطعان",
        "5 مقاطع",
        "11 مقطعًا",
    ]
    assert phrase(Language.ENGLISH, "took", ms="12") == "12 ms"
