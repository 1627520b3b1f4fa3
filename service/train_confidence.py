"""Fits what ranks sentences and what decides whether to answer, on the team's own reports; writes answer_weights.py.

    scripts/train_confidence REPORTS.jsonl

Only reports that the encoder's training left out are asked about (training_pairs.held_out): on the others its vectors
know the questions. A question is answerable as it is, and with its report's month added; it is unanswerable over the
same collection when its report is taken away, when only the answering sentence is, when the place it names is
another, when the month is wrong. The confidence also learns from the sample collection's topics, and from questions
written to have no answer in the reports or in the sample (scripts/annotations/unanswerable.jsonl; those about other
collections are for measuring).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service import answer_evaluation, chunker, confidence, evidence, question_terms
from service.dates.calendars import iso_day
from service.engine import SAMPLE, Engine, sample_folder
from service.errors import InputError, ServiceError
from service.evidence import FEATURES, Sentence
from service.question import Question, read
from service.records import Filters, Passage
from service.settings import Settings
from service.training_pairs import held_out

_ROOT = Path(__file__).parent.parent
Floats = npt.NDArray[np.float64]
FIELDS = {"question_en": ("place_en", " in {month} {year}?"), "question_ar": ("place_ar", " في {month} {year}؟")}
_MONTHS = {
    "question_en": "January February March April May June July August September October November December".split(),
    "question_ar": "كانون الثاني,شباط,آذار,نيسان,أيار,حزيران,تموز,آب,أيلول,تشرين الأول,تشرين الثاني,كانون الأول".split(
        ","
    ),
}
# Where ranking starts from, and how strongly it is held there: the reports are short and clean, news is neither.
PRIOR = {"coverage": 6.0, "window": 6.0, "passage": 3.0, "title": 1.2, "rare": 1.8, "pairs": 3.0, "cosine": 3.0,
         "rank": 1.8, "score": 3.0, "fit": 4.0, "date": -3.0, "lead": 0.3}  # fmt: skip
# "fit" stays: every report of the training has numbers and names, so there it tells little. 4 was chosen on dev topics.
LEARNT = {*PRIOR, "words", "length"} - {"fit"}
_HOLD = 0.03
_PARTLY = 0.3  # worth of another sentence of the right report, beside the answering one
_L2 = 3.0  # of the logistic model, as 1 / C
_OWN = 6.0  # weight of a question of the sample collection or of those written to have no answer
_SEED = 7
_SHOWN = 3  # sentences among which the right report must be to count as answered


@dataclass(frozen=True, slots=True)
class Example:
    """A question over passages, with the sentences found: which are of the right report (1), which answer (2)."""

    report: str
    field: str
    kind: str  # asked, dated | gone, cut, moved, late, none
    found: tuple[Sentence, ...]
    right: tuple[int, ...]
    question: Question
    weight: float = 1.0

    @property
    def answerable(self) -> bool:
        return self.kind in ("asked", "dated")


def examples(engine: Engine, collection: str, reports: Sequence[Mapping[str, str]]) -> Iterator[Example]:
    """The examples of the held-out reports that have questions, in the order of the reports."""
    choose = random.Random(_SEED)
    places = {field: sorted({r[place] for r in reports if r.get(place)}) for field, (place, _) in FIELDS.items()}
    for report in reports:
        if not held_out(report["id"]) or not report.get("question_en"):
            continue
        for field, (place, month) in FIELDS.items():
            asked = report[field]
            passages = engine.retriever(collection).search(asked, 25).passages
            yield _example(engine, collection, report, field, "asked", asked, passages)
            yield _example(engine, collection, report, field, "gone", asked, _without(passages, report["id"]))
            yield _example(engine, collection, report, field, "cut", asked, _cut(passages, report))
            if report[place] and report[place] in asked:
                other = choose.choice([p for p in places[field] if p != report[place]])
                yield _example(engine, collection, report, field, "moved", asked.replace(report[place], other))
            day = iso_day(report["date"]) if len(report["date"]) == 10 else None
            if day:
                right = choose.random() < 0.5
                year = day.year if right else day.year + choose.choice((-2, -1, 1, 2))
                name = _MONTHS[field][day.month - 1 if right else choose.randrange(12)]
                text = asked.rstrip("?؟ ") + month.format(month=name, year=year)
                yield _example(engine, collection, report, field, "dated" if right else "late", text)


def _example(
    engine: Engine, collection: str, report: Mapping[str, str], field: str, kind: str, text: str,
    passages: Sequence[Passage] | None = None,
) -> Example:  # fmt: skip
    passages, found = _look(engine, collection, text, passages)
    start, end = _answer_span(report)
    right = tuple(
        0 if passages[s.passage].article_id != report["id"] else 2 if s.start < end and start < s.end else 1
        for s in found
    )
    if kind == "cut":  # its offsets are those of what is left
        right = tuple(min(grade, 1) for grade in right)
    return Example(report["id"], field, kind, tuple(found), right, read(text))


def _look(
    engine: Engine, collection: str, text: str, passages: Sequence[Passage] | None = None
) -> tuple[Sequence[Passage], list[Sentence]]:
    """The passages given, else those found, and their sentences, as answering a question does."""
    settings, retriever, reader = engine.settings, engine.retriever(collection), engine.reader(collection)
    if passages is None:
        passages = retriever.search(text, settings.answer_passages, filters=Filters(strict_phrases=True)).passages
    passages = passages[: settings.answer_passages]
    terms = question_terms.question_terms(
        read(text), retriever.concepts(text), reader.document_frequencies, reader.manifest.chunks
    )
    return passages, evidence.sentences(read(text), terms, passages, engine.encoder, settings.answer_looked_at)


def own_examples(engine: Engine, topics: Path, unanswerable: Path) -> Iterator[Example]:
    """The sample's topics, and the questions without an answer that are about the sample or the reports."""
    for field in FIELDS:
        for topic in answer_evaluation.read(topics, field, SAMPLE):
            passages, found = _look(engine, SAMPLE, topic.text)
            right = tuple(int(passages[s.passage].article_id in topic.articles) for s in found)
            yield Example(topic.name, field, "asked", tuple(found), right, read(topic.text), _OWN)
        for collection in (SAMPLE, "reports"):
            for topic in answer_evaluation.read(unanswerable, field, collection):
                found = _look(engine, collection, topic.text)[1]
                yield Example(topic.name, field, "none", tuple(found), (0,) * len(found), read(topic.text), _OWN)


def _answer_span(report: Mapping[str, str]) -> tuple[int, int]:
    start = report["ar"].find(report["answer_quote"])
    if start < 0:
        raise InputError(f"report {report['id']}: its answer_quote is not in its text")
    return start, start + len(report["answer_quote"])


def _without(passages: Sequence[Passage], report: str) -> list[Passage]:
    return [passage for passage in passages if passage.article_id != report]


def _cut(passages: Sequence[Passage], report: Mapping[str, str]) -> list[Passage]:
    """The passages with the answering sentence cut out of its report; what is left of it stays."""
    start, end = _answer_span(report)
    kept = []
    for passage in passages:
        if passage.article_id == report["id"]:
            spans = [(a, b) for a, b in chunker.sentences(passage.text)]
            rest = [passage.text[a:b] for a, b in spans if not (passage.start + a < end and start < passage.start + b)]
            if not rest:
                continue
            text = " ".join(rest)
            passage = replace(passage, text=text, end=passage.start + len(text), highlights=())
        kept.append(passage)
    return kept


def fit_ranker(cases: Sequence[Example], rounds: int = 300, rate: float = 0.03) -> dict[str, float]:
    """Listwise softmax over each question's sentences, held near PRIOR; weights for features as they are."""
    rows = [
        (np.array([s.features for s in c.found]), np.array(c.right)) for c in cases if c.answerable and 2 in c.right
    ]
    spread = np.concatenate([x for x, _ in rows]).std(axis=0) + 1e-6
    prior = np.array([PRIOR.get(name, 0.0) for name in FEATURES]) * spread
    free = np.array([name in LEARNT for name in FEATURES])
    targets = [np.where(y == 2, 1.0, np.where(y == 1, _PARTLY, 0.0)) for _, y in rows]
    lists = [(x / spread, t / t.sum()) for (x, _), t in zip(rows, targets, strict=True)]
    weights, mean, square = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for step in range(1, rounds + 1):  # Adam (Kingma & Ba 2015)
        slope = _HOLD * (weights - prior)
        for x, target in lists:
            z = x @ weights
            p = np.exp(z - z.max())
            slope += x.T @ (p / p.sum() - target) / len(lists)
        slope[~free] = 0.0
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope * slope
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(w), 4) for name, w in zip(FEATURES, weights / spread, strict=True)}


def rows_of(cases: Sequence[Example], ranker: Mapping[str, float]) -> tuple[Floats, Floats, list[Example]]:
    """Inputs and labels of the logistic model: is the right report among the sentences that would be shown."""
    weights = np.array([ranker[name] for name in FEATURES])
    inputs, labels, kept = [], [], []
    for case in cases:
        if not case.found:
            continue
        order = np.argsort(-(np.array([s.features for s in case.found]) @ weights), kind="stable")
        inputs.append(confidence.inputs(case.found[order[0]], case.question))
        labels.append(case.answerable and any(case.right[i] for i in order[:_SHOWN]))
        kept.append(case)
    return np.array(inputs), np.array(labels, float), kept


def fit_logistic(inputs: Floats, labels: Floats, worth: Floats, rounds: int = 60) -> tuple[dict[str, float], float]:
    """Newton's method with an L2 penalty on standardised inputs; ``worth`` is of each row, in sum the same for both."""
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    x = np.column_stack([(inputs - centre) / spread, np.ones(len(inputs))])
    share = float(worth[labels == 1].sum() / worth.sum())
    weight = worth * np.where(labels == 1, 0.5 / share, 0.5 / (1 - share))
    penalty = np.diag([_L2] * inputs.shape[1] + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-x @ beta))
        slope = x.T @ (weight * (p - labels)) + penalty @ beta
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty + 1e-9 * np.eye(len(beta))
        beta -= np.linalg.solve(curve, slope)
    scaled = beta[:-1] / spread
    names = {name: round(float(w), 4) for name, w in zip(confidence.INPUTS, scaled, strict=True)}
    return names, round(float(beta[-1] - scaled @ centre), 4)


def write(path: Path, ranker: Mapping[str, float], logistic: Mapping[str, float], intercept: float, about: str) -> None:
    lines = [
        f'"""Written by scripts/train_confidence; do not edit. {about}"""',
        "",
        "RANKER = {", *(f'    "{name}": {value},' for name, value in ranker.items()), "}",
        "CONFIDENCE = {", *(f'    "{name}": {value},' for name, value in logistic.items()), "}",
        f"INTERCEPT = {intercept}",
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def collect(path: Path, unanswerable: Path | None, settings: Settings) -> list[Example]:
    """All examples of a file of reports, and the team's own questions, over temporary collections."""
    try:
        reports = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON lines: {error}") from error
    with tempfile.TemporaryDirectory(prefix="rasad-train-") as folder:
        source = Path(folder, "reports.jsonl")
        with source.open("w", encoding="utf-8") as stream:
            for report in reports:
                day = {"date": report["date"]} if len(report["date"]) == 10 else {}
                line = {"id": report["id"], "text": report["ar"], "language": "ar", **day}
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        with closing(Engine(replace(settings, indexes=Path(folder, "indexes")))) as engine:
            report = engine.ingest("reports", [str(source)])
            if report.rejected:
                raise ServiceError(f"{report.rejected} reports were rejected: {report.rejections[0].reason}")
            found = list(examples(engine, "reports", reports))
            if unanswerable:
                engine.prepare_sample()
                found += own_examples(engine, sample_folder() / "topics.jsonl", unanswerable)
            return found


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 2 error."""
    parser = argparse.ArgumentParser("train_confidence", description="Fit answer_weights.py on reports with questions.")
    parser.add_argument("reports", type=Path, metavar="REPORTS.jsonl")
    parser.add_argument(
        "--unanswerable",
        type=Path,
        metavar="FILE.jsonl",
        default=_ROOT / "scripts" / "annotations" / "unanswerable.jsonl",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("answer_weights.py"), metavar="FILE")
    options = parser.parse_args(argv)
    try:
        settings = Settings.from_env()
        cases = collect(options.reports, options.unanswerable, settings)
        ranker = fit_ranker(cases)
        inputs, labels, kept = rows_of(cases, ranker)
        logistic, intercept = fit_logistic(inputs, labels, np.array([case.weight for case in kept]))
        with closing(Engine(settings)) as engine:
            encoder = engine.encoder.encoder_id
        write(options.out, ranker, logistic, intercept, f"{len(kept)} questions, encoder {encoder}.")
    except (ServiceError, OSError) as error:
        print(f"train_confidence: {error}", file=sys.stderr)
        return 2
    print(
        f"train_confidence: {len(kept)} questions, {int(labels.sum())} answered; wrote {options.out}", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
