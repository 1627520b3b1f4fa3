"""The evaluate command's --answers: how good the answers of a collection are, and how honest.

    scripts/evaluate --answers --collection news --topics T.jsonl --qrels Q.txt --unanswerable U.jsonl
    scripts/evaluate --answers --collection news --from-corpus 2000      citations checked, latency

Exit codes: 0 measured, 2 error. Measures alone go to stdout, progress and notices to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from service import answer_evaluation as measures
from service import evaluation
from service.answer_evaluation import MEASURES, Outcome
from service.engine import Engine
from service.errors import InputError, ServiceError
from service.evaluation import confidence_interval
from service.settings import Settings

FIELDS = "question_ar,question_en"


def main(argv: Sequence[str]) -> int:
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    try:
        report = _from_corpus(options) if options.from_corpus else _on_topics(options)
    except (ServiceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report, ensure_ascii=False) if options.json else "\n".join(_table(report)), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("evaluate --answers", description="Measure answers.", allow_abbrev=False)
    parser.add_argument("--answers", action="store_true", required=True)
    parser.add_argument("--collection", metavar="NAME", help="collection that is asked")
    parser.add_argument(
        "--topics", type=Path, metavar="FILE.jsonl", help="questions with evidence and accepted answers"
    )
    parser.add_argument("--qrels", type=Path, metavar="FILE", help="TREC judgements of the topics")
    parser.add_argument(
        "--unanswerable", type=Path, nargs="+", default=[], metavar="FILE.jsonl", help="no report answers"
    )
    parser.add_argument("--fields", default=FIELDS, metavar="A,B", help=f"(default: {FIELDS})")
    parser.add_argument("--from-corpus", type=int, default=0, metavar="N", help="N questions of the collection's words")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.png", help="false answers against false refusals (needs matplotlib)"
    )
    parser.add_argument("--per-topic", action="store_true", help="also each question's outcome")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser


def _on_topics(options: argparse.Namespace) -> dict[str, Any]:
    if not options.topics or not options.qrels:
        raise InputError("--answers needs --topics FILE and --qrels FILE, or --from-corpus N")
    settings = Settings.from_env()
    collection = options.collection or settings.collection
    report: dict[str, Any] = {
        "collection": collection,
        "threshold": settings.answer_threshold,
        "fields": {},
    }
    asked: dict[str, tuple[list[Outcome], list[Outcome]]] = {}
    with closing(Engine(settings)) as engine:
        ask = engine.answerer(collection).answer
        for field in options.fields.split(","):
            topics = measures.read(options.topics, field, collection)
            qrels = evaluation.read_qrels(options.qrels, [topic.name for topic in topics])
            without = [t for path in options.unanswerable for t in measures.read(path, field, collection)]
            for topic in [*topics, *without]:
                ask(topic.text)  # warm: what is timed below is not the first reading of a memory map
            asked[field] = measures.ask_all(ask, topics, qrels), measures.ask_all(ask, without, None)
            report["fields"][field] = _summary(engine, collection, *asked[field], options.per_topic)
    if all(without for _, without in asked.values()):
        curves = {field: _curve(*outcomes) for field, outcomes in asked.items()}
        report["curve"] = {f: [[round(x, 4) for x in point] for point in points] for f, points in curves.items()}
        if options.plot:
            _plot(options.plot, curves, report["fields"])
    pairs = [(o.answer.confidence, bool(o.values) and _right(o)) for a, w in asked.values() for o in [*a, *w]]
    report["reliability"] = [[round(value, 3) for value in row] for row in measures.reliability(pairs)]
    return report


def _curve(answered: Sequence[Outcome], refused: Sequence[Outcome]) -> list[tuple[float, float, float]]:
    return measures.curve([o.answer.confidence for o in answered], [o.answer.confidence for o in refused])


def _right(outcome: Outcome) -> bool:
    return bool(outcome.values.get("evidence@3")) or bool(outcome.values.get("quote hit@3"))


def _summary(
    engine: Engine, collection: str, answered: Sequence[Outcome], refused: Sequence[Outcome], per_topic: bool
) -> dict[str, Any]:
    summary: dict[str, Any] = {"topics": len(answered), "unanswerable": len(refused)}
    for name in MEASURES:
        summary[name] = _with_interval([outcome.values[name] for outcome in answered])
    if refused:
        summary["false answers"] = _with_interval([float(not outcome.answer.abstained) for outcome in refused])
    summary.update(_checked(engine, collection, [*answered, *refused]))
    if per_topic:
        summary["per_topic"] = {o.topic.name: _line(o) for o in [*answered, *refused]}
    return summary


def _line(outcome: Outcome) -> dict[str, object]:
    answer = outcome.answer
    return {
        **outcome.values,
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "short": answer.short_answer,
    }


def _checked(engine: Engine, collection: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    citations = [citation for outcome in outcomes for citation in outcome.answer.citations]
    wrong = [c for c in citations if not measures.valid(c, engine.article(collection, c.article_id)[0])]
    took = [outcome.answer.took_ms for outcome in outcomes]
    return {
        "citations": len(citations),
        "citations that do not hold": len(wrong),
        "answers with markers that do not hold": sum(not measures.markers_hold(o.answer) for o in outcomes),
        "p50_ms": measures.percentile(took, 0.5),
        "p95_ms": measures.percentile(took, 0.95),
    }


def _from_corpus(options: argparse.Namespace) -> dict[str, Any]:
    """Every question is answered, whatever the confidence, so that there are citations to check."""
    settings = replace(Settings.from_env(), answer_threshold=0.0)
    collection = options.collection or settings.collection
    with closing(Engine(settings)) as engine:
        names = measures.sample(engine.article_ids(collection), 2 * options.from_corpus)
        articles = [engine.article(collection, name)[0] for name in names]
        topics = measures.from_corpus(articles, options.from_corpus)
        ask = engine.answerer(collection).answer
        for topic in topics[: len(topics) // 10]:
            ask(topic.text)
        outcomes = measures.ask_all(ask, topics, None)
        return {"collection": collection, "questions": len(topics), **_checked(engine, collection, outcomes)}


def _with_interval(values: Sequence[float]) -> list[float]:
    """[mean, low, high]: 95 % bootstrap interval over questions."""
    return [round(x, 4) for x in (sum(values) / len(values), *confidence_interval(values))]


def _table(report: Mapping[str, Any]) -> list[str]:
    lines = [f"{name}  {value}" for name, value in report.items() if not isinstance(value, dict | list)]
    for field, summary in report.get("fields", {}).items():
        lines += ["", field]
        for name, value in summary.items():
            if isinstance(value, list):
                lines.append(f"  {name:28}{value[0]:.4f} [{value[1]:.3f}, {value[2]:.3f}]")
            elif isinstance(value, dict):
                lines += [f"    {topic:8}{_short(line)}" for topic, line in value.items()]
            else:
                lines.append(f"  {name:28}{value}")
    if "reliability" in report:
        lines += ["", "confidence   questions  mean   right"]
        lines += [
            f"{a:.1f} - {b:.1f}   {int(n):9}  {mean:.2f}   {share:.2f}"
            for a, b, n, mean, share in report["reliability"]
        ]
    if report.get("fields"):
        lines.append("[ ]: 95 % bootstrap interval over questions; latency after one warming pass")
    return lines


def _short(line: Mapping[str, Any]) -> str:
    marks = " ".join(f"{name} {line[name]:.0f}" for name in MEASURES if name in line)
    return f"{line['confidence']:.2f} {'refused ' if line['abstained'] else 'answered'} {marks}  {line['short']}"


def _plot(path: Path, curves: Mapping[str, Sequence[tuple[float, float, float]]], fields: Mapping[str, Any]) -> None:
    """One curve for each field, and where the thresholds in use put it."""
    try:
        import matplotlib
    except ImportError as error:
        raise InputError(f"--plot needs matplotlib: pip install 'rasad[plots]' ({error})") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=120)
    for field, points in curves.items():
        line = axes.step([p[1] for p in points], [p[2] for p in points], where="post", label=field)[0]
        measured = fields[field]
        axes.plot(measured["false refusals"][0], measured["false answers"][0], "o", color=line.get_color())
    axes.axhline(0.25, ls=":", lw=1, color="gray")
    axes.axvline(0.15, ls=":", lw=1, color="gray")
    axes.set(xlabel="false refusals", ylabel="false answers", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
