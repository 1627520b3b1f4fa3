"""The sets that ablations are measured on, each opened once: questions, qrels, and the collection that answers them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from service import evaluation
from service.engine import Engine, sample_folder
from service.errors import ServiceError
from service.evaluation import FIELDS, Qrels, Questions, TestSet
from service.records import Leg
from service.retriever import Retriever
from service.settings import Settings

DIRECTIONS = ("en-ar", "ar-en", "ar-ar", "en-en")
Values = Mapping[str, Mapping[str, float]]  # measure -> topic -> value


@dataclass(frozen=True, slots=True)
class Field:
    """Questions of one kind over one collection."""

    name: str
    engine: Engine
    collection: str
    questions: Questions
    qrels: Qrels

    def measured(self, leg: Leg, settings: Settings) -> Values:
        """The measures of one leg, or of the fused ranking, under other settings than the engine's own."""
        retriever = Retriever(self.engine.reader(self.collection), self.engine.encoder, settings)
        copies = self.engine.copies(self.collection)
        run = evaluation.run_questions(retriever, self.questions, leg, depth=settings.depth, copies=copies)
        return evaluation.measure(run, {topic: self.qrels[topic] for topic in self.questions})


@dataclass(frozen=True, slots=True)
class Named:
    """A set by its title."""

    title: str
    fields: tuple[Field, ...]


def news(engine: Engine, collection: str, topics: Path, qrels: Path) -> Named:
    """Topics over a collection that is there."""
    questions = evaluation.read_topics(topics, FIELDS)
    judged = evaluation.read_qrels(qrels, questions[FIELDS[0]])
    fields = tuple(Field(field, engine, collection, questions[field], judged) for field in FIELDS)
    size = engine.status(collection).articles
    return Named(f"News: {len(judged)} topics over {size:,} articles", fields)


@contextmanager
def workshop(settings: Settings) -> Iterator[tuple[Engine, Path]]:
    """An engine over collections that go away afterwards, and a folder beside them."""
    with TemporaryDirectory(prefix="rasad-ablations-") as folder:
        engine = Engine(replace(settings, indexes=Path(folder, "indexes")))
        try:
            yield engine, Path(folder)
        finally:
            engine.close()


def ingested(engine: Engine, folder: Path, collection: str, tests: Sequence[TestSet]) -> None:
    """Every article of the sets, once, into a collection. Raises ServiceError where one is not taken."""
    articles = {article["id"]: article for test in tests for article in test.articles}
    source = folder / f"{collection}.jsonl"
    with source.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles.values())
    report = engine.ingest(collection, [source])
    taken = report.added + report.copies
    if report.rejections or taken != len(articles):
        raise ServiceError(f"only {taken} of the {len(articles)} articles of {collection} were taken")


def every_nth(questions: Questions, nth: int) -> Questions:
    return dict(list(questions.items())[::nth])


def xquad(engine: Engine, folder: Path, source: Path, nth: int = 1) -> Named:
    """XQuAD-R, every nth question of either language over the paragraphs of either."""
    fields = []
    for answered in ("ar", "en"):
        tests = {asked: evaluation.read_xquad(source, asked, answered) for asked in ("en", "ar")}
        collection = f"xquad-{answered}"
        ingested(engine, folder, collection, [tests["en"]])
        for asked, test in tests.items():
            name = f"{asked}-{answered}"
            fields.append(Field(name, engine, collection, every_nth(test.questions[name], nth), test.qrels))
    fields.sort(key=lambda field: DIRECTIONS.index(field.name))
    count = len(fields[0].questions)
    return Named(f"XQuAD-R: {count:,} questions over {len(test.articles)} paragraphs", tuple(fields))


def reports(engine: Engine, folder: Path, source: Path) -> Named:
    """The team's reports: all of them are the collection, the fifth held out of training asks."""
    test = evaluation.read_reports(source, FIELDS, holdout=True)
    ingested(engine, folder, "reports", [test])
    fields = tuple(Field(name, engine, "reports", test.questions[name], test.qrels) for name in FIELDS)
    title = f"The team's reports: {len(test.questions[FIELDS[0]])} held-out questions over {len(test.articles):,}"
    return Named(title, fields)


def sample(engine: Engine) -> Named:
    """The sample collection and its topics."""
    engine.prepare_sample()
    questions = evaluation.read_topics(sample_folder() / "topics.jsonl", FIELDS)
    judged = evaluation.read_qrels(sample_folder() / "qrels.txt", questions[FIELDS[0]])
    fields = tuple(Field(name, engine, "seeds", questions[name], judged) for name in FIELDS)
    return Named(f"The sample collection: {len(judged)} topics over {engine.status('seeds').articles} reports", fields)


def notice(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
