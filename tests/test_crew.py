"""Many processes give what one gives, in order; what goes wrong in them is told, and they leave with their parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from service import crew, ingest
from service.backends.base import Prepared
from service.crew import Crew, Recipe
from service.engine import Engine
from service.errors import WorkerLost
from service.records import Article
from service.settings import Settings

ROOT = Path(__file__).parent.parent
Reports = Callable[..., Path]
RECIPE = Recipe(120, 1, "")


def report(i: int) -> dict[str, object]:
    text = f"Report {i}: strikes near Hawija and Mosul on {1 + i % 28} May 2020. غارات قرب الحويجة رقم {i}. " * (
        1 + i % 5
    )
    return {"id": f"n{i}", "title": f"t{i % 7}", "text": text if i % 9 else "The same text.", "source": f"s{i % 3}"}


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a collection's segments."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in (folder / "segments").rglob("*.*")}


def build(folder: Path, path: Path, workers: int, **more: int) -> dict[str, bytes]:
    with closing(Engine(Settings(indexes=folder, ingest_workers=workers, **more))) as engine:  # type: ignore[arg-type]
        engine.ingest("c", [path])
    return files(folder / "c")


@pytest.mark.slow
def test_a_crew_writes_what_one_process_writes(
    reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_BATCH_ARTICLES", 20)
    path = reports(*(report(i) for i in range(260)))
    alone = build(tmp_path / "alone", path, 1, segment_chunks=150)
    with ThreadPoolExecutor(1) as thread:  # as in a web service
        assert thread.submit(build, tmp_path / "crew", path, 2, segment_chunks=150).result() == alone
    assert len({name.split("/")[1] for name in alone}) > 1, "several segments"


def test_a_small_ingest_starts_no_process(engine: Engine, reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Crew, "_submit", lambda *_: pytest.fail("a process was to be started"))
    assert engine.ingest("c", [reports(*(report(i) for i in range(200)))]).added > 100


def article(i: int) -> Article:
    return Article(f"n{i}", f"Text {i}.", "0" * 64)


def ids(batch: Sequence[Prepared]) -> list[str]:
    if any(entry.article.article_id == "n13" for entry in batch):
        raise ValueError("n13 is unlucky")
    return [entry.article.article_id for entry in batch]


def killed(batch: Sequence[Prepared]) -> list[str]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_batches_come_back_in_order_and_errors_as_they_were(method: str) -> None:
    if method == "fork" and sys.version_info >= (3, 12):
        pytest.skip("Python warns of forking a process with threads, as pytest may be")
    with closing(Crew(RECIPE, 2, method)) as hands:
        batches = [[article(100 + i) for i in range(n, n + 1 + n % 3)] for n in range(0, 30, 3)]
        assert list(hands.packed(batches, ids)) == [[a.article_id for a in batch] for batch in batches]
        with pytest.raises(ValueError, match="n13 is unlucky"):
            list(hands.packed([[article(12)], [article(13)]], ids))
        with pytest.raises(WorkerLost, match="RASAD_INGEST_WORKERS=1"):
            list(hands.packed([[article(1)]], killed))


def test_a_process_of_a_pool_works_alone() -> None:
    assert crew.hands(3) == 3 and crew.hands(0) >= 1
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(crew.hands, (3,)) == 1


INTERRUPTED = """
import signal, sys
from service import cli, ingest
signal.signal(signal.SIGINT, signal.default_int_handler)  # started behind an "&", a process inherits that it is ignored
ingest._BATCH_ARTICLES = 4
if __name__ == "__main__":
    sys.exit(cli.main(["ingest", *sys.argv[1:]]))
"""


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_leave_with_the_process_that_started_them(
    reports: Reports, tmp_path: Path, how: signal.Signals
) -> None:
    path = reports(*({**report(i), "text": f"{i} " + "Strikes near Hawija. " * 2000} for i in range(400)))
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)
    environ = {**os.environ, "RASAD_INDEXES": str(tmp_path / "indexes"), "RASAD_INGEST_WORKERS": "2",
               "PYTHONPATH": str(ROOT)}  # fmt: skip
    command = [sys.executable, str(script), str(path), "--collection", "c"]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 60
    while len(workers := children(process.pid)) < 3 and process.poll() is None:  # two, and multiprocessing's own
        assert time.monotonic() < until
        time.sleep(0.05)
    assert process.poll() is None, "it was too quick to be interrupted"
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()  # Ctrl-C reaches the whole group
    errors = process.communicate(timeout=60)[1]
    if how == signal.SIGINT:
        assert process.returncode == 130 and "Traceback" not in errors, errors
        assert "what was published before is untouched" in errors
    while any(map(alive, workers)):
        assert time.monotonic() < until + 60
        time.sleep(0.05)
