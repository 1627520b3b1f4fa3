"""How far a Milvus backend ranks as the embedded one does, over articles of the user's own, and how long both take.

    scripts/contract --news FILE --topics FILE [--articles 5000] [--looked-at 100 500 2000] [--every 3] [--legs fused]
        [--uri URI] [--keep FOLDER]

The first ``--articles`` articles go into an embedded index and into a Milvus Lite file (or a server, ``--uri``); every
question of the topics is asked of both, by leg and fused. Prints Markdown: the share of identical best ten and of
identical first passages (equals, to 4 digits, in any order), the largest difference of a score, times of searches.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from service import corpus
from service.engine import Engine
from service.records import Article, Backends, Hit, Leg
from service.settings import Settings

NAME = "backends"
LEGS = (Leg.BM25, Leg.CROSS, Leg.DENSE, Leg.FEEDBACK, Leg.FUSED)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--news", nargs="+", required=True, metavar="FILE", help="articles, as rasad ingest reads them")
    parser.add_argument("--topics", required=True, type=Path, metavar="FILE", help="JSON Lines with query_en, ...")
    parser.add_argument("--articles", type=int, default=5_000, metavar="N")
    parser.add_argument("--looked-at", type=int, nargs="+", default=[500], metavar="N", help="RASAD_MILVUS_ARTICLES")
    parser.add_argument("--uri", default="", help="a server; without it a Milvus Lite file that is removed at the end")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth question is asked")
    parser.add_argument("--legs", type=Leg, nargs="+", default=list(LEGS), choices=LEGS, metavar="LEG")
    parser.add_argument("--untimed", action="store_true", help="rankings alone")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="what was taken in stays there for the next run")
    options = parser.parse_args(argv)
    questions = [
        str(value)
        for line in options.topics.read_text("utf-8").splitlines()
        for name, value in json.loads(line).items()
        if name.startswith(("query_", "question_"))
    ][:: options.every]
    with contextlib.ExitStack() as stack:
        lite = f"lite-{metadata.version('milvus-lite').split('.')[0]}.db"
        work = str(options.keep) if options.keep else stack.enter_context(tempfile.TemporaryDirectory())
        # Small segments: large ones are searched for near vectors by a coarse scan, which is not exact.
        made = Settings(indexes=Path(work), commit_records=10**9, segment_chunks=10_000)
        milvus = replace(made, backend=Backends.MILVUS, uri=options.uri or f"{work}/{lite}")
        with closing(Engine(made)) as engine, closing(Engine(milvus)) as other:
            for one in (engine, other):
                if NAME in one.collections():
                    continue
                records = itertools.islice(
                    (r for r in corpus.read(options.news) if isinstance(r, Article)), options.articles
                )
                print(f"taking in, {one.place}", file=sys.stderr)
                report = one.take(NAME, list(records))
                print(
                    f"{one.settings.backend}: {report.took_s:.1f} s, {one.status(NAME).chunks:,} passages",
                    file=sys.stderr,
                )
            times = {"embedded": _times(engine, [] if options.untimed else questions)}
            wanted = {leg: [engine.retriever(NAME).rank(q, leg, 1000) for q in questions] for leg in options.legs}
            print(_head(engine, len(questions)))
        for looked_at in options.looked_at:
            with closing(Engine(replace(milvus, milvus_articles=looked_at))) as other:
                print(f"asking, {other.place}", file=sys.stderr)
                times[f"milvus, {looked_at} articles looked at"] = _times(other, [] if options.untimed else questions)
                retriever = other.retriever(NAME)
                for leg in options.legs:
                    found = [retriever.rank(q, leg, 1000) for q in questions]
                    print(_row(looked_at, leg, found, wanted[leg]), flush=True)
    if options.untimed:
        return 0
    print("\n| whole search | first asked: p50 ms | p95 ms | again: p50 ms | p95 ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, rounds in times.items():
        figures = " | ".join(f"{np.percentile(taken, share):.1f}" for taken in rounds for share in (50, 95))
        print(f"| {name} | {figures} |")
    return 0


def _head(engine: Engine, questions: int) -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("milvus-lite", "pymilvus"))
    status = engine.status(NAME)
    return (
        f"{status.articles:,} articles, {status.chunks:,} passages, {questions} questions; {versions}; "
        f"{platform.machine()}\n\n"
        "| articles looked at | leg | same ten | same first | ten in common | largest difference of a score |\n"
        "| ---: | --- | ---: | ---: | ---: | ---: |"
    )


def _row(looked_at: int, leg: Leg, found: Sequence[Sequence[Hit]], wanted: Sequence[Sequence[Hit]]) -> str:
    same, first, common, difference = [], [], [], 0.0
    for one, other in zip(found, wanted, strict=True):
        same.append(_best(one) == _best(other))
        first.append(_best(one)[:1] == _best(other)[:1])
        names = {hit.docid for hit in other[:10]}
        common.append(len(names & {hit.docid for hit in one[:10]}) / max(1, len(names)))
        scores = {hit.docid: hit.score for hit in other}
        difference = max([difference, *(abs(h.score - scores[h.docid]) for h in one[:100] if h.docid in scores)])
    shares = " | ".join(f"{np.mean(values):.3f}" for values in (same, first, common))
    return f"| {looked_at} | {leg} | {shares} | {difference:.1e} |"


def _best(hits: Sequence[Hit]) -> list[str]:
    """The best ten, equals in one order."""
    ranked = sorted((-round(hit.score, 4), hit.docid) for hit in hits)
    return [docid for _, docid in ranked[:10]]


def _times(engine: Engine, questions: Sequence[str]) -> list[list[float]]:
    """Milliseconds of whole searches, by a reader that has kept nothing, and asked again."""
    retriever = engine.retriever(NAME)
    rounds: list[list[float]] = [[], []]
    for taken in rounds:
        for question in questions:
            began = time.perf_counter()
            retriever.search(question, 10)
            taken.append(1000 * (time.perf_counter() - began))
    return rounds


if __name__ == "__main__":
    sys.exit(main())
