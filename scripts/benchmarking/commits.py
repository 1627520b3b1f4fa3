"""What it costs to take in a little at a time: a few articles into a large collection, and many small commits.

    scripts/commits --articles FILE... [--held 1500] [--each 100] [--base DIR] [--commits 300] [--of 20]
                    [--steady 290] [--work DIR]

The last ``--held`` articles are left out of a collection that is built of the others (in ``--base``, where a second run
finds it); then they come, ``--each`` at a time, in one process that goes on, while another one asks for the last of
them until it has it. After that an empty collection gets ``--commits`` commits of the first articles, ``--of`` each.
Last, one ingest takes ``--steady`` portions of ``--each`` into an empty collection and publishes each of them: how long
it is held up by that. Prints Markdown; the first portion of each, which loads what ingest needs, is in no figure.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from service import corpus
from service.backends.embedded.segment import SegmentBuilder
from service.backends.embedded.writer import EmbeddedWriter
from service.engine import Engine
from service.errors import ArticleNotFound, CollectionNotFound, ServiceError
from service.records import Article, Manifest
from service.settings import Settings

NAME = "commits"
_GIVE_UP_S = 60.0
_ASK_S = 0.002  # between two looks of the second process


@dataclass(slots=True)
class Portions:
    """What was measured of portions that came one after the other; the first is left out by ``line``."""

    taken_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    seen_s: list[float] = field(default_factory=list)  # until another process had it
    segments: list[int] = field(default_factory=list)  # of the version after it
    private_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)  # open in this process
    new: int = 0  # chunks of the articles
    written: int = 0  # chunks of all segments that were written, merged ones included

    def line(self, what: str) -> str:
        cells = [what, str(len(self.taken_s) - 1)]
        for values in (self.taken_s[1:], self.seen_s[1:]):
            cells += [f"{np.percentile(values, p):.3f}" if values else "" for p in (50, 95)]
        cells.append(f"{np.median(self.cpu_s[1:]):.3f}")
        cells.append(f"{self.written / max(1, self.new):.2f}")
        cells.append(f"{max(self.segments)} / {self.segments[-1]}")
        half = len(self.files) // 2
        cells.append(f"{self.private_mb[half]:,.0f} / {self.private_mb[-1]:,.0f}")
        cells.append(f"{self.files[half]} / {self.files[-1]}")
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| | portions | taken, s: p50 | p95 | another process has it, s: p50 | p95 | processor, s: p50 | written / new "
    "chunks | segments at most / left | private memory half way / at the end, MB | files open |"
)


STEADY = (
    "| | commits | one commit holds the ingest up, s: p50 | p95 | max | the whole ingest, s | written / new chunks | "
    "segments at most / left |"
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.see:
        return see(Path(options.see))
    settings = Settings.from_env()
    try:
        articles = [record for record in corpus.read(options.articles) if isinstance(record, Article)]
        if len(articles) <= max(options.held, options.of, options.each):
            raise SystemExit(f"{len(articles):,} articles were read: too few to hold back {options.held:,}")
        with tempfile.TemporaryDirectory(prefix="rasad-commits-", dir=options.work) as made:
            machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
            print(f"{machine}; load {os.getloadavg()[0]:.1f} at the start.\n\n{HEAD}\n|{' --- |' * 11}", flush=True)
            base = Path(options.base) if options.base else Path(made) / "base"
            print(into_large(articles, options, replace(settings, indexes=base), Path(made) / "large"), flush=True)
            settings = replace(settings, indexes=Path(made) / "little")
            print(little_by_little(articles, options, settings), flush=True)
            print(f"\n{STEADY}\n|{' --- |' * 8}", flush=True)
            print(in_one_go(articles, options, replace(settings, indexes=Path(made) / "steady")), flush=True)
    except ServiceError as error:
        print(f"rasad: {error}", file=sys.stderr)
        return 2
    return 0


def into_large(articles: Sequence[Article], options: argparse.Namespace, base: Settings, indexes: Path) -> str:
    if not (base.indexes / NAME / "CURRENT").exists():
        with opened(base) as engine:
            engine.take(NAME, articles[: -options.held])
    shutil.copytree(base.indexes / NAME, indexes / NAME, copy_function=os.link)  # what is published never changes
    command = [sys.executable, "-P", "-m", "benchmarking.commits", "--articles", "", "--see", str(indexes)]
    with (
        opened(replace(base, indexes=indexes)) as engine,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        size = engine.status(NAME).articles
        found = measured(engine, articles[-options.held :], options.each, other)
        return found.line(f"{options.each} articles more, of {size:,}")


def little_by_little(articles: Sequence[Article], options: argparse.Namespace, settings: Settings) -> str:
    with opened(settings) as engine:
        found = measured(engine, articles[: (options.commits + 1) * options.of], options.of)
        return found.line(f"{options.of} articles at a time, from none")


def in_one_go(articles: Sequence[Article], options: argparse.Namespace, settings: Settings) -> str:
    """One writer that publishes again and again."""
    taken = articles[: options.steady * options.each]
    with opened(replace(settings, commit_records=options.each)) as engine, counted_chunks() as written:
        with timed_commits() as (seconds, segments):
            began = time.monotonic()
            engine.take(NAME, taken)
            whole = time.monotonic() - began
        status = engine.status(NAME)
    held = seconds[1:]
    cells = [f"{options.each} articles at a time, one ingest", str(len(held))]
    cells += [f"{np.percentile(held, p):.3f}" for p in (50, 95, 100)]
    cells += [f"{whole:.1f}", f"{sum(written) / status.chunks:.2f}", f"{max(segments)} / {len(status.segments)}"]
    return f"| {' | '.join(cells)} |"


def measured(
    engine: Engine, articles: Sequence[Article], each: int, other: subprocess.Popen[str] | None = None
) -> Portions:
    """``other``: the process that waits for the last article of every portion."""
    found = Portions()
    before = engine.status(NAME).chunks if NAME in engine.collections() else 0
    with counted_chunks() as written:
        for start in range(0, len(articles) - each + 1, each):
            portion = articles[start : start + each]
            began, cpu = time.monotonic(), time.process_time()
            if other and other.stdin:
                print(portion[-1].article_id, file=other.stdin, flush=True)
            report = engine.take(NAME, portion)
            found.taken_s.append(time.monotonic() - began)
            found.cpu_s.append(time.process_time() - cpu)
            if report.rejected:
                raise SystemExit(f"{report.rejected} articles were refused: {report.rejections[0].reason}")
            if other and other.stdout:
                found.seen_s.append(float(other.stdout.readline()) - began)
            found.segments.append(len(engine.status(NAME).segments))
            found.private_mb.append(_private_mb())
            found.files.append(len(list(Path("/proc/self/fd").iterdir())))
    found.new, found.written = engine.status(NAME).chunks - before, sum(written)
    return found


def see(indexes: Path) -> int:
    """For every id that comes: when (time.monotonic) the collection had it, for a reader that goes with it."""
    with opened(replace(Settings.from_env(), indexes=indexes)) as engine:
        for line in sys.stdin:
            until = time.monotonic() + _GIVE_UP_S
            while True:
                try:
                    engine.article(NAME, line.strip())
                    break
                except (ArticleNotFound, CollectionNotFound):
                    if time.monotonic() > until:
                        raise
                    time.sleep(_ASK_S)
            print(time.monotonic(), flush=True)
    return 0


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    with contextlib.closing(Engine(settings)) as engine:
        yield engine


@contextlib.contextmanager
def counted_chunks() -> Iterator[list[int]]:
    """The chunks of every segment that is written."""
    written: list[int] = []
    write = SegmentBuilder.write

    def noted(builder: SegmentBuilder, *given: Any) -> None:
        written.append(builder.chunks)
        write(builder, *given)

    with mock.patch.object(SegmentBuilder, "write", noted):
        yield written


@contextlib.contextmanager
def timed_commits() -> Iterator[tuple[list[float], list[int]]]:
    """How long every commit took, and the segments that there were after it."""
    seconds: list[float] = []
    segments: list[int] = []
    versions: set[str] = set()
    commit = EmbeddedWriter.commit

    def timed(writer: EmbeddedWriter) -> Manifest:
        began = time.monotonic()
        manifest = commit(writer)
        if manifest.version not in versions:  # for the last one nothing may be left
            versions.add(manifest.version)
            seconds.append(time.monotonic() - began)
            segments.append(len(manifest.segments))
        return manifest

    with mock.patch.object(EmbeddedWriter, "commit", timed):
        yield seconds, segments


def _private_mb() -> float:
    """Memory of this process that is no file's."""
    found = re.search(r"^RssAnon:\s+(\d+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/commits", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--articles", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--held", type=int, default=1500, help="articles that come later (default: %(default)s)")
    parser.add_argument("--each", type=int, default=100, help="of them at a time (default: %(default)s)")
    parser.add_argument("--base", metavar="DIR", help="where the large collection is kept for the next run")
    parser.add_argument("--commits", type=int, default=300, help="into the empty collection (default: %(default)s)")
    parser.add_argument("--of", type=int, default=20, help="articles each (default: %(default)s)")
    parser.add_argument("--steady", type=int, default=290, help="portions of one ingest (default: %(default)s)")
    parser.add_argument("--work", metavar="DIR", help="where collections are made (default: the system's own)")
    parser.add_argument("--see", metavar="INDEXES", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
