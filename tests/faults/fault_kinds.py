"""Faults other than a kill, each really made; every function raises Failed, or says what it counted."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from fault_rounds import LIMIT_S, NAME, Collection, Failed, child_of, merging_soon

from service.backends.embedded import publishing
from service.engine import Engine
from service.errors import IndexLocked, IndexStateError, StorageError


def ended(pid: int, pipe: int) -> bool:
    """Whether a child did its work. Raises Failed where it neither ends nor does it, or dies."""
    until = time.monotonic() + LIMIT_S
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise Failed("a child hangs")
        time.sleep(0.002)
    told = os.read(pipe, 1) == b"1"
    os.close(pipe)
    if not os.WIFEXITED(status):
        raise Failed(f"a child died of signal {os.WTERMSIG(status)}")
    return told


def refused(work: Callable[[], object], kind: type[Exception]) -> Callable[[], object]:
    """The work as one that is done when it ends with this error, or without any."""

    def trying() -> object:
        try:
            return work()
        except kind:
            return None

    return trying


def filled(top: Path, seed: int, changes: int = 4) -> Collection:
    where = Collection(top, seed)
    for _ in range(changes):
        change = where.change()
        change.do(where.engine)
        where.state = change.states[-1]
    return where


def full_disk(top: Path, rounds: int, seed: int) -> str:
    """No file may grow beyond a random size (RLIMIT_FSIZE): every write that meets it fails, as on a full disk."""
    stopped = 0
    with merging_soon(), closing(filled(top, seed)) as where:
        for _ in range(rounds):
            change, size = where.change(), int(10 ** where.random.uniform(1, 5.5))

            def limited(change=change, size=size) -> object:  # type: ignore[no-untyped-def]
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
                return change.do(where.engine)

            told = ended(*child_of(limited))
            stopped += not told
            where.look(change.states[-1:] if told else change.states)
            if not told:
                told = ended(*child_of(refused(limited, StorageError)))
                if not told:
                    raise Failed(f"{change.what} with files of {size} bytes at most ends with another error")
                reached = where.look(change.states)
                if change.what not in ("delete", "purge") or reached == 0:
                    change.do(where.engine)
            where.look(change.states[-1:])
            where.state = change.states[-1]
    return f"full disk: {rounds} changes, {stopped} stopped by it with StorageError, all as before and done later"


def read_only(top: Path, rounds: int, seed: int) -> str:
    """A collection of another user: it answers, and is not changed."""
    with closing(filled(top, seed)) as where:
        for path in [where.engine.indexes, *where.engine.indexes.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        for path in [top, *top.parents]:
            if path.stat().st_uid == os.getuid() and path.stat().st_mode & 0o005 != 0o005:
                path.chmod(path.stat().st_mode | 0o055)

        where.engine.retriever(NAME).search("raid")  # reads code and models that the other user may not

        def as_other(work: Callable[[], object]) -> Callable[[], object]:
            def doing() -> object:
                if os.getuid() == 0:
                    os.setgroups([])
                    os.setuid(65_534)
                return work()

            return doing

        for _ in range(rounds):
            change = where.change()

            def changing(change=change) -> object:  # type: ignore[no-untyped-def]
                try:
                    change.do(where.engine)
                except StorageError:
                    return None
                raise Failed("written to a read-only folder")

            if not ended(*child_of(as_other(changing))):
                raise Failed(f"{change.what} in a read-only folder did not end with StorageError")
            if not ended(*child_of(as_other(lambda: Engine(where.engine.settings).retriever(NAME).search("raid")))):
                raise Failed("a read-only collection does not answer")
            where.look([where.state])
        for path in [where.engine.indexes, *where.engine.indexes.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    return f"read-only folder: {rounds} changes refused with StorageError, {rounds} questions answered"


def damage(top: Path, rounds: int, seed: int) -> str:
    """A truncated file, a flipped bit, a missing file or segment: found and named, and never answered from as whole."""
    counts = {"flipped bit": 0, "truncated": 0, "missing": 0, "missing segment": 0}
    chosen = random.Random(seed)
    with closing(filled(top, seed)) as where:
        keep = top / "keep"
        shutil.copytree(where.folder, keep)
        for _ in range(rounds):
            how = chosen.choice(list(counts))
            version = where.folder / "versions" / where.engine.version(NAME)
            names = [str(entry["id"]) for entry in where.engine.status(NAME).segments]
            homes = [where.folder / "segments" / name for name in names]
            paths = [where.folder / "CURRENT", version / "manifest.json", version / "deleted.json"]
            paths += [path for home in homes for path in sorted(home.iterdir())]
            path = (
                chosen.choice([path for path in paths if path.stat().st_size]) if how != "missing segment" else homes[0]
            )
            if how == "flipped bit":
                whole = bytearray(path.read_bytes())
                position = chosen.randrange(len(whole.rstrip(b"\n")) if path.name == "CURRENT" else len(whole))
                whole[position] ^= 1 << chosen.randrange(8)
                path.write_bytes(whole)
            elif how == "truncated":
                path.write_bytes(path.read_bytes()[: chosen.randrange(path.stat().st_size)])
            elif how == "missing":
                path.unlink()
            else:
                shutil.rmtree(path)
            try:
                found = where.engine.verify(NAME)
                named = any(one.path == path or path in one.path.parents for one in found.damages)
            except IndexStateError as error:
                named = str(path) in str(error)
            if not named:
                raise Failed(f"{path} {how} is not named")
            counts[how] += 1
            shutil.rmtree(where.folder)
            shutil.copytree(keep, where.folder)
        where.look([where.state])
    return (
        "damage: " + ", ".join(f"{count} {how}" for how, count in counts.items()) + "; each found, and its file named"
    )


def clock_set_back(top: Path, rounds: int, seed: int) -> str:
    """All files are from ten years ahead, and the clock says less with every commit."""
    with merging_soon(), closing(filled(top, seed)) as where:
        for number in range(rounds):
            ahead = time.time() + 10 * 365 * 86_400
            for path in where.folder.rglob("*"):
                os.utime(path, (ahead, ahead))
            now = datetime.now(UTC) - timedelta(days=1000 * (number + 1))
            with mock.patch.object(publishing, "datetime", mock.Mock(now=lambda _, now=now: now)):
                change = where.change()
                change.do(where.engine)
            where.state = change.states[-1]
            where.look([where.state])
    return f"clock set back: {rounds} changes, each three years before the last, in order all the same"


def two_writers(top: Path, rounds: int, seed: int) -> str:
    """Two at once: one is refused by the lock, or both come through one after the other; nothing of either is lost."""
    both = one = 0
    with merging_soon(), closing(filled(top, seed)) as where:
        for number in range(rounds):
            files, news = [], []
            for side in "ab":
                new = {f"{side}{number}-{i}": where.text() for i in range(3)}
                news.append(new)
                path = top / f"{side}.jsonl"
                where._written(new).rename(path)
                files.append(path)
            children = [child_of(lambda path=path: where.engine.ingest(NAME, [path])) for path in files]  # type: ignore[misc]
            told = [ended(*child) for child in children]
            state = dict(where.state)
            for new, was_told in zip(news, told, strict=True):
                state |= new if was_told else {}
            where.look([state])
            where.state = state
            if not any(told):
                raise Failed("both writers were refused")
            both, one = both + all(told), one + (not all(told))
            for path, was_told in zip(files, told, strict=True):
                if not was_told:
                    if not ended(*child_of(refused(lambda path=path: where.engine.ingest(NAME, [path]), IndexLocked))):  # type: ignore[misc]
                        raise Failed("the second writer was refused otherwise than by the lock")
                    where.state |= news[files.index(path)]
            where.look([where.state])
    return f"two writers: {rounds} rounds, {one} with one refused by the lock, {both} one after the other; nothing lost"


def readers(top: Path, rounds: int, seed: int) -> str:
    """Three processes open, search and read all the while; what they see is always one whole version."""
    with merging_soon(), closing(filled(top, seed)) as where:
        path = top / "once.jsonl"
        news = [{f"v{number}-{i}": f"raid {number} {i} of a bridge." for i in range(2)} for number in range(rounds)]
        states = [dict(where.state)]
        for new in news:
            states.append(states[-1] | new)
        versions = {frozenset(state) for state in states}
        stop = top / "stop"

        def looking() -> object:
            looks = 0
            while not stop.exists() or not looks:
                with closing(Engine(where.engine.settings)) as engine:
                    engine._encoder = where.engine.encoder
                    for _ in range(3):
                        reader = engine.reader(NAME)
                        ids = frozenset(reader.article_ids())  # type: ignore[attr-defined]
                        if ids not in versions:
                            raise Failed(f"a version that never was: {sorted(ids)}")
                        for name in sorted(ids)[:5]:
                            reader.article(name)
                        engine.retriever(NAME).search("raid bridge", 5)
                        looks += 1
            with (top / f"looks-{os.getpid()}").open("w") as out:
                out.write(str(looks))
            return looks

        children = [child_of(looking) for _ in range(3)]
        for new in news:
            where._written(new).rename(path)
            where.engine.ingest(NAME, [path])
        stop.touch()
        told = [ended(*child) for child in children]
        looks = sum(int(found.read_text()) for found in top.glob("looks-*"))
        if not all(told):
            raise Failed("a reader saw an error, or what never was: run with FAULTS_SHOW=1")
    return f"readers during {rounds} publications and merges: {looks} looks by 3 processes, each at one whole version"


KINDS: dict[str, Callable[[Path, int, int], str]] = {
    "full disk": full_disk,
    "read-only": read_only,
    "damage": damage,
    "clock": clock_set_back,
    "two writers": two_writers,
    "readers": readers,
}
