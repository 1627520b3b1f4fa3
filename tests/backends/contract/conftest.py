"""Every backend as the contract suite sees it: an engine whose settings name it, over an empty folder or file.

``milvus`` is skipped where its packages are not installed; scripts/contract runs it in environments that have them.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.backends.milvus import writer as milvus_writer
from service.engine import Engine
from service.records import Article, Backends, Rejection
from service.settings import Settings

MISSING = importlib.util.find_spec("pymilvus") is None or importlib.util.find_spec("milvus_lite") is None
KINDS = [
    pytest.param(Backends.EMBEDDED, id="embedded"),
    pytest.param(
        Backends.MILVUS,
        id="milvus",
        marks=pytest.mark.skipif(MISSING, reason="rasad[milvus] is not installed: scripts/contract"),
    ),
]
assert milvus_writer  # imports without pymilvus


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Backends:
    return Backends(request.param)


@pytest.fixture
def made(kind: Backends, tmp_path: Path) -> Settings:
    return settings_of(kind, tmp_path)


def settings_of(kind: Backends, folder: Path, **others: Any) -> Settings:
    return replace(
        Settings(indexes=folder / "indexes", ingest_workers=1, chunk_words=40, backend=kind),
        uri=str(folder / "lite.db") if kind is Backends.MILVUS else "", **others,
    )  # fmt: skip


@pytest.fixture
def opened() -> Iterator[Callable[[Settings], Engine]]:
    """Opens engines, and closes those that are open at the end."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(closing(Engine(settings)))


@pytest.fixture
def engine(made: Settings, opened: Callable[[Settings], Engine]) -> Engine:
    return opened(made)


def article(article_id: str, text: str, title: str = "", source: str = "", **fields: str) -> Article:
    return Article(article_id, text, hashlib.sha256(text.encode()).hexdigest(), title, source, **fields)


def put(engine: Engine, *articles: Article, collection: str = "c", update: bool = False) -> None:
    records: list[Article | Rejection] = list(articles)
    assert engine.take(collection, records, update).rejected == 0
