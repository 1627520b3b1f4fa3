"""Kills a writer at random points, round after round, and looks at what is left: for scripts/faults and the suite.

A round forks this interpreter; the child does one thing to a small collection and tells when it is done, unless it is
killed before: after a random time, or at a random one of its calls to the file system. What was told must be there,
what was not must be there whole or not at all, and every file must be what its checksum says.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

from rank_bm25 import BM25Okapi

from service import analyzer
from service.backends.embedded import policy
from service.backends.embedded.reader import EmbeddedReader
from service.engine import Engine
from service.records import Concept
from service.settings import Settings

NAME = "c"
LIMIT_S = 60.0  # for one change; beyond it the child hangs
WORDS = "strike raid bridge market convoy hospital school dam غارة جسر سوق مستشفى مدرسة قافلة".split()
SOON = {"FANOUT": 2, "SMALL": 4, "MOST": 4, "MIN_DEAD": 2}  # merges after a few articles
FILE_CALLS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "sqlite3.connect"})
State = dict[str, str]  # id -> text


class Failed(AssertionError):
    """What must never happen."""


@dataclass
class Change:
    """One thing done to the collection, and the states it may leave: before, between its commits, after."""

    what: str
    do: Callable[[Engine], object]
    states: list[State]


@dataclass
class Tally:
    """What happened in the rounds."""

    rounds: Counter[str] = field(default_factory=Counter)  # by change
    ends: Counter[str] = field(default_factory=Counter)  # acknowledged, or how far an interrupted one got


class Collection:
    """The collection, the model of it, and the random choices."""

    def __init__(self, top: Path, seed: int) -> None:
        self.top, self.random = top, random.Random(seed)
        self.engine = Engine(replace(Settings(), indexes=top / "indexes", ingest_workers=1))
        self.folder = self.engine.indexes / NAME
        self.state: State = {}
        self._numbers = iter(range(1_000_000))
        self.engine.encoder.encode_query("warm")

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=6)) + f" number {next(self._numbers)}."

    def change(self) -> Change:
        kinds = ["ingest", "ingest in portions", "update", "delete", "purge", "repair"]
        weights = [4, 2, 3, 3, 1, 1] if len(self.state) > 4 else [1, 0, 0, 0, 0, 0]
        what = self.random.choices(kinds, weights)[0]
        known = sorted(self.state)
        if what == "delete":
            gone = self.random.sample(known, self.random.randint(1, min(5, len(known) - 1)))
            return Change(what, lambda e: e.delete(NAME, gone), [self.state, _without(self.state, gone)])
        if what == "purge":
            text = self.state[self.random.choice(known)]
            gone = [name for name in known if self.state[name] == text]
            return Change(what, lambda e: e.purge(NAME, gone), [self.state, _without(self.state, gone)])
        if what == "repair":
            return Change(what, lambda e: e.repair(NAME, True, False, False), [self.state])
        update = what == "update"
        new = {f"n{next(self._numbers)}": self.text() for _ in range(self.random.randint(1, 6))}
        if known and self.random.random() < 0.4:
            new[f"n{next(self._numbers)}"] = self.state[self.random.choice(known)]  # an exact copy
        if update:
            new |= {name: self.text() for name in self.random.sample(known, min(3, len(known)))}
        path = self._written(new)
        if what == "ingest in portions":
            portions = [dict(list(new.items())[:n]) for n in range(0, len(new) + 1, 2)]
            states = [self.state | portion for portion in [*portions, new]]
            return Change(what, lambda e: _in_portions(e, path), states)
        return Change(what, lambda e: e.ingest(NAME, [path], update), [self.state, self.state | new])

    def _written(self, records: State) -> Path:
        path = self.top / "records.jsonl"
        path.write_text(
            "".join(json.dumps({"id": i, "text": t}, ensure_ascii=False) + "\n" for i, t in records.items())
        )
        return path

    def look(self, allowed: list[State]) -> int:
        """Which of the states it is in. Raises Failed."""
        if not (self.folder / "CURRENT").exists():
            found: State = {}
        else:
            settings = self.engine.settings
            bm25 = settings.bm25_k1, settings.bm25_b, settings.bm25_epsilon
            with closing(EmbeddedReader(self.folder, *bm25)) as reader:
                found = {name: reader.article(name)[0].text for name in reader.article_ids()}
                self._compare(reader, found)
            checked = self.engine.verify(NAME)
            if checked.damages or checked.lost:
                raise Failed(f"damaged: {checked.damages} {checked.lost}")
        for number in range(len(allowed) - 1, -1, -1):
            if found == allowed[number]:
                return number
        lost, more = set(allowed[-1]) - set(found), set(found) - set(allowed[0])
        raise Failed(f"in none of {len(allowed)} states: {len(found)} articles, missing {lost}, more {more}")

    def _compare(self, reader: EmbeddedReader, found: State) -> None:
        """The scores with rank-bm25's."""
        texts = sorted(set(found.values()))
        if not texts:
            return
        settings, corpus = self.engine.settings, [analyzer.terms(text) for text in texts]
        oracle = BM25Okapi(corpus, k1=settings.bm25_k1, b=settings.bm25_b, epsilon=settings.bm25_epsilon)
        asked = [analyzer.terms(word)[0] for word in WORDS[:3]]
        expected = dict(zip(texts, oracle.get_scores(asked).tolist(), strict=True))
        ranking = reader.search_terms([Concept(term, {term: 1.0}) for term in asked], 10_000)
        for stored, score in zip(reader.fetch(ranking.keys.tolist()), ranking.scores.tolist(), strict=True):
            if abs(expected[stored.article.text] - score) > 1e-5:
                raise Failed(f"{stored.article.article_id} scores {score}, rank-bm25 {expected[stored.article.text]}")

    def close(self) -> None:
        self.engine.close()


def _in_portions(engine: Engine, path: Path) -> object:
    again = Engine(replace(engine.settings, commit_records=2))
    again._encoder = engine.encoder
    return again.ingest(NAME, [path])


def _without(state: State, gone: list[str]) -> State:
    return {name: text for name, text in state.items() if name not in gone}


@contextmanager
def merging_soon() -> Iterator[None]:
    with mock.patch.multiple(policy, **SOON):
        yield


def child_of(work: Callable[[], object]) -> tuple[int, int]:
    """(pid, pipe) of a fork that does the work; the pipe gives one byte when it is done, none when it failed."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        work()
        os.write(writing, b"1")
        os._exit(0)
    except BaseException:
        if os.environ.get("FAULTS_SHOW"):
            import traceback

            traceback.print_exc()
        os._exit(1)


def dying_at(call: int, work: Callable[[], object]) -> Callable[[], object]:
    """The work, killed at its n-th call to the file system."""

    def dying() -> object:
        calls = iter(range(call))

        def count(event: str, _: object) -> None:
            if event in FILE_CALLS and next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        return work()

    return dying


class Costs:
    """How long each change takes and how many calls to the file system it makes, from those done to their end."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._calls: dict[str, int] = {}
        self._count = 0
        sys.addaudithook(self._hear)  # for the life of the process; there is no way to take one out again

    def _hear(self, event: str, _: object) -> None:
        self._count += event in FILE_CALLS

    def measured(self, what: str, work: Callable[[], object]) -> None:
        began, before = time.monotonic(), self._count
        work()
        self._seconds[what] = time.monotonic() - began
        self._calls[what] = self._count - before

    def seconds(self, what: str) -> float:
        return self._seconds.get(what, 0.3)

    def calls(self, what: str) -> int:
        return self._calls.get(what, 200)


def kill_round(where: Collection, tally: Tally, costs: Costs) -> None:
    """One change, killed somewhere, looked at, then done again to its end."""
    change = where.change()
    by_call = where.random.random() < 0.6
    work: Callable[[], object] = lambda: change.do(where.engine)  # noqa: E731
    if by_call:
        work = dying_at(where.random.randrange(1, costs.calls(change.what) + 2), work)
    pid, pipe = child_of(work)
    delay = LIMIT_S if by_call else where.random.random() * 1.3 * costs.seconds(change.what)
    ready, _, _ = select.select([pipe], [], [], delay)
    if not ready and by_call:
        raise Failed(f"{change.what} hangs")
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    told = os.read(pipe, 1) == b"1"  # also what was told in the moment before the kill
    os.close(pipe)
    if not told and os.WIFEXITED(status):
        raise Failed(f"{change.what} failed by itself: run with FAULTS_SHOW=1")
    staged = where.folder / "staging"
    merging = staged.is_dir() and any(path.name.startswith("merged") for path in staged.iterdir())
    reached = where.look(change.states[-1:] if told else change.states)
    last = change.states[0] != change.states[-1] and reached == len(change.states) - 1
    tally.rounds[change.what] += 1
    if told:
        tally.ends["acknowledged and there"] += 1
    else:
        end = "killed before it was published" if reached == 0 else "killed between two portions"
        tally.ends[("killed after it was published" if last else end) + (", in a merge" if merging else "")] += 1
        if change.what not in ("delete", "purge") or not last:
            costs.measured(change.what, lambda: change.do(where.engine))
        where.look(change.states[-1:])
    where.state = change.states[-1]


def kill_rounds(top: Path, rounds: int, seed: int) -> Tally:
    """Raises Failed at the first loss, with the round and the seed."""
    tally, costs = Tally(), Costs()
    with merging_soon(), closing(Collection(top, seed)) as where:
        for number in range(rounds):
            try:
                kill_round(where, tally, costs)
            except Exception as error:
                raise Failed(f"round {number + 1} of seed {seed}: {error}") from error
            if len(where.state) > 60:
                gone = sorted(where.state)[:40]
                where.engine.delete(NAME, gone)
                where.state = _without(where.state, gone)
    return tally
