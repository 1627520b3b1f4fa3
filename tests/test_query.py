from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import QueryError
from service.query import Query, parse
from service.records import Language


def groups(text: str) -> list[list[str]]:
    return [list(group) for group in parse(text).groups]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("strikes near Hawija", [["strikes"], ["Hawija"]]),
        ("غارات قرب الحويجة", [["غارات"], ["الحويجة"]]),
        ("Hawija OR Mosul strikes", [["Hawija", "Mosul"], ["strikes"]]),
        ("الحويجة أو الموصل", [["الحويجة", "الموصل"]]),
        ("ax OR bx OR cx", [["ax", "bx", "cx"]]),
        ("OR strikes OR", [["strikes"]]),
        ("strikes or raids", [["strikes"], ["raids"]]),
        ("strikes strikes", [["strikes"], ["strikes"]]),
        ("Kirkuk-Hawija road", [["Kirkuk"], ["Hawija"], ["road"]]),
        ("the who", [["the"], ["who"]]),
        ("strikes? (near) Hawija!", [["strikes"], ["Hawija"]]),
    ],
)
def test_words_and_alternatives(text: str, expected: list[list[str]]) -> None:
    found = parse(text)
    assert groups(text) == expected
    assert (found.phrases, found.excluded, found.titles, found.sources) == ((), (), (), ())


@pytest.mark.parametrize(
    "text, expected",
    [
        ('"air strikes" Hawija', Query("", Language.ENGLISH, (("air",), ("strikes",), ("Hawija",)), ("air strikes",))),
        ("“air strikes”", Query("", Language.ENGLISH, (("air",), ("strikes",)), ("air strikes",))),
        ("«غارات جوية»", Query("", Language.ARABIC, (("غارات",), ("جوية",)), ("غارات جوية",))),
        ("„air” raid", Query("", Language.ENGLISH, (("air",), ("raid",)), ("air",))),
        ("strikes -Mosul", Query("", Language.ENGLISH, (("strikes",),), (), ("Mosul",))),
        ('strikes -"al Qaim"', Query("", Language.ENGLISH, (("strikes",),), (), ("al Qaim",))),
        ("title:Hawija xyz", Query("", Language.ENGLISH, (("xyz",),), (), (), ("Hawija",))),
        ('TITLE:"air strike" xyz', Query("", Language.ENGLISH, (("xyz",),), (), (), ("air strike",))),
        ("source:Reuters xyz", Query("", Language.ENGLISH, (("xyz",),), (), (), (), ("Reuters",))),
        ("عنوان:غارة قصف", Query("", Language.ARABIC, (("قصف",),), (), (), ("غارة",))),
        ("مصدر:رويترز قصف", Query("", Language.ARABIC, (("قصف",),), (), (), (), ("رويترز",))),
    ],
)
def test_what_must_and_must_not_be_there(text: str, expected: Query) -> None:
    found = parse(text)
    shorts = (None,) * len(expected.groups)
    assert found == replace(expected, text=text, shorts=shorts)


def test_a_phrase_beside_or_is_an_alternative_not_a_demand() -> None:
    for text in ('"air strike" OR raid', 'raid OR "air strike"'):
        found = parse(text)
        assert (len(found.groups), sorted(found.words), found.phrases) == (1, ["air", "raid", "strike"], ())


def test_a_title_alone_is_looked_for() -> None:
    found = parse('title:Hawija title:"French aircraft"')
    assert (found.words, found.titles) == (("Hawija", "French", "aircraft"), ("Hawija", "French aircraft"))


def test_the_first_quotation_mark_that_can_close_does() -> None:
    assert parse('“air” "strike"').phrases == ("air", "strike")
    assert parse('“air" ”strike”').phrases == ("air", "strike")


@pytest.mark.parametrize(
    "text, language",
    [("strikes", Language.ENGLISH), ("غارة", Language.ARABIC), ("غارات Reuters عن", Language.ENGLISH), ("2020", "en")],
)
def test_language_is_that_of_most_letters_sought(text: str, language: Language) -> None:
    assert parse(text).language == language


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "the question is empty"),
        (" \t\n\u00a0", "the question is empty"),
        ("?!...", "nothing to look for"),
        ("-Mosul", "only what to leave out"),
        ("source:Reuters", "nothing to look for"),
        ("source:Reuters -xyz", "only what to leave out"),
        ('strikes "near Hawija', "a quotation mark opens at character 9 and does not close"),
        ('"', "a quotation mark opens at character 1"),
        ("«غارات", "a quotation mark opens at character 1"),
        ("title: Hawija", "'title:' stands without a word after it: write title:word"),
        ("xyz source:", "'source:' stands without a word after it"),
        ('xyz ""', "phrase has no word in it, found ''"),
        ("title:... xyz", "title has no word in it, found '...'"),
        ("xyz -...", "excluded has no word in it, found '...'"),
        ("xyz -title:word", "'-title:' cannot leave out by field"),
        ("a\0b", "control characters"),
        ("a\x1b[31mb", "control characters"),
        ("a\ud800b", "not valid UTF-8"),
        ("x" * 1001, "the question has 1,001 characters, at most 1,000 are taken: shorten it"),
    ],
)
def test_a_question_that_cannot_be_searched_is_explained(text: str, said: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(text)
    assert said in str(raised.value)


@given(st.text(st.one_of(st.characters(), st.sampled_from('"“”«»-: ORtitlesource:غارة')), max_size=60))
def test_any_text_is_parsed_or_explained(text: str) -> None:
    try:
        found = parse(text)
    except QueryError as error:
        assert str(error)
    else:
        assert found.text == text and found.groups and all(found.groups)
