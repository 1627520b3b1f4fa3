"""An ingest that is killed and run again ends with what an undisturbed one has: articles, copies, scores, answers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service import ingest
from service.backends.embedded import layout
from service.engine import Engine
from service.settings import Settings

ROOT = Path(__file__).parent.parent
Reports = Callable[..., Path]
PLACES = ["Hawija", "Mosul", "Basra", "الحويجة", "الموصل"]


def record(i: int) -> dict[str, object]:
    place = PLACES[i % 5]
    text = f"Report {i}. Strikes hit {place} on {1 + i % 28} May 2020, killing {i % 13} people. " * (1 + i % 3)
    if i % 11 == 0:
        text = f"The same wire text, as of {i // 44}. " * 4  # exact copies of each other
    if i % 17 == 0:
        text = f"Wire: {record(i - 1)['text']}"
    return {
        "id": f"n{i - i % 2 if i % 23 == 0 else i}",
        "title": f"{place} {i % 7}",
        "text": text,
        "source": f"s{i % 3}",
    }


def state(indexes: Path) -> dict[str, Any]:
    with closing(Engine(Settings(indexes=indexes))) as engine:
        found: dict[str, Any] = {name: engine.article("c", name) for name in engine.article_ids("c")}
        for question in ("strikes near Hawija", "غارات الموصل", "wire text", "How many people were killed in Basra?"):
            passages = engine.retriever("c").search(question, k=50).passages
            found[question] = [(p.docid, p.score, p.near_copies, p.copies, p.text) for p in passages]
            answer = engine.answerer("c").answer(question)
            found[f"answer to {question}"] = (
                answer.abstained,
                [(c.article_id, c.quote, c.copies) for c in answer.citations],
            )
        manifest = engine.status("c")
        found["version"] = layout.version_number(manifest.version)
        found["counts"] = (manifest.articles, manifest.copies, manifest.chunks, manifest.statistics)
    return found


def start(indexes: Path, path: Path, workers: int) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "RASAD_INDEXES": str(indexes), "RASAD_COMMIT_RECORDS": "50", "PYTHONPATH": str(ROOT),
               "RASAD_INGEST_WORKERS": str(workers)}  # fmt: skip
    command = [sys.executable, "-m", "service.cli", "ingest", str(path), "--collection", "c"]
    return subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_killed_at_random_moments_and_run_again_it_ends_the_same(reports: Reports, tmp_path: Path) -> None:
    path = reports(*(record(i) for i in range(300)))
    assert start(tmp_path / "undisturbed", path, 1).wait(120) == 0
    wanted = state(tmp_path / "undisturbed")
    assert wanted["version"] >= 6, "by portions"
    moments = random.Random(7)
    for number, workers in enumerate((1, 2)):
        indexes, killed = tmp_path / f"killed-{number}", 0
        for _ in range(4):
            process = start(indexes, path, workers)
            while process.poll() is None and not (indexes / "c" / "staging").exists():
                time.sleep(0.005)
            time.sleep(moments.uniform(0.0, 0.4))  # it writes now, or publishes, or is at the next portion
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert killed, "it was too quick to be killed"
        assert start(indexes, path, workers).wait(120) == 0
        assert {**state(indexes), "version": 0} == {**wanted, "version": 0}
        left = {p.name for p in (indexes / "c").iterdir()} - {"ingested.json"}
        assert left == {"CURRENT", "LOCK", "segments", "versions"}


def test_a_long_ingest_publishes_in_portions(engine: Engine, reports: Reports, indexes: Path) -> None:
    path = reports(*(record(i) for i in range(120)))
    with closing(Engine(Settings(indexes=indexes, commit_records=50))) as portions:
        report = portions.ingest("c", [path])
        assert report.version == "v000003" and report.added + report.copies + report.rejected + report.unchanged == 120
        assert portions.ingest("c", [path], update=True).version == "v000003", "nothing new"
    at_once = engine.ingest("once", [path])
    assert (report.added, report.copies, report.rejected) == (at_once.added, at_once.copies, at_once.rejected)


def test_portions_end_by_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(ingest.time, "monotonic", lambda: next(clock))
    records = iter(range(10))
    portion = ingest._Portion(records, 1000, 4.0)  # type: ignore[arg-type]
    assert list(portion) == [0, 1, 2, 3] and not portion.ended
    last = ingest._Portion(records, 1000, 400.0)  # type: ignore[arg-type]
    assert list(last) == [4, 5, 6, 7, 8, 9] and last.ended
