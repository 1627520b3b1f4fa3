"""Numbers in running text, both languages."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.numerals import find


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("قتل خمسة وعشرين شخصا", [25]),
        ("وعددهم ٤٣٫٨ كيلوغرام", [43.8]),
        ("180 ألف شخص", [180_000]),
        ("أربعة آلاف شخص", [4_000]),
        ("ثلاثة عشر جنديا", [13]),
        ("مئتين وخمسين ألف نازح", [250_000]),
        ("ألفين ومئتين", [2_200]),
        ("خمسمائة وثلاثة", [503]),
        ("مليوني طن", [2_000_000]),
        ("و500 شخص و٤٣٫٨ كيلوغرام", [500, 43.8]),
        ("بعد يومين", [2]),
        ("two hundred and five people, 1,200 tonnes", [205, 1_200]),
        ("twenty-five killed", [25]),
        ("one hundred thousand", [100_000]),
        ("1.3 مليار دولار", [1_300_000_000]),
        ("3.5 million", [3_500_000]),
        ("60كيلومترا", [60]),
        ("لقاح إف-16 F-16 F16 وK1", []),
        ("لا أرقام هنا", []),
    ],
)
def test_values(text: str, values: list[float]) -> None:
    assert [number.value for number in find(text)] == values


def test_a_number_stands_where_it_says() -> None:
    text = "أصيب 72 شخصا وقتل أربعون"
    assert [text[n.start : n.end] for n in find(text)] == ["72", "أربعون"]
    assert [n.words for n in find(text)] == [False, True]


@given(st.text(alphabet="0123456789٠١٢.,و الفمئةtwohundredand-\n", max_size=60))
def test_any_text_gives_disjoint_spans_in_order(text: str) -> None:
    found = find(text)
    assert all(0 <= n.start < n.end <= len(text) for n in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
