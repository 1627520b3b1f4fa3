"""Ingestion by Ray clusters of 1, 2 and 4 nodes on this machine, and by four of which one is killed on the way.

Every node is a raylet with processes of its own and one processor to give; the head has none. What was ingested is
compared with what one process makes: the same articles, and the same bytes in every file of the segments.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from service.engine import Engine
from service.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ray-test", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="articles, as for rasad ingest")
    parser.add_argument("--nodes", default="1,2,4", metavar="N,N", help="clusters to time (default: 1,2,4)")
    parser.add_argument("--kill-after", type=float, default=0.3, metavar="SHARE", help="of the time of four nodes")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="rasad-ray-") as scratch:
        folder = Path(scratch)
        alone, seconds, wanted = _ingested(folder / "alone", options.paths, "")
        print("| nodes | seconds | articles/s | articles | the same files as alone | workers that died |")
        print("| --- | --- | --- | --- | --- | --- |")
        print(f"| none: this process alone | {seconds:.1f} | {alone / seconds:,.0f} | {alone:,} | | |", flush=True)
        good, last = True, seconds
        for nodes in map(int, options.nodes.split(",")):
            same, last = _round(folder, options.paths, nodes, wanted, None)
            good &= same
        same, _ = _round(folder, options.paths, 4, wanted, last * options.kill_after)
        return 0 if good and same else 1


def _round(
    folder: Path, paths: Sequence[str], nodes: int, wanted: dict[str, bytes], kill_after_s: float | None
) -> tuple[bool, float]:
    """(whether everything is as wanted, seconds); one node is killed after so many seconds."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    workers = [cluster.add_node(num_cpus=1) for _ in range(nodes)]
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    killed = threading.Event()

    def kill() -> None:
        cluster.remove_node(workers[-1], allow_graceful=False)  # kill -9 of the raylet and of all that it started
        killed.set()

    timer = threading.Timer(kill_after_s or 0.0, kill)
    try:
        if kill_after_s is not None:
            timer.start()
        label = f"{nodes}{'' if kill_after_s is None else f', one killed after {kill_after_s:.1f} s'}"
        added, seconds, found = _ingested(folder / f"ray-{nodes}-{kill_after_s}", paths, cluster.address)
        during = kill_after_s is None or killed.is_set()
        same = found == wanted and during
        lost = "" if kill_after_s is None else ("1 node" if during else "too late: give more articles")
        print(
            f"| {label} | {seconds:.1f} | {added / seconds:,.0f} | {added:,} | {'yes' if found == wanted else 'NO'} | "
            f"{lost} |",
            flush=True,
        )
        return same, seconds
    finally:
        timer.cancel()
        ray.shutdown()
        cluster.shutdown()


def _ingested(folder: Path, paths: Sequence[str], ray: str) -> tuple[int, float, dict[str, bytes]]:
    """(articles taken, seconds, every file of the segments)."""
    began = time.perf_counter()
    with closing(Engine(Settings(indexes=folder, ray=ray, ingest_workers=0 if ray else 1))) as engine:
        report = engine.ingest("c", paths)
    seconds = time.perf_counter() - began
    if report.rejected:
        print(f"ray-test: {report.rejected:,} records were rejected, first: {report.rejections[0]}", file=sys.stderr)
    segments = folder / "c" / "segments"
    return report.added, seconds, {str(p.relative_to(segments)): p.read_bytes() for p in segments.rglob("*.*")}


if __name__ == "__main__":
    sys.exit(main())
