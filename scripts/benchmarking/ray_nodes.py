"""Ingestion by Ray clusters of 1, 2 and 4 nodes on this machine, and by four of which one is killed on the way.

Every node is a raylet with processes of its own and one processor to give; the head has none. What was ingested is
compared with what one process makes: the same articles, and the same bytes in every file of the segments. "first" and
"last" are when batches were prepared: before, actors start; after, the writer is alone; neither is shared by workers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from service.backends.embedded import backend as embedded
from service.backends.embedded.rows import Rows
from service.backends.milvus import backend as milvus
from service.backends.milvus.schema import ARTICLES, PASSAGES, names
from service.backends.milvus.server import Address, Server
from service.engine import Engine
from service.records import Backends
from service.settings import Settings


class Given(NamedTuple):
    """``folder``: where indexes are made."""

    folder: Path
    paths: Sequence[str]
    milvus: bool


class Run(NamedTuple):
    """An ingest; ``files``: every file of the segments, or the hash of all rows of every collection on Milvus."""

    articles: int
    seconds: float
    first_s: float  # until the first batch was prepared
    last_s: float  # and the last: what follows is the writer's alone
    files: dict[str, bytes]

    def row(self, label: str, wanted: dict[str, bytes] | None = None, lost: str = "") -> str:
        meanwhile = self.articles / max(1e-9, self.last_s - self.first_s)
        same = "" if wanted is None else "yes" if self.files == wanted else "NO"
        return (
            f"| {label} | {self.seconds:.1f} | {self.articles / self.seconds:,.0f} | {self.first_s:.1f} "
            f"| {self.last_s:.1f} | {meanwhile:,.0f} | {self.articles:,} | {same} | {lost} | {os.getloadavg()[0]:.1f} |"
        )


_SETTLE_S = 10.0  # each node's agents take seconds of a processor to start
_AT_ONCE = 500  # rows with all of their fields
_times: list[float] = []  # when batches came


def _watched(writer: type[Any]) -> type[Any]:
    class Watched(writer):  # type: ignore[misc]
        def add_packed(self, packed: Rows) -> None:
            _times.append(time.perf_counter())
            super().add_packed(packed)

    return Watched


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ray-test", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="articles, as for rasad ingest")
    parser.add_argument("--nodes", type=int, nargs="*", default=[1, 2, 4], metavar="N", help="clusters to time")
    parser.add_argument(
        "--processes", type=int, nargs="*", default=[1, 2], metavar="N", help="of this machine, to time"
    )
    parser.add_argument(
        "--kill-after",
        type=float,
        default=0.3,
        metavar="SHARE",
        help="of the time of the last cluster; 0: no node dies",
    )
    parser.add_argument("--milvus", action="store_true", help="into files of Milvus Lite: rows are compared, not files")
    options = parser.parse_args(argv)
    setattr(embedded, "EmbeddedWriter", _watched(embedded.EmbeddedWriter))  # noqa: B010  what the engine takes
    setattr(milvus, "MilvusWriter", _watched(milvus.MilvusWriter))  # noqa: B010
    print("| prepared by | s | articles/s | first, s | last, s | articles/s between | articles | same | died | load |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |")
    with tempfile.TemporaryDirectory(prefix="rasad-ray-") as scratch:
        given = Given(Path(scratch), options.paths, options.milvus)
        alone = _ingested(given, "alone", "", 1)
        print(alone.row("1 process"), flush=True)
        for processes in options.processes:
            if processes > 1:
                run = _ingested(given, f"crew-{processes}", "", processes)
                print(run.row(f"{processes} processes", alone.files), flush=True)
        good, last = True, alone.seconds
        for nodes in options.nodes:
            same, last = _round(given, nodes, alone.files, None)
            good &= same
        if options.kill_after:
            good &= _round(given, 4, alone.files, last * options.kill_after)[0]
        return 0 if good else 1


def _round(given: Given, nodes: int, wanted: dict[str, bytes], kill_after_s: float | None) -> tuple[bool, float]:
    """(whether everything is as wanted, seconds); one node is killed after so many seconds."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    workers = [cluster.add_node(num_cpus=1) for _ in range(nodes)]
    cluster.wait_for_nodes()
    time.sleep(_SETTLE_S)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    killed: list[float] = []

    def kill() -> None:
        cluster.remove_node(workers[-1], allow_graceful=False)  # kill -9 of the raylet and of all that it started
        killed.append(time.perf_counter())

    timer = threading.Timer(kill_after_s or 0.0, kill)
    try:
        if kill_after_s is not None:
            timer.start()
        label = f"{nodes} Ray nodes{'' if kill_after_s is None else f', one killed after {kill_after_s:.1f} s'}"
        run = _ingested(given, f"ray-{nodes}-{kill_after_s}", cluster.address, 0)
        during = kill_after_s is None or any(moment < _times[-1] for moment in killed)  # while batches came
        lost = "" if kill_after_s is None else "1 node" if during else "too late: give more articles"
        print(run.row(label, wanted, lost), flush=True)
        return run.files == wanted and during, run.seconds
    finally:
        timer.cancel()
        ray.shutdown()
        cluster.shutdown()


def _ingested(given: Given, name: str, ray: str, processes: int) -> Run:
    _times.clear()
    folder = given.folder / name
    made = Settings(indexes=folder, ray=ray, ingest_workers=processes)
    if given.milvus:
        made = replace(made, backend=Backends.MILVUS, uri=str(folder / "lite.db"))
    began = time.perf_counter()
    with closing(Engine(made)) as engine:
        report = engine.ingest("c", given.paths)
    seconds = time.perf_counter() - began
    if report.rejected:
        print(f"ray-test: {report.rejected:,} records were rejected, first: {report.rejections[0]}", file=sys.stderr)
    segments = folder / "c" / "segments"
    files = {str(p.relative_to(segments)): p.read_bytes() for p in segments.rglob("*.*")}
    first, last = (_times[i] - began for i in (0, -1))
    return Run(report.added, seconds, first, last, files or _rows(made.uri))


def _rows(uri: str) -> dict[str, bytes]:
    found = {}
    with closing(Server(Address(uri, timeout_s=100))) as server:
        for name, fields in zip(names("c", 1), (PASSAGES, ARTICLES), strict=True):
            server.load(name)
            keys = [row["id"] for row in server.every(name, "id >= 0", ["id"])]
            told = hashlib.sha256()
            for start in range(0, len(keys), _AT_ONCE):
                for row in server.rows(name, f"id in {keys[start : start + _AT_ONCE]}", list(fields)):
                    told.update(json.dumps(row, default=list).encode())
            found[name] = told.digest()
    return found


if __name__ == "__main__":
    sys.exit(main())
