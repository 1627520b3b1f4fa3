"""Rasad beside its peers.

    scripts/benchmark --articles FILE... [--sizes 10000,100000] [--topics FILE --qrels FILE] [--out DIR] [--engines A,B]
                      [--questions 200]

Sets of the sizes asked are made of the passages of the articles (passages.py says how); with --topics and --qrels the
articles themselves are a set too, where Rasad ingests them whole and nDCG@10 of articles is measured. The table goes to
stdout and, with --out, to DIR/benchmark.md, with DIR/benchmark.svg beside it, after each engine; what
DIR/benchmark.json holds of other sets, measured before, stays in them; so does what it holds of a set whose other
engines were measured then.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarking import passages, report
from benchmarking.engines import PEERS
from benchmarking.run import Limits, Row, Set, run
from service import evaluation
from service.settings import Settings

_QUESTIONS = 200
FIELDS = ("query_ar", "question_ar", "query_en", "question_en")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    engines = options.engines.split(",") if options.engines else list(PEERS)
    for name in engines:
        if name not in PEERS:
            raise SystemExit(f"--engines: wanted any of {', '.join(PEERS)}, found {name!r}")
    limits = Limits(options.seconds, options.memory_gb, tuple(shlex.split(options.through)))
    settings = Settings.from_env()
    for folder in filter(None, (options.work, options.out)):  # before minutes of measuring
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SystemExit(
                f"{folder} cannot be made: {error.strerror}; name a folder that can be written to"
            ) from error
    with tempfile.TemporaryDirectory(prefix="rasad-benchmark-", dir=options.work) as made:
        folder = Path(made)
        real = list(passages.of_articles(options.articles, settings))
        print(f"{len(real):,} passages in the articles", file=sys.stderr, flush=True)
        given_as = shlex.join(
            Path(part).name if "/" in part else part for part in (sys.argv[1:] if arguments is None else arguments)
        )
        for given in _sets(options, real, folder):
            after = None
            if options.out:
                beside = _without(_kept(options.out).get(given.name), engines)
                after = functools.partial(_written, options.out, given, options.qrels, given_as, beside)
            rows = run(given, engines, folder, limits, after)
            print("\n".join(report.table(rows, _ndcg(rows, given, options.qrels))), flush=True)
            if after:
                after(rows)
    return 0


def _kept(out: Path) -> dict[str, Any]:
    path = out / "benchmark.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _without(before: Mapping[str, Any] | None, engines: Sequence[str]) -> Mapping[str, Any]:
    """What was measured of the same set before, if none of these engines was."""
    nothing = {"lines": [], "p50_ms": {}}
    return nothing if before is None or before["p50_ms"].keys() & set(engines) else before


def _written(
    out: Path, given: Set, qrels: Path | None, given_as: str, beside: Mapping[str, Any], rows: Sequence[Row]
) -> None:
    """Put one set's rows so far beside what was measured before."""
    out.mkdir(parents=True, exist_ok=True)
    kept = _kept(out)
    kept[given.name] = {
        "passages": given.count,
        "lines": [
            *beside["lines"],
            *report.about(datetime.date.today().isoformat(), f"scripts/benchmark {given_as}"),
            *report.table(rows, _ndcg(rows, given, qrels)),
        ],
        "p50_ms": {**beside["p50_ms"], **{row.engine: report.p50(row) for row in rows if row.times_ms}},
    }
    write(out, kept)


def write(out: Path, kept: Mapping[str, Any]) -> None:
    """All sets as JSON, Markdown and a plot."""
    text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
    (out / "benchmark.json").write_text(text, encoding="utf-8")
    sets = sorted(kept.items(), key=lambda item: (item[0] != "articles", item[1]["passages"]))
    lines = list(report.HEAD)
    for name, one in sets:
        lines += [f"## {name}: {one['passages']:,} passages", "", *one["lines"]]
    (out / "benchmark.md").write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
    report.plot({one["passages"]: one["p50_ms"] for _, one in sets}, out / "benchmark.svg")


def _sets(options: argparse.Namespace, real: Sequence[passages.Passage], folder: Path) -> list[Set]:
    """Those made of the articles' passages, smallest first; before them the articles, where there are topics."""
    sets = []
    if options.topics:
        source = folder / "articles.jsonl"
        count = passages.write(source, real)
        topics = {name: evaluation.read_topics(options.topics, [name])[name] for name in FIELDS}
        asked = tuple(passages.questions(real, options.questions))
        sets.append(Set("articles", source, count, asked, tuple(options.articles), topics))
    for size in sorted(int(size) for size in options.sizes.split(",")) if options.sizes else ():
        source = folder / f"{size}.jsonl"
        count = passages.write(source, passages.grown(real, size))
        sets.append(
            Set(f"generated-{size}", source, count, tuple(passages.questions(passages.read(source), options.questions)))
        )
    return sets


def _ndcg(rows: Sequence[Row], given: Set, qrels: Path | None) -> dict[str, Mapping[str, float]]:
    """engine -> field -> nDCG@10 of articles, each by its best passage."""
    if not given.topics or qrels is None:
        return {}
    judged = evaluation.read_qrels(qrels, next(iter(given.topics.values())))
    found: dict[str, Mapping[str, float]] = {}
    for row in rows:
        if row.quality:
            found[row.engine] = {
                name: evaluation.mean(evaluation.measure(_of_articles(ranked), judged)["nDCG@10"])
                for name, ranked in row.quality.items()
            }
    return found


def _of_articles(ranked: Mapping[str, Sequence[str]]) -> evaluation.Run:
    """A run whose scores are only the order."""
    return {
        topic: [
            (article, -float(rank)) for rank, article in enumerate(dict.fromkeys(d.rpartition("#")[0] for d in docids))
        ]
        for topic, docids in ranked.items()
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("scripts/benchmark", description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--articles", nargs="+", required=True, metavar="FILE", help="reports, as rasad ingest reads them"
    )
    parser.add_argument("--sizes", default="", metavar="N,...", help="numbers of passages, e.g. 10000,100000,1000000")
    parser.add_argument("--topics", type=Path, metavar="FILE.jsonl", help="also the articles themselves, with nDCG@10")
    parser.add_argument("--qrels", type=Path, metavar="FILE")
    parser.add_argument("--engines", default="", metavar="A,B", help=f"any of {', '.join(PEERS)}; default all")
    parser.add_argument("--questions", type=int, default=_QUESTIONS, help="of each set (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=Limits().seconds, help="for one step of one engine")
    parser.add_argument("--memory-gb", type=float, default=Limits().memory_gb, help="for one step of one engine")
    parser.add_argument("--through", default="", metavar="COMMAND", help="runs each step, e.g. 'nice -n 5'")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where the indexes lie meanwhile")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write benchmark.md and benchmark.svg there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
