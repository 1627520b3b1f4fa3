from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from service import analyzer, highlight


def test_words_whose_term_is_wanted_are_marked_where_they_stand() -> None:
    text = "Strikes: the STRIKE; غاراتٌ والغارة. Mosul"
    wanted = {*analyzer.terms("striking غارة"), "absent"}
    spans, found = highlight.spans(text, wanted, offset=100)
    assert [text[start - 100 : end - 100] for start, end in spans] == ["Strikes", "STRIKE", "غاراتٌ", "والغارة"]
    assert found == wanted - {"absent"}


@given(st.text(st.sampled_from("غارة strike -\u064b\u0640\u200f.")), st.sets(st.sampled_from(["غار", "strike", "e"])))
def test_spans_are_sorted_and_apart(text: str, wanted: set[str]) -> None:
    spans, found = highlight.spans(text, wanted)
    assert list(spans) == sorted(spans)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))
    assert found == {term for start, end in spans for term in analyzer.terms(text[start:end])} <= wanted
