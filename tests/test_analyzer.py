from __future__ import annotations

import itertools
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import analyzer
from service.analyzer import arabic_share, is_arabic, normalize, terms, tokenize, words

ARABIC = st.text(st.sampled_from("ابتةثجحخدذرزسشصضطظعغفقكلمنهويىئءؤأإآ"), min_size=2, max_size=9)
DIACRITICS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u0640\u200c\u200d\u200f"
MIXED = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("اليوم 12٣۴.,’'aB é" + DIACRITICS)))


@given(MIXED)
def test_tokens_stand_in_the_text_in_order_and_are_what_terms_says(text: str) -> None:
    found = tokenize(text)
    assert [token.term for token in found] == terms(text)
    assert all(token.term for token in found)
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))
    for token in found:  # a word has the same term wherever it stands
        assert terms(text[token.start : token.end]) == [token.term]


@given(st.text(st.sampled_from("غارة على الحويجة\u0640\u064b strike's 1,234.5 km's x\n٢٠٢٠")), st.integers(1, 3))
def test_occurrences_are_the_tokens_that_are_wanted(text: str, every: int) -> None:
    wanted = {*[token.term for token in tokenize(text)][::every], ""}
    assert analyzer.occurrences(text, wanted) == [tuple(token) for token in tokenize(text) if token.term in wanted]


@given(ARABIC, st.lists(st.tuples(st.integers(1, 20), st.sampled_from(DIACRITICS))))
def test_diacritics_tatweel_and_joiners_change_no_term(word: str, marks: list[tuple[int, str]]) -> None:
    written = word
    for at, mark in marks:
        at = min(at, len(written))
        written = written[:at] + mark + written[at:]
    assert terms(written) == terms(word)
    assert normalize(written) == normalize(word)


@given(ARABIC)
def test_words_of_plain_letters_take_a_shorter_way_to_the_same_spelling(word: str) -> None:
    assert normalize(word) == normalize("\u200d" + word)
    light = analyzer.light_stem(normalize(word))
    assert light == _stem_by_the_lists(normalize(word))


def _stem_by_the_lists(word: str) -> str:
    """The light stemmer as light10 tells it: first match of each list."""
    if word in {"الله", "والله", "بالله", "لله"}:
        return "الله"
    if len(word) >= 4 and word[0] == "و" and not word.startswith("وال"):
        word = word[1:]
    articles = ("وال", "فال", "بال", "كال", "ال", "ولل", "فلل", "لل")
    suffixes = ("هما", "هم", "هن", "نا", "كم", "وا", "ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
    word = next((word[len(a) :] for a in articles if word.startswith(a) and len(word) - len(a) >= 3), word)
    return next((word[: -len(s)] for s in suffixes if word.endswith(s) and len(word) - len(s) >= 3), word)


@given(ARABIC.filter(lambda word: "ءء" not in word))
def test_normalize_is_done_once(word: str) -> None:
    assert normalize(normalize(word)) == normalize(word)


@pytest.mark.parametrize(
    "spellings",
    [
        ["الحُوَيْجَة", "الحويجة", "الحويجه", "الحـــويجة", "الحویجة", "ﺍﻟﺤﻮﻳﺠﺔ"],
        ["أحمد", "احمد", "إحمد", "آحمد", "ٱحمد"],
        ["مستشفى", "مستشفي", "مستشفی"],
        ["كركوك", "کرکوک", "\u200fكركوك\u200e"],
        ["2020", "٢٠٢٠", "۲۰۲۰"],
        ["1,500", "1500", "١٬٥٠٠", "١,٥٠٠"],
        ["3.5", "٣٫٥"],
        ["Hawija", "HAWIJA", "hawija's", "Hawija’s"],
        ["café", "cafe\u0301", "CAFE"],
        ["strike", "strikes", "striking"],
        ["غارة", "الغارة", "والغارة", "بالغارة", "غارات"],
        ["office", "oﬃce"],
        ["حق", "الحق", "والحق", "بالحق"],
        ["شيء", "الشيء", "بالشيء"],
        ["فن", "الفن", "والفن", "للفن"],
        ["الله", "والله", "لله"],
        ["جزء", "الجزء", "والجزء"],
        ["عملية", "عمليات", "العمليات", "عملياتها", "لعملياتهم"],
        ["إيران", "إيراني", "الإيرانيين", "لإيران"],
        ["دولية", "الدوليين", "دولي"],
        ["نظرية", "النظريات", "نظرياته"],
    ],
)
def test_spellings_of_one_word_share_a_term(spellings: list[str]) -> None:
    found = {word: terms(word) for word in spellings}
    assert len({tuple(term) for term in found.values()}) == 1 and all(len(term) == 1 for term in found.values()), found


@pytest.mark.parametrize("one, other", [("كتاب", "كاتب"), ("1,5", "15"), ("Iraq", "Iran"), ("سوريا", "سورية العليا")])
def test_other_words_keep_apart(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize("word", ["هؤلاء", "ومنها", "فهو", "وعندما", "وأيضا", "فلن"])
def test_particles_are_no_terms_after_and(word: str) -> None:
    assert terms(word) == []


@pytest.mark.parametrize("word", ["فهم", "فعلي", "فقد", "الفاو", "وهن", "وفد", "فريق"])
def test_words_that_only_look_like_particles_are_terms(word: str) -> None:
    assert len(terms(word)) == 1


def test_mixed_text_keeps_both_scripts_with_their_places() -> None:
    text = "قال Reuters إنّ ٣ غارات\u00a0نُفِّذت near Hawija."
    assert [(token.term, text[token.start : token.end]) for token in tokenize(text)] == [
        ("قال", "قال"),
        ("reuter", "Reuters"),
        ("3", "٣"),
        ("غار", "غارات"),
        ("نفذت", "نُفِّذت"),
        ("hawija", "Hawija"),
    ]


def test_words_without_a_space_between_the_scripts_are_two() -> None:
    assert words("قناةBBCعربي") == ["قناة", "BBC", "عربي"]


@pytest.mark.parametrize("text", ["", " \n", "...", "the of and", "في من على", "ـــ", "و", "\u200f\u200b", "🛰"])
def test_nothing_to_index(text: str) -> None:
    assert terms(text) == []


@pytest.mark.parametrize("word, expected", [("غارة", True), ("٣ غارة", True), ("x غارة", False), ("12", False)])
def test_is_arabic_looks_at_the_first_letter(word: str, expected: bool) -> None:
    assert is_arabic(word) is expected


@pytest.mark.parametrize("text, share", [("", 0.0), ("123", 0.0), ("abcd", 0.0), ("غارة", 1.0), ("ab غا", 0.5)])
def test_arabic_share_counts_letters(text: str, share: float) -> None:
    assert arabic_share(text) == share


@given(st.text())
def test_arabic_share_is_a_share(text: str) -> None:
    assert 0.0 <= arabic_share(text) <= 1.0


def test_each_word_is_analysed_once() -> None:
    with mock.patch.object(analyzer, "_term", analyzer._Remembered(made := mock.Mock(side_effect=str.lower), 100)):
        terms("Hawija Hawija Hawija الحويجة الحويجة")
    assert made.call_count == 2


def test_a_service_keeps_few_words_in_mind_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_term", "normalize"):
        monkeypatch.setattr(analyzer, name, getattr(analyzer, name))  # put back afterwards
    text = "غارات قرب الحويجة and strikes near Hawija, بالقرب من الحويجة"
    before = terms(text)

    analyzer.remember(3)

    assert terms(text) == before == terms(text)
    assert len(analyzer._term) + len(analyzer._term._before) <= 3
    assert analyzer.normalize("الحُويجة") == normalize("الحُويجة")
