"""The command that ingests what arrives."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from threading import Event

from service import terminal
from service.engine import SAMPLE, Engine
from service.errors import InputError, ServiceError
from service.records import IngestReport
from service.watch import Watch

DONE = 0
_SHOWN = 5  # rejections of one arrival
Command = Callable[[str, Callable[[Engine, argparse.Namespace], int], str], argparse.ArgumentParser]


def add_command(command: Command, interval_s: float) -> None:
    """``command`` makes the parser of a subcommand: name, what runs it, what it is about."""
    added = command("watch", run, "Ingest what arrives in folders and feeds, until stopped.")
    added.add_argument("sources", nargs="+", metavar="SOURCE", help="a folder, or the http(s) address of a feed")
    added.add_argument(
        "--interval", type=float, default=interval_s, metavar="S", help="seconds between two looks at a feed"
    )
    added.add_argument("--once", action="store_true", help="take what is there now, and end")


def run(engine: Engine, options: argparse.Namespace) -> int:
    if options.collection == SAMPLE:
        engine.prepare_sample()
    if not options.interval >= 1:
        raise InputError(f"--interval must be at least 1 second, found {options.interval:g}")
    stop = Event()
    watch = Watch(engine, options.collection, options.sources, options.interval, _told)
    if options.once:
        watch.once()
        return DONE
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        watch.run(stop)
    finally:
        signal.signal(signal.SIGTERM, before)
    return DONE


def _told(source: str, report: IngestReport | None, error: ServiceError | None) -> None:
    shown = terminal.one_line(source)
    if error is not None:
        print(f"rasad: {error}", file=sys.stderr, flush=True)
    elif report is not None and (report.added or report.updated or report.copies or report.rejected):
        parts = [f"{count:,} {name}" for name in ("added", "updated", "copies", "rejected")
                 if (count := getattr(report, name))]  # fmt: skip
        print(f"rasad: {shown}: {', '.join(parts)}; at {report.version}", file=sys.stderr, flush=True)
        for rejection in report.rejections[:_SHOWN]:
            where = f"{rejection.origin}:{rejection.line}" if rejection.line else rejection.origin
            print(f"rasad: rejected {where}: {rejection.reason}", file=sys.stderr, flush=True)
