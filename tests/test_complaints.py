"""What is wrong, in both languages."""

from __future__ import annotations

import ast
import pickle
import string
from pathlib import Path

import pytest

from service.complaints import ARABIC, ENGLISH, both, in_language, of_error, recognised
from service.errors import QueryError
from service.records import Language

SERVICE = Path(__file__).parent.parent / "service"
SPOKEN = {"both", "refused"}


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    assert fields(ENGLISH[key]) == fields(ARABIC[key])
    assert any("\u0600" <= char <= "\u06ff" for char in ARABIC[key])


def test_every_complaint_is_used_and_every_used_one_is_there() -> None:
    used = {
        part.value
        for path in SERVICE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in SPOKEN
        for argument in call.args[:2]
        for part in ast.walk(argument)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    keys = {"question_only_leaves_out", "question_says_nothing"}  # chosen before they are said
    assert ENGLISH.keys() == ARABIC.keys()
    assert ENGLISH.keys() - used - keys == set()
    assert {key for key in used if "_" in key or key in ENGLISH} <= ENGLISH.keys()


def test_english_words_know_their_arabic_also_in_another_process() -> None:
    said = pickle.loads(pickle.dumps(both("q_long", n=1200, most=1000)))

    assert said == "parameter q is 1200 characters long, at most 1000 are taken: shorten it"
    assert type(in_language(said, Language.ENGLISH)) is str
    assert in_language(said, Language.ARABIC) == "طول السؤال 1200 حرفًا، والحد الأعلى 1000: اختصره"
    assert in_language("as it is", Language.ARABIC) == "as it is"


def test_an_error_keeps_both() -> None:
    assert in_language(of_error(QueryError(both("question_empty"))), Language.ARABIC).startswith("السؤال فارغ")
    assert of_error(QueryError("only in English")) == "only in English"


@pytest.mark.parametrize("key", ENGLISH)
def test_stored_words_are_recognised(key: str) -> None:
    values = {name: 7 for name in fields(ENGLISH[key])}
    said = both(key, **values)

    assert recognised(str(said), Language.ENGLISH) == said
    assert recognised(str(said), Language.ARABIC) not in ("", said)


def test_what_is_not_known_stays_as_it_was_stored() -> None:
    assert recognised("something else: do this", Language.ARABIC) == "something else: do this"
