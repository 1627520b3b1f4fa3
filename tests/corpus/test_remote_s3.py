"""Files in a bucket, over the protocol of S3: a server of it runs beside the test. scripts/contract installs both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service import corpus
from service.engine import Engine
from service.errors import InputError
from service.records import Article
from service.settings import Settings
from tests.corpus.stores import put

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    s3fs = pytest.importorskip("s3fs", reason="the packages are not installed: scripts/contract")
    servers = pytest.importorskip("moto.server", reason="the packages are not installed: scripts/contract")
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "some", "AWS_SECRET_ACCESS_KEY": "thing",
        "AWS_DEFAULT_REGION": "us-east-1", "no_proxy": host,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    system = s3fs.S3FileSystem(skip_instance_cache=True)
    system.mkdir("archive")
    yield system
    system.rm("archive", recursive=True)  # the server's memory is this process's
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_folder_of_a_bucket_is_ingested_and_what_comes_later_is_too(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "archive/2015/b.jsonl", {"id": "2", "text": "The second report."}, {"id": "3", "text": "The third."})
    put(bucket, "archive/2015/تقارير.jsonl", {"id": "1", "text": "قصف قرب الحويجة"})
    put(bucket, "archive/2016/c.jsonl", {"id": "4", "text": "Not asked for."})
    with closing(Engine(Settings(indexes=tmp_path, ingest_workers=1))) as engine:
        first = engine.ingest("c", ["s3://archive/2015"])
        assert (first.added, first.rejected) == (3, 0)
        put(bucket, "archive/2015/d.jsonl", {"id": "5", "text": "It came later."})
        again = engine.ingest("c", ["s3://archive/2015"])
        assert (again.added, again.unchanged, again.rejected) == (1, 3, 0)
        assert sorted(engine.article_ids("c")) == ["1", "2", "3", "5"]
        assert engine.article("c", "1")[0].origin == "s3://archive/2015/تقارير.jsonl:1"
        passage = engine.retriever("c").search("strikes near Hawija").passages[0]
        assert passage.article_id == "1" and passage.text == "قصف قرب الحويجة"


def test_what_is_not_there_is_named(bucket: Any) -> None:
    for address in ("s3://archive/nothing.jsonl", "s3://no-such-bucket/a.jsonl"):
        with pytest.raises(InputError, match=address):
            list(corpus.read([address]))
    put(bucket, "archive/a.jsonl", {"id": "1", "text": "first"})
    assert [a.text for a in corpus.read(["s3://archive/a.jsonl"]) if isinstance(a, Article)] == ["first"]
