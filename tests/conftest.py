"""Small engines over temporary folders, and the sample collection, built once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings as hypothesis_settings

from service.engine import Engine
from service.records import Open
from service.settings import Settings

hypothesis_settings.register_profile("same", derandomize=True, deadline=None)
hypothesis_settings.register_profile("thorough", max_examples=3000, deadline=None)  # --hypothesis-profile=thorough
hypothesis_settings.load_profile("same")


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """fsync guards against a loss of power, which no test can tell; it takes most of the time of a small commit."""
    with mock.patch("os.fsync"):
        yield


@pytest.fixture
def indexes(tmp_path: Path) -> Path:
    return tmp_path / "indexes"


@pytest.fixture
def engine(indexes: Path) -> Iterator[Engine]:
    """An engine without any collection yet."""
    with closing(Engine(Settings(indexes=indexes))) as opened:
        yield opened


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with the sample collection; only to be read. Its settings let a client in this process in."""
    settings = Settings(
        indexes=tmp_path_factory.mktemp("indexes"), open=Open.EVERYONE, hosts="testserver.local", rate_per_minute=0
    )
    with closing(Engine(settings)) as opened:
        opened.prepare_sample()
        yield opened


@pytest.fixture
def reports(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to a JSON Lines file of the given name."""

    def write(*records: dict[str, object], name: str = "reports.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
        return path

    return write
