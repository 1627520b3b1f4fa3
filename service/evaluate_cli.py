"""The evaluate command: measures of an index on topics with qrels, or of the program on a test set.

    scripts/evaluate --collection news --topics T.jsonl --qrels Q.txt --fields query_en,question_ar
    scripts/evaluate --xquad DIR --direction en-ar      questions -> paragraphs, in a temporary collection
    scripts/evaluate --reports FILE.jsonl [--holdout]   questions -> the one right report, likewise
    scripts/evaluate --answers --collection NAME ...    answers and refusals: see evaluate_answers_cli.py
    scripts/evaluate --speed --collection NAME ...      how fast the models are: see evaluate_speed_cli.py
    scripts/evaluate --bitext EN AR                     nearest translation by the dense encoder alone
    scripts/evaluate --places FILE --texts DIR...       places found in annotated texts; --dates FILE likewise

Exit codes: 0 measured, 2 error. Measures alone go to stdout, progress and notices to stderr.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from service import evaluation
from service.errors import ArticleNotFound, InputError, ServiceError
from service.evaluation import MEASURES, Qrels, Questions, Ranker, Run, SentenceEncoder, TestSet
from service.records import IngestReport, Leg
from service.settings import Settings

DIRECTIONS = ("en-ar", "ar-en", "ar-ar", "en-en")
OPTIONS_OF = {
    "topics": {"qrels", "collection", "fields", "legs", "run_out", "per_topic", "by"},
    "xquad": {"direction", "legs", "run_out", "per_topic"},
    "reports": {"fields", "holdout", "legs", "run_out", "per_topic"},
    "bitext": set[str](),
    "places": {"texts", "errors"},
    "dates": {"texts", "errors"},
}


class Engine(Protocol):
    """What the command needs of service.engine.Engine."""

    def retriever(self, collection: str, /) -> Ranker: ...

    def ingest(self, collection: str, paths: list[str], /) -> IngestReport: ...

    def article(self, collection: str, article_id: str, /) -> object: ...

    def copies(self, collection: str, /) -> Mapping[str, Sequence[str]]: ...

    def close(self) -> None: ...


Opener = Callable[[Settings], Engine]
Loader = Callable[[str | None], SentenceEncoder]


@dataclass(frozen=True, slots=True)
class Result:
    """One leg on one field."""

    leg: Leg
    field: str
    run: Run
    values: Mapping[str, Mapping[str, float]]  # measure -> topic -> value


def _open_engine(settings: Settings) -> Engine:
    from service.engine import Engine as RealEngine

    return RealEngine(settings)


def _load_encoder(model: str | None) -> SentenceEncoder:
    from service import encoder

    return encoder.load(model, Settings.from_env())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("evaluate", description="Measure retrieval.", allow_abbrev=False)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--topics", type=Path, metavar="FILE.jsonl", help="one topic a line: topic, query_en, ...")
    mode.add_argument("--xquad", type=Path, metavar="DIR", help="folder of xquad.en.json and xquad.ar.json")
    mode.add_argument(
        "--reports", type=Path, metavar="FILE.jsonl", help="reports with their questions: id, ar, query_en"
    )
    mode.add_argument("--bitext", type=Path, nargs=2, metavar=("EN", "AR"), help="two files of parallel lines")
    mode.add_argument("--places", type=Path, metavar="FILE.jsonl", help="annotated mentions of places")
    mode.add_argument("--dates", type=Path, metavar="FILE.jsonl", help="annotated expressions of dates")
    parser.add_argument("--texts", type=Path, nargs="+", metavar="DIR", help="folders of the texts (--places, --dates)")
    parser.add_argument("--errors", action="store_true", help="also each mistake (--places, --dates)")
    parser.add_argument("--collection", metavar="NAME", help="collection that is searched (--topics)")
    parser.add_argument("--qrels", type=Path, metavar="FILE", help="TREC judgements, grades 0, 1, 2 (--topics)")
    parser.add_argument("--fields", metavar="A,B", help=f"fields asked (--reports: {','.join(evaluation.FIELDS)})")
    parser.add_argument("--direction", metavar="Q-D", help=f"any of {','.join(DIRECTIONS)} (--xquad; first is default)")
    parser.add_argument("--holdout", action="store_true", help="only the fifth that training leaves out (--reports)")
    parser.add_argument("--legs", metavar="A,B", help=f"any of {', '.join(Leg)}; default {Leg.FUSED}")
    parser.add_argument("--model", metavar="NAME", help="sentence-transformers model instead of the bundled encoder")
    parser.add_argument("--run-out", type=Path, metavar="FILE", help="TREC run; every leg.field, which is the tag")
    parser.add_argument("--by", metavar="FIELD", help="also nDCG@10 by this field of the topics, e.g. type (--topics)")
    parser.add_argument("--per-topic", action="store_true", help="also each topic's nDCG@10")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser


def _listed(given: str, option: str, known: Iterable[str] = ()) -> list[str]:
    names = [name.strip() for name in given.split(",")]
    allowed = list(known)
    for name in names:
        if not name or (allowed and name not in allowed):
            hint = f"any of {', '.join(allowed)}" if allowed else "names"
            raise InputError(f"{option}: wanted {hint}, separated by commas, found {name!r}")
    return list(dict.fromkeys(names))


def _check(args: argparse.Namespace) -> str:
    """The mode, once the options agree with it."""
    mode = next(name for name in OPTIONS_OF if getattr(args, name) is not None)
    for option in sorted(set().union(*OPTIONS_OF.values()) - OPTIONS_OF[mode]):
        if getattr(args, option) not in (None, False):
            raise InputError(f"--{option.replace('_', '-')} does not go with --{mode}: leave one out")
    if mode == "topics" and (args.qrels is None or args.fields is None):
        raise InputError("--topics needs --qrels FILE and --fields, e.g. --fields query_en,query_ar")
    if args.run_out is not None and (args.run_out.is_dir() or not args.run_out.absolute().parent.is_dir()):
        raise InputError(f"--run-out: wanted a file in a folder that exists, found {args.run_out}")
    return mode


def _notice(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measure(
    engine: Engine, collection: str, questions: Mapping[str, Questions], qrels: Qrels, legs: list[Leg], depth: int
) -> list[Result]:
    ranker, copies = engine.retriever(collection), engine.copies(collection)
    results = []
    for leg in legs:
        for field, asked in questions.items():
            _notice(f"{leg} {field}: {len(asked)} topics")
            run = evaluation.run_questions(ranker, asked, leg, depth=depth, copies=copies)
            empty = [topic for topic, ranking in run.items() if not ranking]
            if empty:
                _notice(f"{leg} {field}: nothing found for {len(empty)} topics, which counts 0: {' '.join(empty[:10])}")
            values = evaluation.measure(run, {topic: qrels[topic] for topic in asked})
            results.append(Result(leg, field, run, values))
    return results


def _check_relevant(engine: Engine, collection: str, qrels: Qrels) -> None:
    """Qrels of another collection would measure 0 everywhere: that is an error, and a part missing is said."""
    copies = {name for names in engine.copies(collection).values() for name in names}
    relevant = sorted({name for judged in qrels.values() for name, grade in judged.items() if grade} - copies)
    missing = []
    for name in relevant:
        try:
            engine.article(collection, name)
        except ArticleNotFound:
            missing.append(name)
    if missing and len(missing) == len(relevant):
        raise InputError(f"no relevant article of the qrels is in collection {collection}, e.g. {missing[0]}")
    if missing:
        _notice(f"{len(missing)} relevant articles are not in {collection} and count as not found, e.g. {missing[0]}")


def _on_topics(args: argparse.Namespace, settings: Settings, legs: list[Leg], open_engine: Opener) -> list[Result]:
    questions = evaluation.read_topics(args.topics, _listed(args.fields, "--fields"))
    qrels = evaluation.read_qrels(args.qrels, next(iter(questions.values())))
    collection = args.collection or settings.collection
    with closing(open_engine(settings)) as engine:
        _check_relevant(engine, collection, qrels)
        return _measure(engine, collection, questions, qrels, legs, settings.depth)


def _on_test_sets(sets: list[TestSet], settings: Settings, legs: list[Leg], open_engine: Opener) -> list[Result]:
    """Each distinct set of articles is ingested once, into a folder that goes away afterwards."""
    results: list[Result] = []
    collections: dict[tuple[str, ...], str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="rasad-evaluate-") as folder,
        tempfile.TemporaryDirectory(prefix="indexes-", dir=folder) as indexes,
        closing(open_engine(replace(settings, indexes=Path(indexes)))) as engine,
    ):
        for tests in sets:
            content = tuple(article["text"] for article in tests.articles)
            if content not in collections:
                collections[content] = f"evaluate-{len(collections) + 1}"
                source = Path(folder, f"{collections[content]}.jsonl")
                with source.open("w", encoding="utf-8", newline="\n") as stream:
                    stream.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in tests.articles)
                _notice(f"ingesting {len(content)} articles into a temporary collection")
                report = engine.ingest(collections[content], [str(source)])
                taken = report.added + report.copies
                if report.rejections or taken != len(content):
                    reason = report.rejections[0].reason if report.rejections else "no reason given"
                    raise ServiceError(f"only {taken} of {len(content)} articles were ingested: {reason}")
            results += _measure(engine, collections[content], tests.questions, tests.qrels, legs, settings.depth)
    return results


def _as_json(results: list[Result], per_topic: bool) -> dict[str, dict[str, dict[str, object]]]:
    tree: dict[str, dict[str, dict[str, object]]] = {}
    for result in results:
        entry: dict[str, object] = {name: evaluation.mean(result.values[name]) for name in MEASURES}
        if per_topic:
            entry["per_topic"] = dict(result.values["nDCG@10"])
        tree.setdefault(result.leg.value, {})[result.field] = entry
    return tree


def _table(results: list[Result], per_topic: bool) -> list[str]:
    rows = [["leg", "field", "topics", *MEASURES]]
    for result in results:
        row = [result.leg.value, result.field, str(len(result.run))]
        for name in MEASURES:
            low, high = evaluation.confidence_interval(list(result.values[name].values()))
            row.append(f"{evaluation.mean(result.values[name]):.4f} [{low:.3f}, {high:.3f}]")
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append("[ ]: 95 % bootstrap interval over topics")
    lines += [_comparison(first, other) for first, other in _pairs(results)]
    if per_topic:
        for result in results:
            lines += ["", f"nDCG@10 by topic, {result.leg} {result.field}"]
            lines += [f"{topic}  {value:.4f}" for topic, value in result.values["nDCG@10"].items()]
    return lines


def _pairs(results: list[Result]) -> list[tuple[Result, Result]]:
    """The first leg named against each other one, field by field."""
    firsts = {result.field: result for result in reversed(results)}
    return [(firsts[result.field], result) for result in results if result.leg is not firsts[result.field].leg]


def _comparison(first: Result, other: Result) -> str:
    ours, theirs = first.values["nDCG@10"], other.values["nDCG@10"]
    gain = evaluation.mean(ours) - evaluation.mean(theirs)
    won = sum(ours[topic] > theirs[topic] for topic in ours)
    lost = sum(ours[topic] < theirs[topic] for topic in ours)
    p = evaluation.paired_randomisation(list(ours.values()), list(theirs.values()))
    return (
        f"{first.field}: {first.leg} against {other.leg}: {gain:+.4f} nDCG@10, "
        f"won {won}, lost {lost}, p = {p:.4f} (paired randomisation)"
    )


def _evaluate(args: argparse.Namespace, open_engine: Opener, load_encoder: Loader) -> list[str]:
    """The lines for stdout."""
    mode = _check(args)
    settings = Settings.from_env()
    if args.model is not None:
        settings = replace(settings, model=args.model)
    if mode == "bitext":
        english, arabic = evaluation.read_bitext(*args.bitext)
        encoder = load_encoder(settings.model or None)
        top1 = {
            "en-ar": evaluation.bitext_top1(encoder, english, arabic),
            "ar-en": evaluation.bitext_top1(encoder, arabic, english),
        }
        if args.json:
            return [json.dumps(top1)]
        return [f"{way}  top-1 {share:.4f} of {len(english)} lines" for way, share in top1.items()]
    if mode in ("places", "dates"):
        from service import annotated

        return annotated.report(mode, getattr(args, mode), args.texts or [], args.json, args.errors)
    legs = [Leg(name) for name in _listed(args.legs or Leg.FUSED.value, "--legs", [leg.value for leg in Leg])]
    if mode == "topics":
        results = _on_topics(args, settings, legs, open_engine)
    elif mode == "xquad":
        ways = _listed(args.direction or DIRECTIONS[0], "--direction", DIRECTIONS)
        sets = [evaluation.read_xquad(args.xquad, *way.split("-")) for way in ways]
        results = _on_test_sets(sets, settings, legs, open_engine)
    else:
        fields = _listed(args.fields, "--fields") if args.fields else list(evaluation.FIELDS)
        reports = evaluation.read_reports(args.reports, fields, args.holdout)
        results = _on_test_sets([reports], settings, legs, open_engine)
    if args.run_out is not None:
        evaluation.write_run(args.run_out, {f"{result.leg}.{result.field}": result.run for result in results})
    if args.json:
        return [json.dumps(_as_json(results, args.per_topic), ensure_ascii=False)]
    groups = evaluation.read_topics(args.topics, [args.by])[args.by] if args.by else {}
    return [*_table(results, args.per_topic), *_by_group(results, groups)]


def _by_group(results: list[Result], groups: Mapping[str, str]) -> list[str]:
    """Mean nDCG@10 of the topics of each group, with how many they are."""
    lines = []
    for result in results if groups else ():
        values = result.values["nDCG@10"]
        lines += ["", f"nDCG@10 by group, {result.leg} {result.field}"]
        for group in sorted({groups[topic] for topic in values}):
            inside = {topic: value for topic, value in values.items() if groups[topic] == group}
            lines.append(f"{group}  {evaluation.mean(inside):.4f}  ({len(inside)} topics)")
    return lines


def main(
    argv: Sequence[str] | None = None, open_engine: Opener = _open_engine, load_encoder: Loader = _load_encoder
) -> int:
    """Runs the command. Tests hand in an engine or encoder of their own."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--answers" in given:
        from service import evaluate_answers_cli

        return evaluate_answers_cli.main(given)
    if "--speed" in given:
        from service import evaluate_speed_cli

        return evaluate_speed_cli.main(given)
    try:
        args = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why
        return int(stop.code or 0)
    try:
        lines = _evaluate(args, open_engine, load_encoder)
    except (ServiceError, OSError) as error:
        _notice(f"error: {error}")
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
