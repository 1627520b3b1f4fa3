"""Versions that are open, or are being opened, in any process keep their files; others go."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service.backends.embedded.lease import Lease, unused
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import CollectionNotFound, IndexDamaged
from service.records import Article, Chunk, Concept

ROOT = Path(__file__).parents[2]


def commit(folder: Path, number: int, delete: str = "") -> str:
    text = f"strikes {number}"
    article = Article(f"a{number}", text, hashlib.sha256(text.encode()).hexdigest())
    with closing(EmbeddedWriter(folder, {}, 2, 1000)) as writer:
        if delete:
            writer.delete(delete)
        chunk = Chunk(article.article_id, 0, 0, len(text), text)
        writer.add(article, [chunk], [["strike", str(number)]], np.array([[1.0, 0.0]], np.float32))
        return writer.commit().version


def versions(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "versions").iterdir())


def reader(folder: Path, version: str | None = None) -> EmbeddedReader:
    return EmbeddedReader(folder, 1.5, 0.75, 0.25, version)


def test_an_open_version_stays_until_it_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    commit(folder, 0)
    opened = reader(folder)
    for i in range(1, 4):
        commit(folder, i, delete=f"a{i - 1}")
    assert versions(folder) == ["v000001", "v000003", "v000004"]
    with closing(reader(folder, "v000001")) as again:  # all its files are there
        for found in (opened, again):
            assert [s.article.article_id for s in found.fetch(found.search_terms(STRIKE, 10).keys.tolist())] == ["a0"]
    opened.close()
    commit(folder, 4, delete="a3")
    assert versions(folder) == ["v000004", "v000005"]
    assert len(list((folder / "segments").iterdir())) == 2


STRIKE = [Concept("strike", {"strike": 1.0})]
HOLDING = """
import sys
from pathlib import Path
from service.backends.embedded.lease import Lease
lease = Lease(Path(sys.argv[1]))
print(lease.version, flush=True)
sys.stdin.read()
"""


def test_a_version_that_another_process_holds_stays_until_that_dies(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    commit(folder, 0)
    command = [sys.executable, "-c", HOLDING, str(folder)]
    other = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdin and other.stdout.readline() == "v000001\n"
    for i in range(1, 4):
        commit(folder, i)
    assert "v000001" in versions(folder)
    other.kill()  # no chance to clean up
    other.communicate()
    commit(folder, 5)
    assert "v000001" not in versions(folder)


def test_what_is_being_removed_cannot_be_held(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    commit(folder, 0)
    path = folder / "versions" / "v000001"
    with unused(path) as is_unused:
        assert is_unused
    lease = Lease(folder)
    with unused(path) as is_unused:
        assert not is_unused
    lease.close()
    (path / "manifest.json").unlink()
    with pytest.raises(IndexDamaged, match="is missing"):
        Lease(folder)
    with pytest.raises(CollectionNotFound):
        Lease(tmp_path / "nothing")


def test_readers_that_open_while_a_writer_commits_find_what_they_need(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    commit(folder, 0)
    done, wrong, opened = threading.Event(), list[Exception](), 0

    def write() -> None:
        try:
            for i in range(1, 16):
                commit(folder, i, delete=f"a{i - 1}" if i % 3 else "")
        except Exception as error:
            wrong.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        with closing(reader(folder)) as found:
            keys = found.search_terms(STRIKE, 100).keys.tolist()
            assert len(found.fetch(keys)) == found.manifest.articles >= 1
            opened += 1
    thread.join()
    assert wrong == []
    assert opened >= 3
