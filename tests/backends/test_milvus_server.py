"""The door to Milvus, on a fake of its client whose shards can be absent, as on a query node that joins."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from service.backends.milvus import locks, witnesses
from service.backends.milvus.records import Records
from service.backends.milvus.schema import PASSAGES, RECORD, RECORDS, Kind
from service.backends.milvus.server import Address, Server
from service.errors import EngineIncomplete, EngineUnavailable, IndexLocked


class Failure(Exception):
    """As pymilvus raises it."""


class Client:
    """Collections in memory. ``absent``: for each read to come, the shards that its answer lacks."""

    def __init__(self, *_: object, **__: object) -> None:
        self.kept: dict[str, dict[int, dict[str, Any]]] = {}
        self.shards: dict[str, int] = {}
        self.loaded: dict[str, int] = {}
        self.indexes: dict[str, Any] = {}
        self.absent: Iterator[set[int]] = iter(())
        self.calls: list[str] = []

    create_schema = prepare_index_params = lambda *_, **__: SimpleNamespace(
        add_field=lambda *_, **__: None, add_index=lambda *_, **__: None
    )

    def list_collections(self, **_: object) -> list[str]:
        return list(self.kept)

    def create_collection(self, name: str, schema: object, num_shards: int, consistency_level: str) -> None:
        self.kept[name], self.shards[name] = {}, num_shards

    def create_index(self, name: str, indexes: object) -> None:
        self.indexes[name] = indexes

    def list_indexes(self, name: str) -> list[str]:
        return ["dense"] if name in self.indexes else []

    def load_collection(self, name: str, replica_number: int) -> None:
        if self.loaded.setdefault(name, replica_number) != replica_number:
            raise Failure("can't change the replica number for loaded collection")

    def get_load_state(self, name: str) -> Mapping[str, Any]:
        return {"state": SimpleNamespace(name="Loaded" if name in self.loaded else "NotLoad")}

    def describe_collection(self, name: str) -> Mapping[str, Any]:
        return {"num_shards": self.shards[name]}

    def upsert(self, name: str, rows: Sequence[dict[str, Any]], **_: object) -> None:
        self.kept[name].update({row["id"]: dict(row) for row in rows})

    def delete(self, name: str, filter: str, **_: object) -> None:
        for row in self._there(name, filter):
            del self.kept[name][row["id"]]

    def flush(self, name: str, **_: object) -> None: ...

    def query(self, name: str, filter: str, output_fields: Sequence[str], **_: object) -> list[dict[str, Any]]:
        found = self._there(name, filter)
        return [{"count(*)": len(found)}] if output_fields == ["count(*)"] else found

    def search(self, name: str, data: Sequence[Any], filter: str, limit: int, **_: object) -> list[Any]:
        rows, found = self._there(name, filter), []
        for vector in data:
            scored = sorted(((float(np.dot(row["dense"], vector)), row["id"]) for row in rows), key=lambda hit: -hit[0])
            scores, keys = zip(*scored[:limit], strict=True) if scored else ((), ())
            found.append(SimpleNamespace(ids=keys, distances=scores))
        return found

    def close(self) -> None: ...

    def _there(self, name: str, where: str) -> list[dict[str, Any]]:
        absent = next(self.absent, set[int]())
        return [
            row
            for row in self.kept[name].values()
            if witnesses.shard_of(row["id"], self.shards[name]) not in absent and eval(where, {}, dict(row))
        ]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    kinds = SimpleNamespace(**{name: name for name in ("INT64", "ARRAY", "VARCHAR", "SPARSE_FLOAT_VECTOR")})
    kinds.FLOAT_VECTOR = "FLOAT_VECTOR"
    fake = SimpleNamespace(MilvusClient=Client, MilvusException=Failure, DataType=kinds)
    monkeypatch.setitem(sys.modules, "pymilvus", fake)
    monkeypatch.setitem(sys.modules, "grpc", SimpleNamespace(RpcError=Failure))
    monkeypatch.setattr("service.backends.milvus.server._AGAIN_S", 0.001)
    monkeypatch.setattr("service.backends.milvus.server._PARTIAL_S", 0.05)
    made = Server(Address("http://localhost:1", timeout_s=0.3))
    yield made
    made.close()


@pytest.fixture
def client(server: Server) -> Client:
    found = server._client
    assert isinstance(found, Client)
    return found


def passage(key: int) -> dict[str, Any]:
    empty: dict[Kind, Any] = {Kind.NUMBER: 0, Kind.NUMBERS: [], Kind.TEXT: "", Kind.SPARSE: {}}
    row = {name: empty[kind] for name, kind in PASSAGES.items() if kind in empty}
    angle = key / 100
    return {**row, "id": key, "dense": [np.cos(angle), np.sin(angle)], "born": 1, "died": 9}


@pytest.fixture
def filled(server: Server) -> Server:
    server.create("p", PASSAGES, 2, shards=2, replicas=2)
    server.put("p", [passage(key) for key in range(40)])
    return server


ASKED = np.array([1.0, 0.0], np.float32)


def test_a_search_that_lacks_a_shard_is_made_again_until_it_is_whole(filled: Server, client: Client) -> None:
    client.absent = iter([{0, 1}, {0}, {1}])
    found = filled.search("p", "dense", ASKED, 5, "born <= 3 and died > 3")
    assert (found.keys.tolist(), found.whole) == ([0, 1, 2, 3, 4], True)
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert filled.seen["incomplete"] == 3
    assert filled.search("p", "dense", ASKED, 5, "born > 3")[0].tolist() == [], "nothing is there: it is so"
    assert filled.seen["incomplete"] == 3


def test_a_search_that_stays_incomplete_says_so(filled: Server, client: Client) -> None:
    client.absent = iter(lambda: {1}, None)
    found = filled.search("p", "dense", ASKED, 5, "born <= 3")
    assert not found.whole and {witnesses.shard_of(key, 2) for key in found.keys.tolist()} == {0}


def test_rows_that_a_shard_lacks_are_not_said_to_be_nowhere(filled: Server, client: Client) -> None:
    client.absent = iter([{0, 1}, {0}])
    assert [row["id"] for row in filled.rows("p", "id in [3, 4, 5, 99]", ["id"])] == [3, 4, 5]
    client.absent = iter(lambda: {0}, None)
    with pytest.raises(EngineIncomplete, match="a part of p"):
        filled.rows("p", "id in [3]", ["id"])
    client.absent = iter(())
    assert len(list(filled.every("p", "born <= 3", ["id"]))) == 40, "witnesses are no rows of a collection"
    assert filled.count("p", "born <= 3 and died > 3") == 40


def test_what_is_published_is_not_taken_for_unpublished(server: Server, client: Client) -> None:
    """A writer that believed it would begin anew, over what is there."""
    records = Records(server, 2)
    records.put("current/news", b"v000007")
    client.absent = iter([{0}, {0}])
    assert records.get("current/news") == b"v000007" and records.get("current/other") is None
    client.absent = iter(lambda: {0}, None)
    with pytest.raises(EngineIncomplete):
        records.get("current/news")


def test_records_are_dropped_with_all_their_parts(server: Server, client: Client) -> None:
    records = Records(server)
    long = np.random.default_rng(1).bytes(200_000)
    for name, value in (("a", long), ("b", b"1"), ("c", b"2")):
        records.put(name, value)
    assert records.get("a") == long
    records.drop("a", "nothing", "c")
    records.drop()
    assert [records.get(name) for name in ("a", "b", "c")] == [None, b"1", None]
    assert len(client.kept[RECORDS]) == 2, "b, and the witness"


def test_a_collection_is_loaded_once_with_all_its_replicas(server: Server, client: Client) -> None:
    server.create("p", PASSAGES, 2, shards=3, replicas=2)
    assert client.loaded == {"p": 2} and len(client.kept["p"]) == 3
    server.create("p", PASSAGES, 2, shards=3, replicas=2)
    server.load("p", 1)
    assert client.loaded == {"p": 2}, "another number would be refused"
    Records(server, 2)
    assert client.loaded[RECORDS] == 2


def test_making_a_collection_goes_on_where_a_process_died(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("create_index", "upsert", "load_collection"):
        with monkeypatch.context() as patch:
            patch.setattr(client, name, _fails)
            with pytest.raises(EngineUnavailable):
                server.create("p", PASSAGES, 2, shards=2)
    server.create("p", PASSAGES, 2, shards=2)
    assert client.loaded == {"p": 1} and sorted(client.kept["p"]) == witnesses.keys(2)


def test_a_writer_that_the_server_does_not_hear_go_is_waited_for_no_longer_than_its_lease(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LEASE_S", 0.5)
    monkeypatch.setattr(locks, "_SETTLE_S", 0.01)
    records = Records(server)
    held = locks.Lock(server, records, "c", 0)
    with monkeypatch.context() as patch:
        patch.setattr(records, "drop", _unheard)
        held.release()
    with pytest.raises(IndexLocked):
        locks.Lock(server, records, "c", 0)
    locks.Lock(server, records, "c", 5).release()
    locks.Lock(server, records, "c", 0).release()


def _unheard(*_: object) -> None:
    raise EngineUnavailable("the coordinators are gone")


def _fails(*_: object, **__: object) -> None:
    raise Failure("the process died here")


def _bytes(key: int) -> bytes:
    return key.to_bytes(8, "little", signed=True)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 64))
def test_shards_are_milvus_shards(key: int, shards: int) -> None:
    assert witnesses.shard_of(key, shards) == (murmurhash3_32(_bytes(key), positive=True) & 0x7FFFFFFF) % shards


@pytest.mark.parametrize("shards", [1, 2, 3, 16, 64])
def test_every_shard_has_a_witness(shards: int) -> None:
    found = [*witnesses.rows(RECORD, 2, shards)]
    assert sorted(witnesses.shard_of(row["id"], shards) for row in found) == list(range(shards))
    assert all(row["id"] < 0 and row.keys() == RECORD.keys() for row in found)


def test_witnesses_come_first_where_they_are_asked_for() -> None:
    row = next(iter(witnesses.rows(PASSAGES, 256, 1)))
    asked = np.array(witnesses.question("dense", 256))
    assert np.dot(row["dense"], asked) == pytest.approx(1)
    wordless, question = {2**32 - 2: 1.0}, witnesses.question("sparse", 256)
    products = [sum(weight * own.get(n, 0) for n, weight in question.items()) for own in (row["sparse"], wordless)]
    assert products[0] > products[1]
    assert not (row["born"] <= 1 and row["died"] > 1), "live in no version"
