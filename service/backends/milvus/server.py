"""A Milvus server or a Milvus Lite file: the one door to pymilvus. Errors are explained, slow reads asked again."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from service.backends.milvus import witnesses
from service.backends.milvus.hedging import hedged
from service.backends.milvus.schema import Kind, Layout
from service.complaints import both
from service.errors import EngineIncomplete, EngineUnavailable, IndexLocked, SettingsError

T = TypeVar("T")
MOST = 16_384  # rows that one search or query gives
PAGE = MOST - 64  # rows that are asked for at once, witnesses beside them
_BATCH_BYTES = 8_000_000  # of one request; servers take 64 MB
_BATCH_ROWS = 500
_EF = 256  # HNSW: how far it looks, at least
_AGAIN_S = 0.1  # before a read is made again that was not answered from all rows
_PARTIAL_S = 3.0  # after which a search gives what it has then
_LITE_USES: Counter[str] = Counter()  # connections of this process to each Milvus Lite file
_LITE_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how it is spoken to."""

    uri: str  # http(s)://HOST:PORT, or a file for Milvus Lite
    token: str = ""
    database: str = ""
    ca: str = ""  # PEM file of the authority that signed the server's certificate
    timeout_s: float = 20.0
    hedge_s: float = 1.0
    index: str = ""  # of the dense vectors; empty: FLAT in a file, HNSW on a server

    @property
    def lite(self) -> bool:
        return "://" not in self.uri


class Found(NamedTuple):
    """What a search found: keys and inner products, best first; ``whole`` where it was answered from all rows."""

    keys: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    whole: bool


class Server:
    """One connection, safe to use from several threads.

    ``seen`` counts what happened to reads: "incomplete" answers, calls that "failed", calls that were "late".
    """

    def __init__(self, address: Address) -> None:
        """Raises SettingsError where pymilvus is missing, IndexLocked, EngineUnavailable."""
        self.address = address
        self._closed = False
        if not address.uri:
            raise SettingsError("the milvus backend needs to know where: --uri http://HOST:PORT, or --uri FILE.db")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages that it imports
            try:
                import pymilvus
            except ImportError as error:
                raise SettingsError(_MISSING.format(what=error.name or error)) from error
        for name in ("pymilvus", "milvus_lite"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails is raised, too
        self._pymilvus: Any = pymilvus
        self._failures = (pymilvus.MilvusException, _rpc_error())
        self._client = self._connected()
        self._pool = ThreadPoolExecutor(32, "milvus")
        self._beside = ThreadPoolExecutor(2, "milvus-beside")
        self.seen: Counter[str] = Counter()
        self._witnesses = lru_cache(maxsize=1024)(self._shards)

    @property
    def lite(self) -> bool:
        return self.address.lite

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for pool in (self._beside, self._pool):
            pool.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):
            self._client.close()
        if self.lite:
            _let_go(os.path.abspath(self.address.uri))

    def names(self) -> list[str]:
        return list(self._read(lambda: self._client.list_collections(timeout=self.address.timeout_s)))

    def create(self, name: str, layout: Layout, dim: int, shards: int = 1, replicas: int = 1) -> None:
        """A collection, loaded; what is there of it already stays."""
        kinds = self._pymilvus.DataType
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        indexes = self._client.prepare_index_params()
        for field, kind in layout.items():
            match kind:
                case Kind.KEY:
                    schema.add_field(field, kinds.INT64, is_primary=True)
                case Kind.NUMBER:
                    schema.add_field(field, kinds.INT64)
                case Kind.NUMBERS:
                    schema.add_field(field, kinds.ARRAY, element_type=kinds.INT64, max_capacity=4096)
                case Kind.TEXT:
                    schema.add_field(field, kinds.VARCHAR, max_length=65_535)
                case Kind.SPARSE:
                    schema.add_field(field, kinds.SPARSE_FLOAT_VECTOR)
                    indexes.add_index(field, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
                case Kind.DENSE:
                    schema.add_field(field, kinds.FLOAT_VECTOR, dim=dim)
                    chosen = self.address.index or ("FLAT" if self.lite else "HNSW")
                    params = {"M": 32, "efConstruction": 256} if chosen == "HNSW" else {}
                    indexes.add_index(field, index_type=chosen, metric_type="IP", params=params)
        if name not in self.names():
            with self._explained():  # indexes given here would have it loaded with one replica, for good
                self._client.create_collection(name, schema=schema, num_shards=shards, consistency_level="Bounded")
        elif self._is_loaded(name):  # a new one may say so too, before it holds its witnesses (Milvus Lite 3 by TCP)
            return
        with self._explained():
            if not self._client.list_indexes(name):
                self._client.create_index(name, indexes)
        if not self.lite:
            self.put(name, witnesses.rows(layout, dim, shards))
            self.flush(name)  # in segments of their own, which a node that joins gives no sooner than others
        self.load(name, replicas)

    def load(self, name: str, replicas: int = 1) -> None:
        """Needed once after every start of Milvus Lite 3; a server is asked where it has not loaded alone.

        It would refuse a number of replicas other than the first, or take the others away.
        """
        if not self._is_loaded(name):
            with self._explained():
                self._client.load_collection(name, replica_number=replicas)

    def drop(self, name: str) -> None:
        with self._explained():
            self._client.drop_collection(name)
        self._witnesses.cache_clear()

    def alias(self, alias: str, name: str) -> bool:
        """Point an alias to a collection; False where the server has no aliases (Milvus Lite 2)."""
        for call in (self._client.create_alias, self._client.alter_alias):
            with contextlib.suppress(*self._failures):
                call(collection_name=name, alias=alias, timeout=5.0)
                return True
        return False

    def put(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Upsert by primary key: harmless when it is done twice, so it is tried again where it fails."""
        batch: list[Mapping[str, Any]] = []
        held = 0
        for row in rows:
            size = sum(len(v) * 4 for v in row.values() if isinstance(v, str | list | dict)) + 2_000
            if batch and (held + size > _BATCH_BYTES or len(batch) == _BATCH_ROWS):
                self._put(name, batch)
                batch, held = [], 0
            batch.append(row)
            held += size
        if batch:
            self._put(name, batch)

    def _put(self, name: str, batch: list[Mapping[str, Any]]) -> None:
        timeout_s = self.address.timeout_s
        self._read(lambda: self._client.upsert(name, batch, timeout=timeout_s), patience=4)

    def delete(self, name: str, where: str) -> None:
        self._read(lambda: self._client.delete(name, filter=where, timeout=self.address.timeout_s), patience=4)

    def flush(self, name: str) -> None:
        with self._explained():
            self._client.flush(name, timeout=10 * self.address.timeout_s)

    def count(self, name: str, where: str, strong: bool = True) -> int:
        """Exactly, of everything that was written before, or some seconds before; by the node that is asked."""
        found = self._read(
            lambda: self._client.query(
                name, filter=where, output_fields=["count(*)"], timeout=self.address.timeout_s, **_level(strong)
            )
        )
        return int(found[0]["count(*)"])

    def search(self, name: str, field: str, vector: Any, limit: int, where: str) -> Found:
        """What is incomplete for longer than a moment is given, and said to be so."""
        wanted = self._witnesses(name)
        limit = max(1, min(limit, MOST))
        most = min(MOST, limit + wanted)
        params = {"ef": max(_EF, most)} if field == "dense" and not self.lite else {}
        vectors = [vector, witnesses.question(field, len(vector))] if wanted else [vector]
        where = f"({where}) or {witnesses.WHERE}" if wanted else where

        def call() -> tuple[Found, bool]:
            found = self._client.search(
                name, data=vectors, anns_field=field, limit=most, filter=where,
                search_params={"metric_type": "IP", "params": params},
                timeout=self.address.timeout_s,
            )  # fmt: skip
            keys, scores = np.array(found[0].ids, np.int64), np.array(found[0].distances, np.float64)
            whole = not wanted or sum(key < 0 for key in found[1].ids) >= wanted
            return Found(keys[keys >= 0][:limit], scores[keys >= 0][:limit], whole), whole

        return self._whole(call, _PARTIAL_S)[0]

    def rows(
        self, name: str, where: str, fields: Sequence[str], limit: int = PAGE, strong: bool = False
    ) -> list[dict[str, Any]]:
        """Rows that a condition holds for, by key. Raises EngineIncomplete."""
        wanted = self._witnesses(name)
        where = f"({where}) or {witnesses.WHERE}" if wanted else where

        def call() -> tuple[list[dict[str, Any]], bool]:
            found = self._client.query(
                name, filter=where, output_fields=list(fields), limit=min(MOST, limit + wanted),
                timeout=self.address.timeout_s, **_level(strong),
            )  # fmt: skip
            rows = sorted((dict(row) for row in found), key=lambda row: int(row["id"]))
            kept = [row for row in rows if row["id"] >= 0]
            return kept[:limit], len(rows) - len(kept) >= wanted

        found, whole = self._whole(call, self.address.timeout_s)
        if not whole:
            raise EngineIncomplete(both("engine_part", uri=self.address.uri, name=name))
        return found

    def every(self, name: str, where: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        """All of them, in pages, by key."""
        last = -1
        while page := self.rows(name, f"id > {last} and {where}", fields, strong=True):
            yield from page
            last = int(page[-1]["id"])
            if len(page) < PAGE:
                return

    def later(self, call: Callable[[], object]) -> None:
        """Beside what is being done; nobody hears of what comes of it."""
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._beside.submit(call)

    def _whole(self, call: Callable[[], tuple[T, bool]], patience_s: float) -> tuple[T, bool]:
        """What a read gives, made again for so long while it is not answered from all rows, and whether it was."""
        until = time.monotonic() + patience_s
        while True:
            found, whole = self._read(call)
            if whole:
                return found, True
            self.seen["incomplete"] += 1
            if time.monotonic() >= until:
                return found, False
            time.sleep(_AGAIN_S)

    def _shards(self, name: str) -> int:
        """How many witnesses there are."""
        return 0 if self.lite else int(self._read(lambda: self._client.describe_collection(name))["num_shards"])

    def _is_loaded(self, name: str) -> bool:
        with self._explained():
            return not self.lite and self._client.get_load_state(name)["state"].name == "Loaded"

    def _read(self, call: Callable[[], T], patience: int = 1) -> T:
        with self._explained():
            if self.lite:
                return call()
            return hedged(
                call, self._pool, self.address.hedge_s if patience == 1 else self.address.timeout_s,
                self.address.timeout_s * patience, self._pymilvus.MilvusException, note=self._note,
            )  # fmt: skip

    def _note(self, what: str) -> None:
        self.seen[what] += 1

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (*self._failures, TimeoutError) as error:
            raise EngineUnavailable(both("engine_failed", uri=self.address.uri, why=_short(error))) from error

    def _connected(self) -> Any:
        address = self.address
        given = {"token": address.token, "db_name": address.database, "server_pem_path": address.ca}
        options: dict[str, Any] = {name: value for name, value in given.items() if value}
        if address.uri.startswith("https://"):
            options["secure"] = True
        if self.lite:
            _check_lite(address.uri)
            options["grpc_options"] = {"grpc.keepalive_time_ms": 600_000}  # it minds frequent ones
            os.makedirs(os.path.dirname(os.path.abspath(address.uri)), exist_ok=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                client = self._pymilvus.MilvusClient(address.uri, timeout=address.timeout_s, **options)
        except Exception as error:  # what is raised depends on the version, and on whether it is a file
            if self.lite and os.path.exists(address.uri):
                raise IndexLocked(both("engine_file_taken", uri=address.uri, why=_short(error))) from error
            raise EngineUnavailable(both("engine_unreachable", uri=address.uri, why=_short(error))) from error
        if self.lite:
            with _LITE_LOCK:
                _LITE_USES[os.path.abspath(address.uri)] += 1
        return client


_MISSING = "the milvus backend needs packages that are not installed ({what}): pip install 'rasad[milvus]'"


def _check_lite(path: str) -> None:
    if not path.endswith(".db"):
        raise SettingsError(f"a Milvus Lite file must end in .db, found {path!r}; a server is http://HOST:PORT")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import milvus_lite  # noqa: F401  pymilvus opens files by it
            from milvus_lite import server_manager  # noqa: F401
    except ImportError as error:
        raise SettingsError(_MISSING.format(what=error.name or error)) from error


def _level(strong: bool) -> dict[str, str]:
    return {"consistency_level": "Strong"} if strong else {}


def _let_go(path: str) -> None:
    """Close a Milvus Lite file when nobody in this process uses it any more."""
    with _LITE_LOCK:
        _LITE_USES[path] -= 1
        if _LITE_USES[path] > 0:
            return
        from milvus_lite.server_manager import server_manager_instance

        server_manager_instance.release_server(path)


def _rpc_error() -> type[Exception]:
    import grpc

    found: type[Exception] = grpc.RpcError
    return found


def _short(error: BaseException) -> str:
    return " ".join(str(getattr(error, "message", "") or error).split())[:200]
