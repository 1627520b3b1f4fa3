from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from service.engine import Engine
from service.frame import is_frame
from service.settings import Settings


@pytest.mark.parametrize("word", ["types", "called", "Name", "اسم", "الأنواع", "يسمى"])
def test_words_that_put_a_question(word: str) -> None:
    assert is_frame(word)


@pytest.mark.parametrize("word", ["strikes", "Hawija", "غارات", "2015", "", "the", "typhoon", "named-entity Hawija"])
def test_words_that_a_question_is_about(word: str) -> None:
    assert not is_frame(word)


@pytest.mark.parametrize("weight, first", [(1.0, "list"), (0.3, "report")])
def test_what_is_asked_about_decides(weight: float, first: str, tmp_path: Path) -> None:
    articles = {
        "list": "A list of names by type: each name has its type.",
        "report": "Two shells fell on the village before noon.",
        **{f"other-{n}": f"The market of quarter {n} was open." for n in range(6)},
    }
    lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in articles.items())
    (tmp_path / "articles.jsonl").write_text("".join(lines), "utf-8")
    settings = replace(
        Settings(), indexes=tmp_path / "indexes", weight_frame=weight, weight_feedback=0.0, weight_dense=0.0
    )
    with closing(Engine(settings)) as engine:
        engine.ingest("small", [str(tmp_path / "articles.jsonl")])
        found = engine.retriever("small").search("name the type of shells", k=2).passages
    assert found[0].article_id == first
