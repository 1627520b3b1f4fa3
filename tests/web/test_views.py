from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.addresses import web_address
from service.web.marks import Run, runs
from service.web.views import direction, lang_attribute, shown_date


def test_runs_cut_at_offsets_into_the_article() -> None:
    assert runs("near Hawija.", 100, [(105, 111)]) == [Run("near ", False), Run("Hawija", True), Run(".", False)]


def test_marks_that_reach_out_of_the_passage_are_clipped() -> None:
    assert runs("abc", 10, [(8, 11), (12, 99), (50, 60)]) == [Run("a", True), Run("b", False), Run("c", True)]


@given(st.text(), st.integers(0, 50), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99))))
def test_runs_give_back_the_text_whatever_the_spans(text: str, start: int, spans: list[tuple[int, int]]) -> None:
    cut = runs(text, start, spans)

    assert "".join(run.text for run in cut) == text
    assert all(run.text for run in cut)
    marked = {at for first, last in spans for at in range(first - start, last - start) if 0 <= at < len(text)}
    at = 0
    for run in cut:
        assert all((position in marked) == run.marked for position in range(at, at + len(run.text)))
        at += len(run.text)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ar", "Reuters", "rtl"),
        ("ar-IQ", "", "rtl"),
        ("fa", "", "rtl"),
        ("en", "غارات", "ltr"),
        ("", "2020: غارات", "rtl"),
        ("", '"Strikes" غارات', "ltr"),
        ("tr", "Hava", "ltr"),
        ("", "2020", "auto"),
    ],
)
def test_direction_is_the_languages_or_the_first_letters(language: str, text: str, expected: str) -> None:
    assert direction(language, text) == expected


def test_only_language_tags_become_attributes() -> None:
    assert lang_attribute("ar-IQ") == "ar-IQ"
    assert [lang_attribute(odd) for odd in ("", "a", "xx onload=x", 'en"', "en\n")] == [""] * 5


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("2020-05-14", "2020-05-14"),
        ("2020-05-14T09:30:00+03:00", "2020-05-14 09:30 +03:00"),
        ("2020-05-14T09:30:00.123Z", "2020-05-14 09:30 UTC"),
        ("2020-05-14 09:30", "2020-05-14 09:30"),
        ("May 2020", "May 2020"),
        ("", ""),
    ],
)
def test_dates_are_shown_to_the_minute_with_their_zone(published: str, shown: str) -> None:
    assert shown_date(published) == shown


@pytest.mark.parametrize("url", ["https://example.org/a?b=c#d", "http://example.org", "HTTPS://example.org/غارات"])
def test_web_addresses_are_linked(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org",
        "/articles/x",
        "https:",
        "https://",
        "https://example.org/ x",
        'https://example.org/"onclick=x',
        "https://example.org/\n",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert web_address(url) == ""
