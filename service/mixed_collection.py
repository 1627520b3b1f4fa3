"""Two languages in one collection: does either's reports hide the other's?

A copy of the topics' collection takes in XQuAD's English paragraphs; the questions of each must find there what they
find in their own collection.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from service import ablation_sets, evaluation
from service.ablation_sets import Field, notice
from service.engine import Engine
from service.records import Leg

_PREFIX = "xquad-"  # of the paragraphs' ids, so that none meets an article's


def section(temporary: Engine, folder: Path, engine: Engine, options: argparse.Namespace) -> list[str]:
    """Markdown lines: nDCG@10 of each kind of question apart and together."""
    rows = ["### News and XQuAD's English paragraphs in one collection", ""]
    rows += ["| nDCG@10 | apart | together | difference | languages not weighed |", "| --- | --- | --- | --- | --- |"]
    for apart in _fields(temporary, folder, engine, options):
        notice(f"mixed collection: {apart.name}")
        together = replace(apart, engine=temporary, collection="mixed")
        here, there = (f.measured(Leg.FUSED, engine.settings)["nDCG@10"] for f in (apart, together))
        alike = together.measured(Leg.FUSED, replace(engine.settings, weight_balance=0.0))["nDCG@10"]
        first, second = evaluation.mean(here), evaluation.mean(there)
        p = evaluation.paired_randomisation([here[t] for t in here], [there[t] for t in here])
        rows.append(
            f"| {apart.name} | {first:.4f} | {second:.4f} | {second - first:+.4f}, p {p:.4f} "
            f"| {evaluation.mean(alike):.4f} |"
        )
    return [*rows, ""]


def _fields(temporary: Engine, folder: Path, engine: Engine, options: argparse.Namespace) -> Iterator[Field]:
    """The topics' fields over their collection, and XQuAD's questions over its English paragraphs alone."""
    news = ablation_sets.news(engine, options.collection, options.topics, options.qrels)
    tests = {asked: _prefixed(evaluation.read_xquad(options.xquad, asked, "en")) for asked in ("en", "ar")}
    shutil.copytree(engine.indexes / options.collection, temporary.indexes / "mixed")
    before = temporary.status("mixed")
    ablation_sets.ingested(temporary, folder, "mixed", [tests["en"]])
    ablation_sets.ingested(temporary, folder, "english", [tests["en"]])
    notice(f"mixed collection: {before.articles:,} articles and {len(tests['en'].articles)} English paragraphs")
    yield from news.fields
    for asked, test in tests.items():
        name = f"{asked}-en"
        questions = ablation_sets.every_nth(test.questions[name], options.every)
        yield Field(name, temporary, "english", questions, test.qrels)


def _prefixed(tests: evaluation.TestSet) -> evaluation.TestSet:
    articles = tuple({**article, "id": _PREFIX + article["id"]} for article in tests.articles)
    qrels = {topic: {_PREFIX + name: grade for name, grade in judged.items()} for topic, judged in tests.qrels.items()}
    return replace(tests, articles=articles, qrels=qrels)
