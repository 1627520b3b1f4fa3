"""Runs engines one after the other, each step in a process of its own that is watched for time and memory."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarking.engines import HYBRID, PEERS, WORDS

_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 1200.0
    memory_gb: float = 16.0
    through: tuple[str, ...] = ()  # a command that runs each step, such as nice or flock


@dataclass(slots=True)
class Row:
    """One engine on one set of passages. ``failed`` says why there are no figures."""

    engine: str
    passages: int
    build_s: float = 0.0
    analysis_s: float = 0.0
    build_mb: float = 0.0
    disk_mb: float = 0.0
    search_mb: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    topic_ms: list[float] = field(default_factory=list)
    found: list[list[str]] = field(default_factory=list)
    quality: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Set:
    """What all engines are given: see passages.py."""

    name: str
    source: Path
    count: int
    questions: tuple[str, ...]
    articles: tuple[str, ...] = ()
    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # field -> topic -> text


def run(
    given: Set, engines: Sequence[str], folder: Path, limits: Limits, after: Callable[[list[Row]], None] | None = None
) -> list[Row]:
    """In the order of the engines; an engine that is missing, too slow or too large is a row that says so.

    ``after`` is given the rows so far whenever an engine is through.
    """
    rows: list[Row] = []
    built: dict[str, dict[str, Any]] = {}
    for engine in engines:
        if after and rows:
            after(rows)
        row = Row(engine, given.count)
        rows.append(row)
        home = folder / given.name / ("rasad" if engine.startswith("rasad") else engine.replace(" ", "-"))
        module = PEERS[engine].module
        if module and importlib.util.find_spec(module) is None:
            row.failed = "not installed: pip install 'rasad[peers]'"
            continue
        try:
            task = {"engine": engine, "folder": str(home), "passages": str(given.source), "articles": given.articles}
            if str(home) not in built:
                shutil.rmtree(home, ignore_errors=True)
                built[str(home)] = _step({**task, "what": "build"}, home, limits)
            made = built[str(home)]
            row.build_s, row.analysis_s, row.build_mb = made["seconds"], made["analysis_s"], made["watched_mb"]
            row.disk_mb = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
            asked = _step(
                {**task, "what": "search", "questions": given.questions, "topics": given.topics}, home, limits
            )
        except StepFailed as failure:
            row.failed = str(failure)
            continue
        row.times_ms, row.topic_ms, row.search_mb = asked["times_ms"], asked["topic_ms"], asked["rss_mb"]
        row.found, row.quality = asked["found"], asked["quality"]
        if not given.articles:  # there a passage is an article, and Rasad names its only chunk
            row.found = [[docid.partition("#")[0] for docid in docids] for docids in row.found]
        print(f"{given.name}: {engine}: built in {row.build_s:.1f} s", file=sys.stderr, flush=True)
    return rows


class StepFailed(Exception):
    """Why a step gave nothing, for the table."""


def _step(task: Mapping[str, Any], home: Path, limits: Limits) -> dict[str, Any]:
    home.parent.mkdir(parents=True, exist_ok=True)
    told, out = home.parent / "task.json", home.parent / "result.json"
    out.unlink(missing_ok=True)
    told.write_text(json.dumps({**task, "out": str(out)}, ensure_ascii=False), encoding="utf-8")
    environ = {
        **os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }  # fmt: skip
    began, most = time.monotonic(), 0.0
    with (home.parent / "errors.txt").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*limits.through, sys.executable, "-P", "-m", "benchmarking.worker", str(told)],
            env=environ, stdout=errors, stderr=errors, start_new_session=True,
        )  # fmt: skip
        while process.poll() is None:
            most = max(most, _memory_mb(process.pid))
            passed = time.monotonic() - began
            if passed > limits.seconds or most > limits.memory_gb * 1024:
                os.killpg(process.pid, 9)
                process.wait()
                what = f"{limits.seconds:g} s" if passed > limits.seconds else f"{limits.memory_gb:g} GiB"
                raise StepFailed(f"{task['what']} took more than {what}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
        if time.monotonic() - began > limits.seconds:  # it ended between two looks, too late all the same
            raise StepFailed(f"{task['what']} took more than {limits.seconds:g} s")
        if process.returncode or not out.exists():
            errors.seek(0)
            lines = errors.read().strip().splitlines() or ["no message"]
            raise StepFailed(f"{task['what']} failed ({process.returncode}): {lines[-1][:200]}")
    return {**json.loads(out.read_text(encoding="utf-8")), "watched_mb": most}


def _memory_mb(group: int) -> float:
    """Proportional set size of all processes of a session: shared pages count once."""
    total = 0
    for path in Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        try:
            session = int((path / "stat").read_text().rpartition(")")[2].split()[3])
            if session == group:
                lines = (path / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration, ValueError, IndexError):
            continue  # it has ended
    return total / 1024


def overlap(rows: Sequence[Row]) -> dict[str, float]:
    """Mean share of the ten best in common with the first engine of words that ran; of txtai, with Rasad's whole."""
    ran = {row.engine: row for row in rows if row.found}
    shares: dict[str, float] = {}
    for engines in (WORDS, HYBRID):
        reference = next((ran[name] for name in engines if name in ran), None)
        for name in engines:
            if reference is None or name not in ran or ran[name] is reference:
                continue
            pairs = [(set(a), set(b)) for a, b in zip(reference.found, ran[name].found, strict=False) if a]
            shares[name] = sum(len(a & b) / len(a) for a, b in pairs) / len(pairs) if pairs else 0.0
    return shares


def versions() -> str:
    """Of the packages that are compared, those that are installed."""
    import sqlite3

    listed = []
    for name in ("rank-bm25", "bm25s", "tantivy", "txtai", "faiss-cpu", "numpy", "numba"):
        try:
            listed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join([f"Python {sys.version.split()[0]}", *listed, f"SQLite {sqlite3.sqlite_version}"])
