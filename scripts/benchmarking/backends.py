"""How far a Milvus backend ranks as the embedded one does, over articles of the user's own, and how long both take.

    scripts/contract --news FILE --topics FILE [--articles 5000] [--looked-at 100 500 2000] [--uri URI]

The first ``--articles`` articles go into an embedded index and into a Milvus Lite file (or a server, ``--uri``); every
question of the topics is asked of both, by leg and fused. Prints Markdown: the share of identical best ten and of
identical first passages (equals, to 4 digits, in any order), the largest difference of a score, times of searches.
"""

from __future__ import annotations

import argparse
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
    options = parser.parse_args(argv)
    questions = [
        str(value)
        for line in options.topics.read_text("utf-8").splitlines()
        for name, value in json.loads(line).items()
        if name.startswith(("query_", "question_"))
    ]
    with tempfile.TemporaryDirectory() as work:
        # Small segments: large ones are searched for near vectors by a coarse scan, which is not exact.
        made = Settings(indexes=Path(work), commit_records=10**9, segment_chunks=10_000)
        milvus = replace(made, backend=Backends.MILVUS, uri=options.uri or f"{work}/lite.db")
        with closing(Engine(made)) as engine, closing(Engine(milvus)) as other:
            for one in (engine, other):
                records = itertools.islice(
                    (r for r in corpus.read(options.news) if isinstance(r, Article)), options.articles
                )
                print(f"taking in, {one.place}", file=sys.stderr)
                report = one.take(NAME, list(records))
                print(
                    f"{one.settings.backend}: {report.took_s:.1f} s, {one.status(NAME).chunks:,} passages",
                    file=sys.stderr,
                )
            wanted = {leg: [engine.retriever(NAME).rank(q, leg, 1000) for q in questions] for leg in LEGS}
            times = {"embedded": _times(engine, questions)}
            print(_head(engine, len(questions)))
        for looked_at in options.looked_at:
            with closing(Engine(replace(milvus, milvus_articles=looked_at))) as other:
                retriever = other.retriever(NAME)
                for leg in LEGS:
                    found = [retriever.rank(q, leg, 1000) for q in questions]
                    print(_row(looked_at, leg, found, wanted[leg]))
                times[f"milvus, {looked_at} articles looked at"] = _times(other, questions)
    print("\n| whole search | p50 ms | p95 ms |\n| --- | ---: | ---: |")
    for name, taken in times.items():
        print(f"| {name} | {np.percentile(taken, 50):.1f} | {np.percentile(taken, 95):.1f} |")
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


def _times(engine: Engine, questions: Sequence[str]) -> list[float]:
    """Milliseconds of whole searches, asked for the second time."""
    retriever, taken = engine.retriever(NAME), []
    for repeat in range(2):
        for question in questions:
            began = time.perf_counter()
            retriever.search(question, 10)
            if repeat:
                taken.append(1000 * (time.perf_counter() - began))
    return taken


if __name__ == "__main__":
    sys.exit(main())
