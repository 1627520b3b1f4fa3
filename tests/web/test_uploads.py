"""Uploads: taken in by a process of their own, with whatever somebody may send."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from service.engine import Engine
from service.keys import Keys
from service.records import Open, Role
from service.settings import Settings
from service.state import State
from service.uploads import Uploads, plain_name, runs
from service.web.app import create_app

Client = TestClient[Any]
WAIT_S = 120


@pytest.fixture
def news(indexes: Path) -> Iterator[Engine]:
    settings = Settings(
        indexes=indexes, collection="news", open=Open.EVERYONE, hosts="testserver.local", ingest_workers=1,
        max_upload_bytes=1_000_000, max_upload_files=3,
    )  # fmt: skip
    with closing(Engine(settings)) as engine:
        yield engine


@pytest.fixture
def client(news: Engine) -> Iterator[Client]:
    with TestClient(create_app(news, news.settings), raise_server_exceptions=False) as client:
        yield client


def finished(client: Client, upload: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_S
    while upload["status"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
        upload = client.get(f"/api/v1/uploads/{upload['id']}").json()
    return upload


def send(client: Client, *files: tuple[str, bytes], **parameters: Any) -> dict[str, Any]:
    response = client.post("/api/v1/uploads", params=parameters, files=[("files", file) for file in files])
    assert response.status_code == 202, response.text
    return finished(client, response.json())


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def bomb_docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"\0" * 200_000_000)
    return out.getvalue()


def test_reports_are_taken_in_and_rejections_listed(client: Client, news: Engine) -> None:
    good = lines({"id": "a", "text": "A raid near the bridge."}, {"id": "b"}, {"id": "c", "text": "غارة قرب الجسر."})

    upload = send(client, ("reports.jsonl", good), ("notes.xyz", b"?"))

    assert (upload["status"], upload["added"], upload["rejected"]) == ("done", 2, 2)
    assert upload["version"] == news.version("news")
    assert upload["files"] == ["reports.jsonl", "notes.xyz"]
    assert {(entry["file"], entry["line"]) for entry in upload["rejections"]} == {
        ("reports.jsonl", 2),
        ("notes.xyz", 0),
    }
    assert client.get("/api/v1/search?q=raid").json()["passages"][0]["article_id"] == "a"
    assert list((news.indexes / ".uploads").glob("*/*")) == []
    assert 'rasad_uploaded_records_total{outcome="added"} 2.0' in client.get("/metrics").text
    assert str(news.indexes) not in json.dumps(upload)


def test_nothing_that_is_sent_breaks_out_or_blows_up(client: Client, news: Engine, tmp_path: Path) -> None:
    escaping = send(
        client,
        ("../../../../evil.txt", b"Out through the parent."),
        ("..\\..\\evil.txt", b"Out the other way."),
        (f"{tmp_path}/evil.txt", b"Straight there."),
    )
    packed = gzip.compress(b"x" * 40_000_000)
    bombs = send(client, ("bomb.txt.gz", packed), ("bomb.docx", bomb_docx()), ("broken.docx", b"PK\x03\x04nonsense"))

    assert [path.name for path in tmp_path.iterdir()] == ["indexes"]
    assert [path for path in tmp_path.rglob("*evil*")] == []
    assert escaping["files"] == ["evil.txt"] * 3
    assert (escaping["status"], escaping["added"]) == ("done", 3)
    assert (bombs["status"], bombs["added"], bombs["rejected"]) == ("done", 0, 3)
    assert {entry["file"] for entry in bombs["rejections"]} == {"bomb.txt.gz", "bomb.docx", "broken.docx"}


@pytest.mark.parametrize(
    "given, kept",
    [
        ("a.txt", "a.txt"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        ("...", "file"),
        (".hidden.txt", "hidden.txt"),
        ("a\0b\n.txt", "ab_.txt"),
        ("تقرير.jsonl", "تقرير.jsonl"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
        ("", "file"),
        ("CON:<>|.txt", "CON____.txt"),
    ],
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_what_is_not_an_upload_says_what_is(client: Client, news: Engine) -> None:
    wrong = [
        client.post("/api/v1/uploads", json={"a": 1}),
        client.post("/api/v1/uploads", files=[("other", ("a.txt", b"x"))]),
        client.post("/api/v1/uploads", files=[("files", (f"{n}.txt", b"x")) for n in range(4)]),
        client.post("/api/v1/uploads?collection=../x", files=[("files", ("a.txt", b"x"))]),
        client.post("/api/v1/uploads", content=b"garbage", headers={"Content-Type": "multipart/form-data; boundary=x"}),
    ]
    large = client.post("/api/v1/uploads", files=[("files", ("a.txt", b"x" * 1_100_000))])

    assert [response.status_code for response in wrong] == [400] * 5
    assert large.status_code == 413
    assert client.get("/api/v1/uploads").json() == {"uploads": []}
    assert client.get("/api/v1/uploads/0123").status_code == 404


def test_a_time_limit_ends_an_upload(news: Engine) -> None:
    settings = replace(news.settings, upload_timeout_s=0.05)
    with TestClient(create_app(news, settings), raise_server_exceptions=False) as client:
        upload = send(client, ("reports.jsonl", lines({"id": "a", "text": "A raid."})))

    assert upload["status"] == "failed"
    assert "not done within 0.05 s" in upload["message"]


def test_an_upload_whose_process_died_is_not_waited_for(client: Client, news: Engine) -> None:
    with closing(State(news.state_path)) as state:
        uploads = Uploads(state)
        upload = uploads.add("", "news", ["a.txt"], False)
        uploads.set(upload.upload_id, status="running", pid=2**22 - 1)

    found = client.get(f"/api/v1/uploads/{upload.upload_id}").json()

    assert found["status"] == "failed" and "interrupted" in found["message"]


@pytest.mark.parametrize(
    "command, state, there",
    [
        (b"python\0-m\0service.upload_run\0ab12\0", "R", True),
        (b"", "R", True),  # between exec and the moment when its arguments can be read
        (b"", "Z", False),
        (b"python\0-m\0service.upload_run\0cd34\0", "S", False),
        (None, "", False),
    ],
)
def test_a_process_that_is_starting_is_there(tmp_path: Path, command: bytes | None, state: str, there: bool) -> None:
    (tmp_path / "77").mkdir()
    if command is not None:
        (tmp_path / "77/cmdline").write_bytes(command)
        (tmp_path / "77/stat").write_text(f"77 (py (thon)) {state} 1 77 77 0")

    assert runs(77, "ab12", tmp_path) is there


def test_a_reader_may_not_upload(news: Engine) -> None:
    with closing(State(news.state_path)) as state:
        keys = Keys(state)
        reader = {"Authorization": f"Bearer {keys.add('r', Role.READ)}"}
        limited = {"Authorization": f"Bearer {keys.add('i', Role.INGEST, ['other'])}"}
        with TestClient(create_app(news, replace(news.settings, open=Open.NOBODY))) as client:
            statuses = [
                client.post("/api/v1/uploads", files=[("files", ("a.txt", b"x"))], headers=headers).status_code
                for headers in (reader, limited, {})
            ]

    assert statuses == [403, 403, 401]
