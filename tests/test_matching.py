from __future__ import annotations

from service.matching import Matcher


def test_keys_are_found_where_a_word_ends() -> None:
    matcher = Matcher(["حويجه", "عين العرب", "عين"])

    found = sorted((start, end, number) for number, start, end in matcher.find(" بالحويجه وعين العرب والعيني "))

    text = " بالحويجه وعين العرب والعيني "
    assert [(text[start:end], number) for start, end, number in found] == [("حويجه", 0), ("عين", 2), ("عين العرب", 1)]


def test_nothing_is_found_without_keys() -> None:
    assert list(Matcher([]).find(" anything ")) == []
