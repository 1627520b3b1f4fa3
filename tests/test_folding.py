from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.folding import fold, fold_name, punctuated


@pytest.mark.parametrize(
    "one, other",
    [
        ("الحويجة", "الحويجه"),
        ("أبها", "ابها"),
        ("الحُوَيجَةُ", "الحويجة"),
        ("الحـــويجة", "الحويجة"),
        ("گولبهار", "كولبهار"),
        ("Sana'a", "sana\u2019a"),
        ("Sulţānah", "sultanah"),
        ("Deir-ez-Zor", "deir ez zor"),
        ("رجال ألمع", "رجال  المع"),
    ],
)
def test_spellings_of_one_name_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize("one, other", [("جدة", "وجدة"), ("Hama", "Homs"), ("حلب", "حلبجة")])
def test_other_names_stay_other_names(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_a_match_has_its_place_in_the_text_as_received() -> None:
    text = "في الحُوَيجةِ، و\u200fTa\u2019if"
    folded = fold(text)
    start = folded.text.index("حويجه")

    begin, end = folded.span(start, start + len("حويجه"))

    assert text[begin:end] == "حُوَيجة"
    begin = folded.text.index("ta'if")
    assert text[slice(*folded.span(begin, begin + 5))] == "Ta\u2019if"


@given(st.text(alphabet=st.sampled_from("abEأةـَ\u200f ١٢3،.🛰\n漢"), max_size=40))
def test_every_letter_keeps_its_place(text: str) -> None:
    folded = fold(text)

    assert folded.text[0] == folded.text[-1] == " "
    assert len(punctuated(folded)) == len(folded.text)
    places = [folded.origin(i) for i in range(1, len(folded.text) - 1)]
    assert places == sorted(set(places))
    for i, place in enumerate(places, 1):
        assert fold(text[place]).text in (f" {folded.text[i]} ", f"  {folded.text[i]} ")


def test_punctuation_stays_in_the_other_reading() -> None:
    assert punctuated(fold("٦/ ٨/ ٢٠١٥، نعم")) == " 6/ 8/ 2015، نعم "
