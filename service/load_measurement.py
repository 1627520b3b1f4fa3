"""What the service bears: scripts/load. wrk asks distinct questions while collections are published and a worker dies.

Everything happens on this machine, the client included. The collection is copied first: nothing of yours is changed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from service.engine import Engine
from service.settings import Settings

_PINNED_S = 15  # for the soak: superseded versions are let go so soon
_LUA = """
local paths = {}
for line in io.lines(os.getenv("RASAD_LOAD_PATHS")) do paths[#paths + 1] = line end
local started = 0
function setup(thread) thread:set("first", started); started = started + math.floor(#paths / 4) end
local at = 0
function request() at = at + 1; return wrk.format("GET", paths[(first + at) % #paths + 1]) end
function done(summary, latency, requests)
  io.stderr:write(string.format(
    '{"requests": %d, "seconds": %.3f, "p50_ms": %.2f, "p95_ms": %.2f, "p99_ms": %.2f, "max_ms": %.2f, ' ..
    '"status_errors": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, summary.errors.status, summary.errors.connect,
    summary.errors.read, summary.errors.write, summary.errors.timeout))
end
"""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="load", description=__doc__)
    parser.add_argument("--collection", default="news")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=60, help="of the plain run")
    parser.add_argument("--warm-seconds", type=int, default=15, help="before anything is measured: caches fill")
    parser.add_argument("--soak-seconds", type=int, default=0, help="of the run with two ingests and a killed worker")
    parser.add_argument("--reports", type=Path, help="what the two ingests of the soak take in, half each (JSON Lines)")
    options = parser.parse_args(arguments)
    if not shutil.which("wrk"):
        parser.error("wrk is not installed: apt install wrk")
    with tempfile.TemporaryDirectory(prefix="rasad-load-") as folder:
        _measure(Path(folder), options)
    return 0


def _measure(folder: Path, options: argparse.Namespace) -> None:
    settings = Settings.from_env()
    with closing(Engine(settings)) as engine:
        source = engine.indexes / options.collection
        paths = list(islice(_paths(engine, options.collection), 120_000))
    shutil.copytree(source, folder / "indexes" / options.collection)
    listed = folder / "paths"
    listed.write_text("\n".join(paths) + "\n", "utf-8")
    one = folder / "one"
    one.write_text(paths[0] + "\n", "utf-8")
    print(json.dumps({"distinct": len(set(paths)), "load_before": os.getloadavg()[0]}), flush=True)
    with _serving(folder, options) as (server, port):
        _wrk(folder, listed, port, options.connections, options.warm_seconds)  # pages in, caches of words
        memory = _private_kib(server.pid)
        used = _cpu_s(server.pid)
        plain = _wrk(folder, listed, port, options.connections, options.seconds)
        plain["cpu_ms_each"] = round((_cpu_s(server.pid) - used) / plain["requests"] * 1000, 2)
        print(json.dumps({"plain": plain}), flush=True)
        print(
            json.dumps({"one question again and again": _wrk(folder, one, port, options.connections, 15)}), flush=True
        )
        print(json.dumps({"private_kib": [memory, _private_kib(server.pid)]}), flush=True)
        if options.soak_seconds:
            _soak(folder, listed, port, server.pid, options)


def _soak(folder: Path, listed: Path, port: int, server: int, options: argparse.Namespace) -> None:
    """Two versions are published and a worker is killed meanwhile; memory is taken before, and after the last third."""
    lines = options.reports.read_text("utf-8").splitlines()
    halves = [lines[: len(lines) // 2], lines[len(lines) // 2 :]]
    before = _private_kib(server)
    wrk = _start_wrk(folder, listed, port, options.connections, options.soak_seconds)
    third = options.soak_seconds / 4
    for number, half in enumerate(halves):
        time.sleep(third)
        part = folder / f"part{number}.jsonl"
        part.write_text("\n".join(half) + "\n", "utf-8")
        command = [sys.executable, "-P", "-m", "service.cli", "ingest", str(part), "--collection", options.collection]
        subprocess.run(["nice", *command], env=_environ(folder, options), check=True, capture_output=True)
        if number == 0:
            killed = _workers(server)[0]
            os.kill(killed, signal.SIGKILL)
    result = _result(wrk)
    print(json.dumps({"soak": result, "versions": _health(port)}), flush=True)
    time.sleep(3 * _PINNED_S)
    after = _private_kib(server)
    print(json.dumps({"private_kib": [before, after], "growth": round(after / before - 1, 4)}), flush=True)


def _paths(engine: Engine, collection: str) -> Iterator[str]:
    """Distinct questions of two to five words, from the titles of the collection, the same ones each time."""
    chance = random.Random(7)
    ids = engine.article_ids(collection)
    seen = set()
    while True:
        title = engine.article(collection, chance.choice(ids))[0].title
        words = re.findall(r"\w{2,}", title)
        size = chance.randint(2, 5)
        if len(words) < size:
            continue
        start = chance.randint(0, len(words) - size)
        question = " ".join(words[start : start + size])
        if question not in seen:
            seen.add(question)
            yield f"/api/v1/search?q={quote(question)}&collection={collection}"


@contextmanager
def _serving(folder: Path, options: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-P",
        "-m",
        "service.cli",
        "serve",
        "--port",
        str(port),
        "--workers",
        str(options.workers),
    ]
    command += ["--collection", options.collection]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=_environ(folder, options), stderr=log) as server,
    ):
        try:
            deadline = time.monotonic() + 120
            while not _health(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the service did not start: {(folder / 'log').read_text()[-2000:]}")
                time.sleep(0.2)
            time.sleep(5)  # every worker
            yield server, port
        finally:
            server.terminate()
            server.wait(60)


def _environ(folder: Path, options: argparse.Namespace) -> dict[str, str]:
    indexes = str(folder / "indexes")
    given = {"RASAD_INDEXES": indexes, "RASAD_COLLECTION": options.collection, "RASAD_PINNED_S": str(_PINNED_S)}
    return {**os.environ, **given, "OMP_NUM_THREADS": "1"}


def _cpu_s(server: int) -> float:
    """Processor time that the workers have used so far."""
    ticks = 0
    for pid in _workers(server) or [server]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _wrk(folder: Path, paths: Path, port: int, connections: int, seconds: int) -> dict[str, float]:
    return _result(_start_wrk(folder, paths, port, connections, seconds))


def _start_wrk(folder: Path, paths: Path, port: int, connections: int, seconds: int) -> subprocess.Popen[str]:
    script = folder / "ask.lua"
    script.write_text(_LUA, "utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script)]
    environ = {**os.environ, "RASAD_LOAD_PATHS": str(paths)}
    address = f"http://127.0.0.1:{port}"
    return subprocess.Popen(
        [*command, address], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _result(wrk: subprocess.Popen[str]) -> dict[str, float]:
    said = wrk.communicate()[1]
    found: dict[str, float] = json.loads(said.strip().splitlines()[-1])
    found["per_second"] = round(found["requests"] / found["seconds"], 1)
    found["load"] = round(os.getloadavg()[0], 2)
    return found


def _health(port: int) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            found: dict[str, str] = json.load(answer)["collections"]
            return found
    except OSError:
        return {}


def _workers(server: int) -> list[int]:
    """The service's processes that answer: not the one that watches over Python's shared resources."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _private_kib(server: int) -> int:
    """Memory that the workers share with nobody: mapped index files are not in it."""
    total = 0
    for pid in _workers(server) or [server]:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(int(size) for size in re.findall(r"^Private_Dirty:\s+(\d+)", rollup, re.MULTILINE))
    return total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
