"""Articles that a Ray cluster prepares for Milvus: from a folder, from an object store, killed and run again.

What comes out is what one process makes in an embedded index. test_ray_crew.py has Ray for embedded indexes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest

from service.engine import Engine
from service.records import Backends
from service.settings import Settings
from tests.backends.contract.conftest import MISSING, settings_of

ROOT = Path(__file__).parent.parent
PLACES = ["Hawija", "Mosul", "Basra", "الحويجة", "الموصل"]
pytestmark = [
    pytest.mark.skipif(MISSING, reason="rasad[milvus] is not installed: scripts/contract"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    return settings_of(Backends.MILVUS, tmp_path)


@pytest.fixture
def alone(tmp_path: Path) -> Settings:
    return settings_of(Backends.EMBEDDED, tmp_path / "alone")


@pytest.fixture(autouse=True)
def _cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="ray is an extra: scripts/contract and scripts/ray-test install it")
    yield
    if ray.is_initialized():
        ray.shutdown()


def record(i: int) -> dict[str, str]:
    """Every ninth is a copy of the one before, but for its id."""
    if i % 9 == 8:
        return {**record(i - 1), "id": f"n{i}"}
    place = PLACES[i % 5]
    text = f"Report {i}. Strikes hit {place} on {1 + i % 28} May 2020, killing {i % 13} people. " * (1 + i % 3)
    return {"id": f"n{i}", "title": f"{place} {i % 7}", "text": text, "source": f"s{i % 3}"}


def write(folder: Path, count: int) -> Path:
    """In files of 30, as JSON Lines."""
    folder.mkdir()
    for start in range(0, count, 30):
        lines = [json.dumps(record(i), ensure_ascii=False) for i in range(start, min(start + 30, count))]
        (folder / f"part-{start:04}.jsonl").write_text("\n".join(lines), "utf-8")
    return folder


def state(made: Settings) -> dict[str, Any]:
    """All articles, what some questions find, what they are answered."""
    with closing(Engine(replace(made, ray=""))) as engine:
        found: dict[str, Any] = {}
        for name in engine.article_ids("c"):
            article, copies = engine.article("c", name)
            found[name] = replace(article, origin="", origin_sha256=""), copies
        for question in ("strikes near Hawija", "غارات الموصل", "How many people were killed in Basra?"):
            passages = engine.retriever("c").search(question, k=50).passages
            told = [(-round(p.score, 4), p.docid, p.near_copies, p.copies, p.text) for p in passages]
            found[question] = sorted(told)  # equals in one order
            answer = engine.answerer("c").answer(question)
            found[f"answer to {question}"] = answer.abstained, [(c.article_id, c.quote) for c in answer.citations]
        manifest = engine.status("c")
        found["counts"] = manifest.articles, manifest.copies, manifest.chunks
    return found


def test_a_folder_and_an_object_store_give_what_one_process_gives(
    made: Settings, alone: Settings, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", 120)
    with closing(Engine(alone)) as engine:
        assert engine.ingest("c", [folder]).added == 107
    wanted = state(alone)
    store = fsspec.filesystem("memory")
    store.put(str(folder), "/reports", recursive=True)
    with closing(Engine(replace(made, ray="local", ingest_workers=2))) as engine:
        for name, place in (("c", "memory://reports"), ("from-folder", folder)):
            report = engine.ingest(name, [place])
            assert (report.added, report.copies, report.rejected) == (107, 13, 0)
        assert engine.article_ids("from-folder") == engine.article_ids("c")
        again = engine.ingest("c", ["memory://reports"])
        assert (again.added, again.unchanged, again.rejected) == (0, 120, 0)
    store.rm("/reports", recursive=True)
    assert state(made) == wanted


@pytest.mark.slow
def test_killed_on_the_way_and_run_again_it_ends_the_same(made: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", 400)
    alone = replace(made, uri=str(tmp_path / "alone.db"), commit_records=50)  # the mean length is its first portion's
    with closing(Engine(alone)) as engine:
        engine.ingest("c", [folder])
    wanted = state(alone)
    assert wanted["counts"][:2] == (356, 44)
    halfway = []
    for batches in (3, 3):  # the first time it dies with the third portion, the second three portions later
        process = start(made, folder, batches)
        assert process.wait(300) == -signal.SIGKILL, said(folder).read_text("utf-8")[-2000:]
        time.sleep(1.0)  # what it had started ends by itself
        with closing(Engine(made)) as engine:
            halfway.append(engine.status("c").articles)
    assert 0 < halfway[0] < halfway[1] < 356
    assert start(made, folder).wait(300) == 0
    assert state(made) == wanted


DIES = """
import os, signal, sys, threading
from service import cli
from service.backends.milvus.writer import MilvusWriter

add, left = MilvusWriter.add_packed, int(sys.argv.pop(1))

def dying(self, packed):
    global left
    add(self, packed)
    left -= 1
    if not left:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()

MilvusWriter.add_packed = dying
sys.exit(cli.main(sys.argv[1:]))
"""


def start(made: Settings, folder: Path, dies_after: int = 0) -> subprocess.Popen[bytes]:
    """The command; it is killed while it writes, so many batches after it began, where that is not 0."""
    environ = {
        **os.environ, "RASAD_INDEXES": str(made.indexes), "RASAD_CHUNK_WORDS": str(made.chunk_words),
        "RASAD_BACKEND": made.backend.value, "RASAD_URI": made.uri, "RASAD_COMMIT_RECORDS": "50",
        "RASAD_INGEST_WORKERS": "2", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    code = ["-c", DIES, str(dies_after)] if dies_after else ["-m", "service.cli"]
    command = [sys.executable, *code, "ingest", str(folder), "--collection", "c", "--ray", "local"]
    with said(folder).open("ab") as log:
        return subprocess.Popen(command, env=environ, stderr=log)


def said(folder: Path) -> Path:
    """What the commands over a folder wrote, for when one ends otherwise than it should."""
    return folder.with_suffix(".log")
