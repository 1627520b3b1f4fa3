"""A segment holds one file open; a process that may open no more says so, and what to do."""

from __future__ import annotations

import errno
import gc
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from service import cli
from service.backends.embedded import descriptors
from service.complaints import in_language, of_error
from service.engine import Engine
from service.errors import IndexDamaged, StorageError
from service.records import Article, Language
from service.settings import Settings

SEGMENTS, COLLECTIONS = 4, "abc"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three collections of four segments each."""
    top = tmp_path_factory.mktemp("indexes")
    with closing(Engine(replace(Settings(), indexes=top, ingest_workers=1))) as engine:
        for number in range(SEGMENTS):
            for name in COLLECTIONS:
                text = f"Raid {number} on a bridge near Hawija, said {name}."
                engine.take(name, [Article(f"{name}{number}", text, sha256(text.encode()).hexdigest())])
    return top


def files() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextmanager
def limited_to(more: int) -> Iterator[None]:
    """So many more files may be opened."""
    gc.collect()  # what earlier errors held
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(40)]  # numbers that were free below others
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, hard))
    for handle in taken[len(taken) - more :]:
        os.close(handle)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for handle in taken[: len(taken) - more]:
            os.close(handle)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks Linux what is open")
def test_a_segment_holds_one_file_open_and_a_version_one(indexes: Path) -> None:
    with closing(Engine(replace(Settings(), indexes=indexes))) as engine:
        engine.encoder.encode_query("warm")
        before = files()
        for name in COLLECTIONS:
            assert engine.retriever(name).search("raid near Hawija").passages
        assert files() - before == len(COLLECTIONS) * (SEGMENTS + 1)


@pytest.mark.parametrize("more", [1, 2, 4, 7])
def test_a_process_that_may_open_no_more_files_says_so(indexes: Path, more: int) -> None:
    """Wherever it is met: reading a manifest, an array, a store."""
    with closing(Engine(replace(Settings(), indexes=indexes))) as engine:
        engine.recipe()
        reading = engine._backend.reader
        with limited_to(more):
            opened = []
            with pytest.raises(StorageError, match=r"as many files open as it may .*ulimit -n") as caught:
                opened += [reading(name) for name in COLLECTIONS]
        assert not isinstance(caught.value, IndexDamaged)
        assert "ulimit -n" in in_language(of_error(caught.value), Language.ARABIC)
        assert engine.verify("a").damages == (), "and nothing is damaged"
        for name in COLLECTIONS:
            assert engine.article_ids(name)


@pytest.mark.parametrize("more", [1, 3])
def test_a_writer_says_so_too_and_leaves_one_whole_version(indexes: Path, more: int) -> None:
    """What was published before a file could not be opened is published; nothing of the rest is."""
    text = f"Raid {more} more."
    new = Article(f"new{more}", text, sha256(text.encode()).hexdigest())
    with closing(Engine(replace(Settings(), indexes=indexes, ingest_workers=1))) as engine:
        before = engine.article_ids("b")
        engine.recipe()
        with limited_to(more), pytest.raises(StorageError, match="as many files open"):
            engine.take("b", [new])
        assert engine.article_ids("b") in (before, [*before, new.article_id])
        assert engine.verify("b").damages == ()


def test_other_errors_are_left_as_they_are() -> None:
    for error in (IndexDamaged("a file is cut short"), OSError(errno.EIO, "input/output error")):
        with pytest.raises(type(error)) as caught, descriptors.noticed(Path("c")):
            raise error
        assert caught.value is error


def test_the_command_lets_itself_open_as_many_as_it_may() -> None:
    program = "import resource, sys; from service import cli; cli.main(['collections', '--json']); " \
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"  # fmt: skip
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    done = subprocess.run(
        ["sh", "-c", 'ulimit -Sn 200 && exec "$@"', "sh", sys.executable, "-P", "-c", program],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    assert done.stdout.splitlines()[-1] == str((wanted, hard))
    assert cli.descriptors.raise_limit() == wanted
