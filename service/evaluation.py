"""Topics and qrels -> runs -> measures, at the level of articles; ir_measures is imported only here.

A failed measurement is an error, never a zero: what cannot be measured raises a ServiceError that names the topic.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.errors import InputError, ServiceError
from service.records import Hit, Leg
from service.training_pairs import held_out

MEASURES = ("nDCG@10", "R@100", "RR@10", "Judged@10")
GAINS = {1: 1, 2: 3}  # 2^grade - 1
FIELDS = ("query_en", "query_ar", "question_en", "question_ar")
ARTICLES = 100  # distinct articles a ranking must reach, where the index has them: R@100 looks no further
SEED = 20150810

Questions = Mapping[str, str]  # topic id -> text, in the order of the file
Qrels = Mapping[str, Mapping[str, int]]  # topic id -> article id -> grade 0, 1 or 2
Run = Mapping[str, Sequence[tuple[str, float]]]  # topic id -> (article id, score), best first; ties by article id


class Ranker(Protocol):
    """The part of the retriever that is measured."""

    def rank(self, text: str, leg: Leg, depth: int, /) -> Sequence[Hit]: ...


class SentenceEncoder(Protocol):
    """Unit vectors: (n, dim) for passages, (dim,) for a query."""

    def encode_passages(self, texts: list[str], /) -> NDArray[np.float32]: ...

    def encode_query(self, text: str, /) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class TestSet:
    """A small collection that brings its own questions. ``articles`` are records as `rasad ingest` reads them."""

    __test__ = False  # pytest: not a test class

    articles: tuple[Mapping[str, str], ...]
    questions: Mapping[str, Questions]  # by field
    qrels: Qrels


# -- reading ----------------------------------------------------------------------------------------------------------


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """(where, line) of every line that is not blank; ``where`` is file:line for messages."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield f"{path}:{number}", line.rstrip("\r\n")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}): convert it first") from error


def _records(path: Path, key: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    """(where, id, record) of a JSON Lines file; ids are unique strings without white space."""
    seen: set[str] = set()
    for where, line in _lines(path):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{where}: not a JSON object: {error.msg} at column {error.colno}") from error
        if not isinstance(record, dict):
            raise InputError(f"{where}: wanted a JSON object, found {type(record).__name__}")
        name = record.get(key, record.get("id"))
        if not isinstance(name, str) or len(name.split()) != 1 or name != name.strip():
            raise InputError(f"{where}: wanted a {key!r} without white space, found {name!r}")
        if name in seen:
            raise InputError(f"{where}: {key} {name} stands twice in this file")
        seen.add(name)
        yield where, name, record
    if not seen:
        raise InputError(f"{path} holds no record: wanted one JSON object a line")


def _text(record: Mapping[str, object], field: str, where: str, name: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {name} has no text in field {field!r} (its fields: {', '.join(record)})")
    return value


def read_topics(path: Path, fields: Sequence[str]) -> dict[str, dict[str, str]]:
    """The questions of each field. JSON Lines; the id is ``topic``, else ``id``; every topic must have every field."""
    questions: dict[str, dict[str, str]] = {field: {} for field in fields}
    for where, name, record in _records(path, "topic"):
        for field in fields:
            questions[field][name] = _text(record, field, where, f"topic {name}")
    return questions


def read_qrels(path: Path, topics: Iterable[str]) -> dict[str, dict[str, int]]:
    """The judgements of these topics (TREC: topic, 0, article, grade); other topics in the file are left out.

    A topic without judgements, or with nothing relevant, has no nDCG and is an error.
    """
    qrels: dict[str, dict[str, int]] = {}
    for where, line in _lines(path):
        columns = line.split()
        if len(columns) != 4:
            raise InputError(f"{where}: wanted 'topic 0 article grade', found {len(columns)} columns")
        topic, _, article, grade = columns
        if grade not in ("0", "1", "2"):
            raise InputError(f"{where}: wanted a grade of 0, 1 or 2, found {grade!r}")
        if qrels.setdefault(topic, {}).setdefault(article, int(grade)) != int(grade):
            raise InputError(f"{where}: article {article} of topic {topic} is judged twice, with two grades")
    wanted = list(topics)
    for topic in wanted:
        if topic not in qrels:
            raise InputError(f"topic {topic} has no qrels in {path}: judge it or take it out of the topics")
        if not any(qrels[topic].values()):
            raise InputError(f"topic {topic} has no relevant article in {path}: its nDCG is not defined")
    return {topic: qrels[topic] for topic in wanted}


def read_reports(path: Path, fields: Sequence[str], holdout: bool = False) -> TestSet:
    """The team's reports: every Arabic text is an article, the right answer to its own questions (where it has any).

    ``holdout``: only the questions of the fifth that training leaves out; all articles stay.
    """
    home: dict[str, str] = {}  # text -> the id it is ingested under
    articles: list[Mapping[str, str]] = []
    questions: dict[str, dict[str, str]] = {field: {} for field in fields}
    qrels: dict[str, dict[str, int]] = {}
    for where, name, record in _records(path, "id"):
        text = _text(record, "ar", where, f"report {name}")
        if home.setdefault(text, name) == name:
            published = str(record.get("date") or "")
            articles.append({"id": name, "title": "", "text": text, "published": published, "language": "ar"})
        if holdout and not held_out(name):
            continue
        for field in fields:
            if field in record:
                questions[field][name] = _text(record, field, where, f"report {name}")
                qrels[name] = {home[text]: 1}
    for field in fields:
        if not questions[field]:
            raise InputError(f"{path}: no {'held-out ' if holdout else ''}report has the field {field!r}")
    return TestSet(tuple(articles), questions, qrels)


def _squad(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """(paragraph id, paragraph, question id, question) of a SQuAD file."""
    try:
        entries = json.loads("\n".join(line for _, line in _lines(path)))["data"]
        for a, entry in enumerate(entries):
            for p, paragraph in enumerate(entry["paragraphs"]):
                for qa in paragraph["qas"]:
                    yield f"a{a:03d}p{p:03d}", paragraph["context"], qa["id"], qa["question"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not in SQuAD's JSON format: {type(error).__name__}: {error}") from error


def read_xquad(folder: Path, asked: str, answered: str) -> TestSet:
    """XQuAD's questions in the language ``asked`` over its paragraphs in ``answered``; the field is e.g. "en-ar".

    One paragraph is one article without title; equal paragraphs are one article. Question ids join the languages.
    """
    home: dict[str, str] = {}  # text -> paragraph id
    right: dict[str, str] = {}  # question id -> paragraph id
    for paragraph_id, text, question_id, _ in _squad(folder / f"xquad.{answered}.json"):
        right[question_id] = home.setdefault(text, paragraph_id)
    questions = {qid: question for _, _, qid, question in _squad(folder / f"xquad.{asked}.json")}
    if not questions or questions.keys() != right.keys():
        odd = sorted(questions.keys() ^ right.keys())
        raise InputError(f"{folder}: {asked} and {answered} must hold the same questions, {len(odd)} differ: {odd[:3]}")
    for qid, question in questions.items():
        _text({"question": question}, "question", f"{folder}/xquad.{asked}.json", f"question {qid}")
    articles = tuple({"id": name, "title": "", "text": text, "language": answered} for text, name in home.items())
    return TestSet(articles, {f"{asked}-{answered}": questions}, {qid: {name: 1} for qid, name in right.items()})


def read_bitext(english: Path, arabic: Path) -> tuple[list[str], list[str]]:
    """Line i of one file translates line i of the other."""
    sides: list[list[str]] = []
    for path in (english, arabic):
        numbered = list(_lines(path))
        for number, (where, _) in enumerate(numbered, 1):
            if where != f"{path}:{number}":
                raise InputError(f"{path}:{number} is blank: the lines of a bitext must pair up")
        sides.append([line for _, line in numbered])
    if not sides[0] or len(sides[0]) != len(sides[1]):
        raise InputError(f"{english} has {len(sides[0])} lines and {arabic} {len(sides[1])}: wanted as many, and some")
    return sides[0], sides[1]


# -- running ----------------------------------------------------------------------------------------------------------


def rank_articles(hits: Iterable[Hit], copies: Mapping[str, Sequence[str]]) -> list[tuple[str, float]]:
    """Articles by their best chunk, each exact copy with its original's score; ties by article id."""
    best: dict[str, float] = {}
    for hit in hits:
        article_id, mark, _ = hit.docid.rpartition("#")  # the last: an article id may hold one itself
        if not mark or not math.isfinite(hit.score):
            raise ServiceError(f"a ranking must hold chunks with finite scores, found {hit}")
        for name in (article_id, *copies.get(article_id, ())):
            best[name] = max(best.get(name, -math.inf), float(hit.score))
    return sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))


def run_questions(
    ranker: Ranker, questions: Questions, leg: Leg, *, depth: int, copies: Mapping[str, Sequence[str]]
) -> dict[str, list[tuple[str, float]]]:
    """The run of one leg. ``depth`` counts chunks; it is doubled for a question whose chunks reach too few articles."""
    run: dict[str, list[tuple[str, float]]] = {}
    for topic, text in questions.items():
        asked = depth
        try:
            while True:
                hits = ranker.rank(text, leg, asked)
                run[topic] = rank_articles(hits, copies)
                if len(run[topic]) >= ARTICLES or len(hits) < asked:
                    break
                asked *= 2
        except Exception as error:  # whatever broke, the topic must be named: it is not a zero
            what = str(error) if isinstance(error, ServiceError) else f"{type(error).__name__}: {error}"
            raise ServiceError(f"topic {topic} ({text!r}) could not be searched by leg {leg}: {what}") from error
    return run


def write_run(path: Path, runs: Mapping[str, Run]) -> None:
    """A TREC run, ``runs`` by tag. Scores are the engine's own: the rank column tells the order of ties, not they."""
    lines: list[str] = []
    for tag, run in runs.items():
        for topic, ranking in run.items():
            for rank, (article_id, score) in enumerate(ranking, 1):
                if len(article_id.split()) != 1:
                    raise ServiceError(f"article id {article_id!r} holds white space: a TREC run cannot name it")
                lines.append(f"{topic} Q0 {article_id} {rank} {score!r} {tag}\n")
    try:
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"cannot write the run to {path}: {error.strerror}") from error


# -- measuring --------------------------------------------------------------------------------------------------------


def measure(run: Run, qrels: Qrels) -> dict[str, dict[str, float]]:
    """Measure -> topic -> value. ``run`` must have an entry for each topic of ``qrels``; an empty ranking counts 0."""
    try:
        import ir_measures
        from ir_measures import RR, Judged, R, nDCG
    except ImportError as error:
        raise ServiceError(f"measuring needs the package ir_measures: pip install ir_measures ({error})") from error
    if run.keys() != qrels.keys():
        raise ServiceError(f"run and qrels must have the same topics, differ in {sorted(run.keys() ^ qrels.keys())}")
    # Providers break ties in different ways (trec_eval by descending docid, after rounding to float32): ranks go in
    # instead of scores. And they are named, because one that ignores `gains` must not stand in for trec_eval.
    ranks = {t: {a: float(len(r) - i) for i, (a, _) in enumerate(r)} for t, r in run.items() if r}
    grades = {topic: dict(judged) for topic, judged in qrels.items()}
    plan = (
        (ir_measures.pytrec_eval, {nDCG(gains=GAINS) @ 10: "nDCG@10", R @ 100: "R@100"}),
        (ir_measures.msmarco, {RR @ 10: "RR@10"}),
        (ir_measures.judged, {Judged @ 10: "Judged@10"}),
    )
    values: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    try:
        for provider, names in plan:
            for metric in provider.iter_calc(list(names), grades, ranks):
                values[names[metric.measure]][metric.query_id] = float(metric.value)
    except RuntimeError as error:
        raise ServiceError(f"ir_measures cannot measure: {error}") from error
    for name in MEASURES:
        if values[name].keys() != qrels.keys() or not all(map(math.isfinite, values[name].values())):
            raise ServiceError(f"ir_measures gave no {name} for some topic: nothing is reported")
    return {name: {topic: values[name][topic] for topic in run} for name in MEASURES}


def mean(values: Mapping[str, float]) -> float:
    """Over topics. Raises ValueError for none: the mean of nothing is not 0."""
    if not values:
        raise ValueError("no topic was measured")
    return math.fsum(values.values()) / len(values)


def confidence_interval(values: Sequence[float], rounds: int = 2_000, seed: int = SEED) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over topics."""
    sample = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = [float(rng.choice(sample, size=len(sample)).mean()) for _ in range(rounds)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def paired_randomisation(a: Sequence[float], b: Sequence[float], rounds: int = 10_000, seed: int = SEED) -> float:
    """Two-sided p value of the difference of means, a[i] and b[i] being one topic (Smucker et al. 2007)."""
    if len(a) != len(b) or not len(a):
        raise ValueError(f"wanted two systems' values on the same topics, found {len(a)} and {len(b)}")
    difference = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    observed = abs(float(difference.sum()))
    rng = np.random.default_rng(seed)
    extreme = 0
    for _ in range(rounds):
        signs = rng.integers(0, 2, size=len(difference)) * 2 - 1
        extreme += abs(float(signs @ difference)) >= observed - 1e-12
    return (extreme + 1) / (rounds + 1)  # the observed assignment is one of the possible ones: never 0


def bitext_top1(encoder: SentenceEncoder, sources: list[str], targets: list[str]) -> float:
    """Share of ``sources`` (as queries) whose nearest of ``targets`` (as passages) by inner product is their own."""
    vectors = encoder.encode_passages(targets)
    right = 0
    for source, target in zip(sources, targets, strict=True):
        scores = vectors @ np.ravel(encoder.encode_query(source))
        if not np.isfinite(scores).all():
            raise ServiceError(f"the encoder gave a vector that is not finite, near {source!r}")
        right += targets[int(np.argmax(scores))] == target  # a sentence that stands twice is right either time
    return right / len(sources)
