"""What people use is the same on any backend: only the settings differ, and they may all come from the environment."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service import cli
from service.complaints import in_language, of_error
from service.engine import Engine
from service.errors import IndexMismatch
from service.records import Backends, Language
from service.settings import Settings
from service.web import server
from tests.backends.contract.conftest import KINDS, article, put

ROOT = Path(__file__).parent.parent.parent.parent
WAIT_S = 60


@pytest.fixture
def environ(made: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    given = {
        "RASAD_INDEXES": str(made.indexes), "RASAD_BACKEND": made.backend.value, "RASAD_URI": made.uri,
        "RASAD_COLLECTION": "c",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **given, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def ingested(environ: dict[str, str], tmp_path: Path) -> Path:
    reports = tmp_path / "reports.jsonl"
    records = [
        {"id": "r1", "title": "غارة", "text": "شن الطيران غارة على الحويجة وقتل 7 أشخاص.", "published": "2015-08-07"},
        {"id": "r2", "title": "Strike", "text": "The coalition made a strike in Tikrit.", "source": "Agency"},
        {"id": "", "text": ""},
    ]
    reports.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), "utf-8")
    assert cli.main(["ingest", str(reports)]) == 0
    return reports


@pytest.fixture
def service(environ: dict[str, str], ingested: Path) -> Iterator[str]:
    """The address of `rasad serve`."""
    with server.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            address, until = f"http://127.0.0.1:{port}", time.monotonic() + WAIT_S
            while time.monotonic() < until and process.poll() is None:
                try:
                    get(f"{address}/health")
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0
        finally:
            process.kill()


def get(address: str, **asked: str) -> str:
    with urllib.request.urlopen(f"{address}?{urllib.parse.urlencode(asked)}", timeout=WAIT_S) as reply:
        return str(reply.read().decode())


def test_commands(ingested: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["query", "strikes near Hawija", "--json"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["article_id"], first["published"]) == ("r1", "2015-08-07")
    assert cli.main(["ask", "كم شخصًا قتل في الحويجة؟", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [citation["article_id"] for citation in answer["citations"]] == ["r1"]
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 2


def test_the_service(service: str, kind: Backends, environ: dict[str, str]) -> None:
    found = json.loads(get(f"{service}/api/v1/search", q="strikes near Hawija", facets="true"))
    assert found["passages"][0]["article_id"] == "r1"
    answer = json.loads(get(f"{service}/api/v1/answer", q="كم شخصًا قتل في الحويجة؟"))
    assert [citation["article_id"] for citation in answer["citations"]] == ["r1"]
    assert "الحويجة" in get(f"{service}/", q="strikes near Hawija")
    told = get(f"{service}/metrics")
    for outcome, count in (("added", 2), ("rejected", 1), ("unchanged", 0)):
        line = f'rasad_ingested_records_total{{collection="c",outcome="{outcome}"}} {count}.0'
        assert re.search(rf"^{re.escape(line)}$", told, re.MULTILINE), line
    command = [sys.executable, "-m", "service.cli", "query", "strikes"]
    other = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=WAIT_S)
    if kind is Backends.EMBEDDED:
        assert other.returncode == 0
    else:
        assert other.returncode not in (0, 1)
        assert "it takes one process at a time" in other.stderr and "Traceback" not in other.stderr


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
def test_several_workers_on_one_file_are_refused(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--workers", "2", "--port", "0"]) not in (0, 1)
    assert "one process" in capsys.readouterr().err


def test_what_to_do_about_other_settings_is_what_can_be_done(
    made: Settings, opened: Callable[[Settings], Engine], kind: Backends
) -> None:
    with closing(opened(made)) as engine:
        put(engine, article("a", "A strike in Tikrit."))
    with closing(opened(replace(made, chunk_words=77))) as engine:
        attempts: list[Callable[[], Any]] = [
            lambda: engine.retriever("c"),
            lambda: put(engine, article("b", "Another strike.")),
        ]
        for attempt in attempts:
            with pytest.raises(IndexMismatch, match="was built with chunker") as caught:
                attempt()
            said = of_error(caught.value), in_language(of_error(caught.value), Language.ARABIC)
            assert all(("rasad repair" in words) == (kind is Backends.EMBEDDED) for words in said)
            assert "another name" in said[0] or kind is Backends.EMBEDDED
            assert "في هذا البرنامج" in said[1]
        if kind is Backends.MILVUS:  # and it can be done
            put(engine, article("a", "A strike in Tikrit."), collection="d")
            assert engine.retriever("d").search("strike").passages
