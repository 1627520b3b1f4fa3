"""Files behind addresses that fsspec knows are read like files of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from service import corpus
from service.errors import InputError
from service.records import Article, Rejection
from tests.corpus.stores import put


@pytest.fixture
def store() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_a_folder_is_read_whole_in_the_order_of_names(store: Any, tmp_path: Path) -> None:
    put(store, "/in/b.jsonl", {"id": "2", "text": "second"}, {"id": "3", "text": "third"})
    put(store, "/in/a.jsonl", {"id": "1", "text": "قصف قرب الحويجة"})
    put(store, "/in/.hidden/c.jsonl", {"id": "4", "text": "not read"})
    found = list(corpus.read(["memory://in"]))
    assert [(a.article_id, a.text) for a in found if isinstance(a, Article)] == [
        ("1", "قصف قرب الحويجة"),
        ("2", "second"),
        ("3", "third"),
    ]
    first = found[0]
    assert isinstance(first, Article) and first.origin.startswith("memory://") and first.origin.endswith("in/a.jsonl:1")
    assert len(first.origin_sha256) == 64


def test_addresses_and_paths_go_together(store: Any, tmp_path: Path) -> None:
    put(store, "/a.jsonl", {"id": "1", "text": "far"})
    near = tmp_path / "near.txt"
    near.write_text("near", encoding="utf-8")
    found = list(corpus.read(["memory://a.jsonl", near, f"file://{near}"]))
    assert [a.text for a in found if isinstance(a, Article)] == ["far", "near", "near"]


def test_a_file_that_fails_stops_no_other(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "/in/a.jsonl", {"id": "1", "text": "first"})
    put(store, "/in/b.jsonl", {"id": "2", "text": "second"})
    get_file = type(store).get_file

    def failing(self: Any, remote: str, local: str, **more: Any) -> None:
        if remote.endswith("a.jsonl"):
            raise OSError("connection reset")
        get_file(self, remote, local, **more)

    monkeypatch.setattr(type(store), "get_file", failing)
    rejected, taken = corpus.read(["memory://in"])
    assert isinstance(rejected, Rejection) and "connection reset" in rejected.reason and "a.jsonl" in rejected.origin
    assert isinstance(taken, Article) and taken.text == "second"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("memory://nothing.jsonl", "nothing is there"),
        ("https://example.org/page.html", "rasad watch takes feeds"),
        ("nosuch://bucket/file.jsonl", "nosuch"),
    ],
)
def test_what_cannot_be_read_is_named(store: Any, address: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        list(corpus.read([address]))
    assert address in str(caught.value)
