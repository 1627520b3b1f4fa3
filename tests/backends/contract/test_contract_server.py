"""The same commands against a server's address: Milvus Lite 3 by TCP, with witnesses and searches by words."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from service import cli

SERVER = Path(sys.executable).parent / "milvus-lite"  # that of Milvus Lite 2 is no server
WAIT_S = 60


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("pymilvus")
    if not SERVER.exists() or version("milvus-lite").startswith("2."):
        pytest.skip("this environment's Milvus Lite is no server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(SERVER),
        "server",
        "--data-dir",
        str(tmp_path / "server"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + WAIT_S
            while time.monotonic() < until:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_commands_at_a_servers_address(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "RASAD_INDEXES": str(tmp_path / "i"),
        "RASAD_BACKEND": "milvus",
        "RASAD_URI": address,
        "RASAD_COLLECTION": "c",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    reports = tmp_path / "reports.jsonl"
    lines = [
        {"id": "r1", "title": "غارة", "text": "شن الطيران غارة على الحويجة وقتل 7 أشخاص.", "published": "2015-08-07"},
        {"id": "r2", "title": "Strike", "text": "The coalition made a strike in Tikrit."},
    ]
    reports.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    assert cli.main(["ingest", str(reports)]) == 0
    capsys.readouterr()
    assert cli.main(["query", "strikes near Hawija", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["article_id"] == "r1"
    assert cli.main(["delete", "r1"]) == 0
    capsys.readouterr()
    cli.main(["query", "strikes near Hawija", "--json"])
    assert "r1" not in capsys.readouterr().out
