from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import analyzer, forms
from service.errors import ModelError

ENTRIES = [
    ("صنع", frozenset({"make", "manufactur"})),
    ("كتاب", frozenset({"book"})),
    ("نمو", frozenset({"growth"})),
    ("مربع", frozenset({"squar"})),
    ("يصنع", frozenset({"make"})),
    ("لنمو", frozenset({"growth"})),
    ("تاب", frozenset({"repent"})),
    ("سيصنع", frozenset({"make"})),
    ("مربعا", frozenset({"squar"})),
    ("حق", frozenset({"right"})),
    ("جزء", frozenset({"part"})),
    ("الجز", frozenset({"part"})),  # الجزء without its hamza
    ("رحل", frozenset({"trip"})),
    ("دولي", frozenset({"intern"})),  # of دوليين
    ("دول", frozenset({"state", "intern"})),
    ("نظر", frozenset({"theori"})),
]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "stems.tsv"
    assert forms.save(path, ENTRIES) == 6
    monkeypatch.setattr(forms, "BUNDLED", path)
    forms.settled.cache_clear()
    yield path
    forms.settled.cache_clear()


@pytest.mark.parametrize(
    "stem, stands",
    [
        ("يصنع", "صنع"),
        ("سيصنع", "صنع"),  # through the form that it is nearest to
        ("لنمو", "نمو"),
        ("مربعا", "مربع"),
        ("كتاب", "كتاب"),  # not ك + تاب: no meaning in common
        ("بكتاب", "كتاب"),  # unknown, and the rest is known
        ("بلنمو", "نمو"),
        ("كتابا", "كتاب"),
        ("يكتاب", "يكتاب"),  # a verb's prefix comes off known stems alone
        ("قمر", "قمر"),
        ("الحق", "حق"),  # a light stemmer takes no article from two letters
        ("والحق", "حق"),
        ("للحق", "حق"),
        ("الرد", "رد"),  # nothing is known of رد
        ("الجز", "جزء"),
        ("والجز", "جزء"),
        ("رحلات", "رحل"),  # رحلاتها without its pronoun
        ("برحلات", "رحل"),
        ("نظريات", "نظر"),
        ("مشاكسات", "مشاكس"),  # unknown, and consistent with مشاكسة
        ("دول", "دولي"),  # the commoner stands for both
    ],
)
def test_forms_of_one_word_share_a_stem(table: Path, stem: str, stands: str) -> None:
    assert forms.settled(stem) == stands


def test_a_stem_that_stands_for_others_stands_for_itself(table: Path) -> None:
    assert {forms.settled(forms.settled(stem)) for stem, _ in ENTRIES} == {
        *("صنع", "كتاب", "نمو", "مربع", "تاب", "حق", "جزء", "رحل", "دولي", "نظر")
    }


def test_a_table_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "BUNDLED", tmp_path / "none.tsv")
    with pytest.raises(ModelError, match=r"none\.tsv"):
        forms.settled("كلمهجديدهتماما")


@given(st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=1, max_size=9))
def test_the_bundled_table_settles_once(stem: str) -> None:
    once = forms.settled(stem)
    assert len(once) >= min(3, len(stem))
    assert once in stem


@pytest.mark.parametrize(
    "one, other", [("بصنعاء", "صنعاء"), ("لبريطانيا", "بريطانيا"), ("شركة", "شركت"), ("يقصف", "قصفت")]
)
def test_words_of_the_bundled_table(one: str, other: str) -> None:
    assert analyzer.terms(one) == analyzer.terms(other)


@pytest.mark.parametrize("word", ["كتاب", "بلاد", "فريق", "ليبيا", "سنجار", "باريس", "لبنان", "كركوك"])
def test_words_that_only_begin_like_a_clitic_stay_apart(word: str) -> None:
    assert analyzer.stem(analyzer.normalize(word)) == analyzer.light(analyzer.normalize(word))
