"""A collection of two languages: what one language cannot say of a question counts against its reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from service.engine import Engine


def test_a_word_without_translation_counts_against_the_other_language(
    engine: Engine, reports: Callable[..., Path]
) -> None:
    name = "Qzxvkrtnp"  # nothing in Arabic sounds like it
    arabic = [{"id": f"ar{i}", "text": f"افتتح السوق في اليوم {i}. جاء التجار."} for i in range(2)]
    asked = {"id": "asked", "text": f"{name} spoke at length about the harvest and its price."}
    others = [{"id": f"other{i}", "text": f"Word{i} other{i} thing{i}."} for i in range(30)]
    engine.ingest("c", [reports(*arabic, asked, *others)])
    found = engine.retriever("c").search(f"{name} market", explain=True).passages
    assert [passage.article_id for passage in found[:2]] == ["asked", "ar0"]  # ar0 has but the commoner half
