"""A Milvus 2.3.5 cluster on this machine, searched and written by our backend while its nodes are killed.

Starts etcd, a broker that speaks Kafka's protocol, coordinators, a proxy, two query nodes, a data node and an index
node on loopback (Milvus itself listens on all interfaces: behind a firewall only), makes a collection with 2 shards and
2 replicas, compares it with the embedded backend, then kills -9 and restarts nodes under searches every 15 ms and, but
for query nodes, under batches of upserts and deletes and whole commits. The old server has no sparse vectors, so
words are not searched. Prints tables; ends with 1 where an acknowledged write was lost or doubled, or an incomplete
answer was not reported as one.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import FrameType

import numpy as np

from milvus_cluster import checks, report
from milvus_cluster.dense import DenseServer
from milvus_cluster.kills import KINDS, rounds
from milvus_cluster.nodes import Cluster
from milvus_cluster.packages import fetch, say
from milvus_cluster.reading import Known, Reading, Vector
from milvus_cluster.writing import Commits, Rows, edition
from service import corpus
from service.backends.milvus.backend import MilvusBackend
from service.engine import Engine
from service.errors import EngineUnavailable, ServiceError
from service.records import Article, Backends
from service.settings import Settings

NAME = "reports"
SHARDS = REPLICAS = 2
SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
SPARE = 40  # articles that come while nodes die
PORTION = 150  # articles of a commit: the broker keeps little
QUESTIONS = 40


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="cluster-test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep what was downloaded, data and logs there")
    parser.add_argument("--articles", nargs="+", metavar="FILE", help="articles, as rasad ingest reads them")
    parser.add_argument("--take", type=int, default=300, metavar="N", help="articles of these (default: 300)")
    parser.add_argument("--kinds", default=",".join(KINDS), metavar="K,K", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--kills", type=int, default=3, metavar="N", help="of each kind (default: 3)")
    parser.add_argument("--no-contract", action="store_true", help="kill nodes only")
    parser.add_argument("--index", default="FLAT", help="of the vectors (default: FLAT, whose answers are exact)")
    options = parser.parse_args(argv)
    kinds = options.kinds.split(",")
    if unknown := set(kinds) - {*KINDS, ""}:
        parser.error(f"--kinds takes {', '.join(KINDS)}, found {', '.join(sorted(unknown))}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stopped)
    with ExitStack() as stack:
        folder = (options.out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rasad-")))).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        run = Path(tempfile.mkdtemp(prefix="cluster-test-", dir=options.out and folder))
        code = 1
        try:
            programs = fetch(folder)
            sys.path.append(str(programs.python))
            os.environ["PYTHONPATH"] = str(programs.python)  # of the broker
            cluster = Cluster(run, programs.milvus, programs.etcd, programs.template)
            stack.callback(cluster.close)
            code = _tested(cluster, options, [kind for kind in kinds if kind])
        except (AssertionError, OSError, RuntimeError, ServiceError) as error:
            say(f"failed: {type(error).__name__}: {error}")
        except KeyboardInterrupt:
            code = 130
            say("interrupted: all processes are stopped")
        finally:
            stack.close()
            if code:
                say(f"the logs of all processes are kept in {run / 'logs'}")
            else:
                shutil.rmtree(run, ignore_errors=True)
        return code


def _tested(cluster: Cluster, options: argparse.Namespace, kinds: Sequence[str]) -> int:
    """Everything on a cluster that is to be started; the exit code."""
    began = time.monotonic()
    cluster.start()
    say(f"started in {time.monotonic() - began:.0f} s at {cluster.uri}, {cluster.rss_bytes() / 1e9:.1f} GB in memory")
    articles = _articles(options.articles, options.take + SPARE)
    first, spare = articles[:-SPARE], articles[-SPARE:]
    made = Settings(indexes=cluster.folder / "indexes", commit_records=10**9, segment_chunks=10**6, ingest_workers=1)
    there = replace(
        made, backend=Backends.MILVUS, uri=cluster.uri, milvus_shards=SHARDS, milvus_replicas=REPLICAS,
        milvus_index=options.index,
    )  # fmt: skip
    with closing(Engine(made)) as mirror, closing(Engine(there, MilvusBackend(there, DenseServer))) as engine:
        for start in range(0, len(first), PORTION):
            for one in (mirror, engine):
                one.take(NAME, first[start : start + PORTION])
        status = engine.status(NAME)
        say(f"{status.articles:,} articles, {status.chunks:,} passages after {time.monotonic() - began:.0f} s")
        titles = [article.title or article.text[:60] for article in first[:: max(1, len(first) // QUESTIONS)]]
        vectors = [mirror.encoder.encode_query(title).astype(np.float32) for title in titles[:QUESTIONS]]
        passed = 0 if options.no_contract else checks.run(engine, mirror, NAME, vectors[:8], first)
        if passed:
            say(f"contract: {passed:,} checks of dense search, filters, upserts, deletes and versions passed")
        found = _killed(cluster, engine, mirror, vectors, (first, spare), kinds, options.kills)
        print(report.head(status.articles, status.chunks, SHARDS, REPLICAS, options.index, passed))
        print(report.tables(found))
        return 0 if report.good(found) else 1


def _killed(
    cluster: Cluster, engine: Engine, mirror: Engine, vectors: Sequence[Vector],
    articles: tuple[Sequence[Article], Sequence[Article]], kinds: Sequence[str], kills: int,
) -> list[report.Round]:  # fmt: skip
    """All rounds, with the searches that go on through all of them."""
    backend = engine._backend
    assert isinstance(backend, MilvusBackend) and isinstance(backend._server, DenseServer)

    def known(live: Mapping[str, Article]) -> Known:
        while True:
            try:
                reader = backend.reader(NAME)
            except EngineUnavailable as error:
                say(f"a version is opened again: {error}")
            else:
                return Known.of(reader, mirror.reader(NAME), vectors, {k: a.text for k, a in live.items()})

    def published(live: Mapping[str, Article]) -> None:
        reading.known = known(live)

    first, spare = articles
    ids = set(engine.article_ids(NAME))
    first = [changed for article in first if (changed := mirror.article(NAME, article.article_id)[0])]
    assert ids == {article.article_id for article in first}
    reading = Reading(vectors, known({article.article_id: article for article in first}), backend._server.seen)
    server, passages = backend._server, reading.known.reader._stored.passages
    server.told = reading.told
    commits = Commits(engine, mirror, NAME, first, spare, published)
    rows = Rows(server, mirror.encoder.dim, SHARDS, REPLICAS)
    found = []
    reading.start()
    try:
        for kind in kinds:
            for one in rounds(kind, kills, cluster, lambda: server.serving(passages), reading, rows, commits):
                found.append(one)
    finally:
        reading.stop()
    return found


def _articles(files: Sequence[str] | None, count: int) -> list[Article]:
    """Of files; of the sample collection again and again, with another last line each time, where none are named."""
    read = (record for record in corpus.read(files or [SEEDS]) if isinstance(record, Article))
    found = list(itertools.islice(read, count))
    if not files:
        own = found
        for turn in itertools.count(2):
            if len(found) >= count:
                break
            found += [edition(replace(a, article_id=f"{a.article_id}-{turn}"), turn) for a in own]
    texts = {article.sha256: article for article in reversed(found)}  # copies have no passages of their own
    return list(reversed(texts.values()))[:count]


def _stopped(_number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # threads may wait for servers that are gone
