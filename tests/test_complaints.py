"""What is wrong, in both languages."""

from __future__ import annotations

import ast
import pickle
import re
import string
from pathlib import Path

import pytest

from service.complaints import ARABIC, ENGLISH, both, in_language, of_error, recognised
from service.errors import QueryError
from service.records import Language
from service.rejections_ar import REASONS

SERVICE = Path(__file__).parent.parent / "service"
SPOKEN = {"both", "refused"}


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    assert fields(ENGLISH[key]) == fields(ARABIC[key])
    assert any("\u0600" <= char <= "\u06ff" for char in ARABIC[key])


def test_every_complaint_is_used_and_every_used_one_is_there() -> None:
    trees = [ast.parse(path.read_bytes()) for path in SERVICE.rglob("*.py") if path.name != "complaints.py"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    words = {node.value for node in nodes if isinstance(node, ast.Constant)}  # some are chosen before they are said
    said = {
        argument.value
        for call in nodes
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in SPOKEN
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant)
    }
    assert ENGLISH.keys() == ARABIC.keys()
    assert ENGLISH.keys() - words == set()
    assert said <= ENGLISH.keys()


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


def written(path: Path) -> list[str]:
    """Patterns of the texts that a file's code makes."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else "(.+)" for p in node.values]
            found.append("".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(re.escape(node.value))
    return found


def test_reasons_are_those_that_readers_give() -> None:
    files = [*(SERVICE / "corpus").glob("*.py"), SERVICE / "ingest.py", SERVICE / "upload_run.py"]
    given = [
        re.compile(pattern) for path in files for pattern in written(path) if len(pattern.replace("(.+)", "")) > 15
    ]

    for english, arabic in REASONS.items():
        assert any(pattern.fullmatch(re.sub(r"{[ab]}", "7", english)) for pattern in given), english
        assert fields(arabic) <= fields(english)


def test_a_stored_reason_is_shown_in_arabic() -> None:
    stored = "no text: one of text, body, content is wanted, the fields found are 'id'"

    assert recognised(stored, Language.ARABIC) == "لا نص: يلزم أحد الحقول text, body, content، والحقول الموجودة 'id'"
    assert recognised(stored, Language.ENGLISH) == stored
