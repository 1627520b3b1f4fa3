"""One engine in a process of its own: ``build`` or ``search``, one JSON object as the result."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarking.engines import PEERS, Search
from service.settings import Settings

_K = 10
_QUALITY_DEPTH = 200  # passages, from which the ten best articles are taken
_MEASURED_S = 240.0  # a slow engine is asked fewer of the questions


def main(arguments: Sequence[str]) -> None:
    task = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    peer = PEERS[task["engine"]](Settings.from_env())
    folder = Path(task["folder"])
    result: dict[str, Any]
    began = time.perf_counter()
    if task["what"] == "build":
        folder.mkdir(parents=True, exist_ok=True)
        peer.build(Path(task["passages"]), task["articles"], folder)
        result = {"seconds": time.perf_counter() - began, "analysis_s": peer.analysis_s}
    else:
        search = peer.open(folder)
        result = {"opened_s": time.perf_counter() - began, **_asked(search, task["questions"])}
        result["rss_mb"] = _rss_mb()
        result["quality"] = {
            field: {topic: search(text, _QUALITY_DEPTH) for topic, text in asked.items()}
            for field, asked in task["topics"].items()
        }
        result["topic_ms"] = _topic_times(search, task["topics"])
    result["peak_mb"] = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ) / 1024
    Path(task["out"]).write_text(json.dumps(result), encoding="utf-8")


def _asked(search: Search, questions: Sequence[str]) -> dict[str, Any]:
    """Warm: every question once unmeasured, then once measured."""
    began = time.perf_counter()
    found: list[list[str]] = []
    for text in questions:
        found.append(search(text, _K))
        if time.perf_counter() - began > _MEASURED_S:
            break
    times_ms: list[float] = []
    began = time.perf_counter()
    for text in questions[: len(found)]:
        start = time.perf_counter()
        search(text, _K)
        times_ms.append((time.perf_counter() - start) * 1000)
        if time.perf_counter() - began > _MEASURED_S:
            break
    return {"times_ms": times_ms, "found": found}


def _topic_times(search: Search, topics: Mapping[str, Mapping[str, str]]) -> list[float]:
    times_ms = []
    for asked in topics.values():
        for text in asked.values():
            start = time.perf_counter()
            search(text, _K)
            times_ms.append((time.perf_counter() - start) * 1000)
    return times_ms


def _rss_mb() -> float:
    """Resident memory now, files mapped into memory included as far as they were read."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main(sys.argv[1:])
