"""How long questions take, warm: percentiles of wall and processor time, by stage, with and without filters.

    scripts/latency --topics FILE.jsonl [--collection NAME] [--fields FIELD,...] [--from DAY] [--to DAY] [--place NAME]

Questions are shuffled; the first quarter only warms up, the others are asked once each, so that no cache of results can
help. "again" asks them a second time. Prints Markdown.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from service import evaluation, memory
from service.engine import Engine
from service.errors import ServiceError
from service.records import Filters, Ranking
from service.retriever import Retriever
from service.settings import Settings

SEED = 20150810
_STAGES = {
    "_filter": "filters", "_near": "places", "_fuse": "fusion", "_passages": "passages shown", "_all": "feedback",
    "_weigh_languages": "two languages",
}  # fmt: skip
_EXPANSION = {"concepts": "words and translations", "widened": "synonyms and spellings"}


class Timed(Retriever):
    """A retriever that notes the processor time of its stages, each without those inside it."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.spent: dict[str, list[float]] = defaultdict(list)
        self._now: dict[str, float] = defaultdict(float)
        self._inside: list[float] = []
        for owner, stages in ((self, _STAGES), (self.expansion, _EXPANSION)):
            for method, name in stages.items():
                setattr(owner, method, self._noting(name, getattr(owner, method)))

    def search(self, *given: Any, **named: Any) -> Any:
        with self._stage("the rest, reading places and dates in the question included"):
            found = super().search(*given, **named)
        for name, seconds in self._now.items():
            self.spent[name].append(seconds)
        self._now.clear()
        return found

    def _search(self, leg: Any, *given: Any) -> Ranking:
        with self._stage(f"{leg} leg"):
            return super()._search(leg, *given)

    def _noting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            with self._stage(name):
                return method(*given)

        return noted

    @contextlib.contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self._inside.append(0.0)
        began = time.thread_time()
        yield
        took = time.thread_time() - began
        self._now[name] += took - self._inside.pop()
        if self._inside:
            self._inside[-1] += took


def questions(path: Path, fields: Sequence[str]) -> list[str]:
    """The different questions of a topics file, shuffled, always in the same order."""
    found = sorted({text for asked in evaluation.read_topics(path, fields).values() for text in asked.values()})
    random.Random(SEED).shuffle(found)
    return found


def timed(ask: Callable[[str], object], asked: Sequence[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of wall and of processor time of each question."""
    wall, cpu = [], []
    for text in asked:
        began, worked = time.perf_counter(), time.process_time()
        ask(text)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    return wall, cpu


def row(name: str, wall: Sequence[float], cpu: Sequence[float]) -> str:
    cells = [*np.percentile(wall, [50, 95, 99]), float(np.mean(cpu)), *np.percentile(cpu, [50, 95])]
    return f"| {name} | {len(wall)} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    try:
        _measure(options)
    except ServiceError as error:
        print(f"latency: {error}", file=sys.stderr)
        return 2
    return 0


def _measure(options: argparse.Namespace) -> None:
    asked = questions(Path(options.topics), options.fields.split(","))
    warm, asked = asked[: len(asked) // 4], asked[len(asked) // 4 :]
    settings = Settings.from_env()
    with contextlib.closing(Engine(settings)) as engine:
        retriever = Timed(engine.reader(options.collection), engine.encoder, settings)
        if not options.numpy:  # as the service does when it starts
            memory.collect_seldom()
            retriever.warm()
        filters = {"search": Filters()}
        if options.since or options.until:
            filters["search, dates"] = Filters(since=options.since, until=options.until)
        if options.place:
            filters["search, place"] = Filters(place=(options.place,))
        manifest = engine.status(options.collection)
        load = os.getloadavg()[0]
        print(f"{manifest.chunks:,} passages, {len(manifest.segments)} segments; {platform.machine()}, "
              f"{os.cpu_count()} cores, Python {platform.python_version()}; load average {load:.1f}\n")  # fmt: skip
        print("| | questions | p50 ms | p95 ms | p99 ms | CPU mean ms | CPU p50 | CPU p95 |\n|" + " --- |" * 8)
        for name, chosen in filters.items():
            ask = partial(retriever.search, k=options.k, filters=chosen)
            timed(ask, warm)
            retriever.spent.clear()
            print(row(name, *timed(ask, asked)))
            if name == "search":
                stages = {stage: list(spent) for stage, spent in retriever.spent.items()}
        print(row("search again", *timed(partial(retriever.search, k=options.k), asked)))
        if options.answers:
            answerer = engine.answerer(options.collection)
            timed(answerer.answer, warm)
            print(row("answer", *timed(answerer.answer, asked)))
        print("\n| stage of a search | CPU mean ms | CPU p95 ms |\n| --- | --- | --- |")
        for stage, spent in sorted(stages.items(), key=lambda item: -sum(item[1])):
            values = np.array(spent) * 1000
            print(f"| {stage} | {values.sum() / len(asked):.2f} | {np.percentile(values, 95):.2f} |")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="latency", description="How long questions take, warm, by stage.")
    parser.add_argument("--collection", default="news")
    parser.add_argument("--topics", required=True, help="JSON Lines with a question in each of the fields")
    parser.add_argument("--fields", default=",".join(evaluation.FIELDS))
    parser.add_argument("-k", type=int, default=10, help="passages shown (default: %(default)s)")
    parser.add_argument("--from", dest="since", default="", help="also with this filter")
    parser.add_argument("--to", dest="until", default="")
    parser.add_argument("--place", default="", help="also with this filter")
    parser.add_argument("--answers", action="store_true", help="also whole answers")
    parser.add_argument("--numpy", action="store_true", help="without compiled loops")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
