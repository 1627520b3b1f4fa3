"""Rounds: a node is killed under load, started again, and watched until the answers are whole for a while."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

from milvus_cluster.nodes import Cluster
from milvus_cluster.packages import say
from milvus_cluster.reading import Reading
from milvus_cluster.report import Round
from milvus_cluster.writing import Commits, Rows

KINDS = {"query": ("query-node-1", "query-node-2"), "data": ("data-node",), "coordinators": ("coordinators",)}
CALM_S, DOWN_S, QUIET_S, LONGEST_S = 3.0, 5.0, 10.0, 150.0
AFTER_S = {"query": 20.0, "data": 60.0, "coordinators": 60.0}


def rounds(
    kind: str, times: int, cluster: Cluster, serving: Callable[[], set[int]], reading: Reading, rows: Rows,
    commits: Commits,
) -> Iterator[Round]:  # fmt: skip
    """Nodes of a kind, one after the other; all but query nodes under writes, too.

    ``serving`` gives the query nodes that answer for whole replicas.
    """
    for role in itertools.islice(itertools.cycle(KINDS[kind]), times):
        began, before, nodes = time.monotonic(), commits.commits, serving()
        if kind != "query":
            rows.start()
            commits.start()
        time.sleep(CALM_S)
        cluster.kill(role)
        killed = time.monotonic()
        time.sleep(DOWN_S)
        cluster.restart(role)
        cluster.wait(role)
        if kind == "query":
            _until_joined(serving, nodes, killed)
        _until_quiet(reading, time.monotonic() if kind == "query" else killed, AFTER_S[kind])
        if kind != "query":
            rows.stop()
            commits.stop()
        seen = reading.taken()
        verdicts = (rows.verdict(), commits.verdict()) if kind != "query" else (None, None)
        found = Round(kind, seen, *verdicts, commits.commits - before)
        say(
            f"{role} killed: {time.monotonic() - began:.0f} s, {len(seen.took):,} searches, {seen.raw:,} incomplete "
            f"from the servers, {seen.unreported} given out unreported, {seen.failed} failed; "
            + "; ".join(f"{v.lost} lost, {v.doubled} doubled of {v.wanted:,}" for v in verdicts if v)
        )
        yield found


def _until_joined(serving: Callable[[], set[int]], before: set[int], killed: float) -> None:
    """Milvus gives the dead node up when its session ends, some 20 to 40 s later, and only then takes the new one."""
    while time.monotonic() - killed < LONGEST_S:
        now = serving()
        if len(now) == len(before) and now != before:
            return
        time.sleep(0.5)
    raise RuntimeError(f"no new query node took part within {LONGEST_S:g} s")


def _until_quiet(reading: Reading, since: float, least_s: float) -> None:
    """Answers have been whole for a while, and some time has gone by in any case."""
    while (now := time.monotonic()) - since < LONGEST_S:
        if now - since > least_s and now - reading.last_bad > QUIET_S:
            return
        time.sleep(0.2)
