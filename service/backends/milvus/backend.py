"""Collections on a Milvus server or in a Milvus Lite file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from service.backends.base import Writer, anything
from service.backends.embedded import layout
from service.backends.milvus.reader import MilvusReader
from service.backends.milvus.records import Records
from service.backends.milvus.server import Address, Server
from service.backends.milvus.versions import Versions, number_of
from service.backends.milvus.writer import MilvusWriter
from service.complaints import both
from service.errors import CollectionNotFound, IndexMismatch, QueryError
from service.records import Manifest
from service.settings import Settings


class MilvusBackend:
    """See backends.base.Backend. Nothing is asked of the server before it is needed."""

    def __init__(self, settings: Settings, connect: Callable[[Address], Server] = Server) -> None:
        self._settings, self._connect = settings, connect
        self._bm25 = settings.bm25_k1, settings.bm25_b, settings.bm25_epsilon
        self.place = settings.uri
        self._lock = threading.Lock()
        self._opened: Server | None = None

    def names(self) -> list[str]:
        return self._versions.collections()

    def version(self, collection: str) -> str | None:
        _check_name(collection)
        return self._versions.published(collection)

    def manifest(self, collection: str, version: str | None = None) -> Manifest:
        _check_name(collection)
        return self._versions.get(collection, version).manifest

    def reader(
        self, collection: str, version: str | None = None, fits: Callable[[Manifest], None] = anything
    ) -> MilvusReader:
        _check_name(collection)
        if version and not number_of(version):
            raise CollectionNotFound(f"{version!r} is not the name of a version")
        made, found = self._settings, self._versions.get(collection, version)
        fits(found.manifest)
        known = found.manifest.statistics
        for name, wanted in (("k1", made.bm25_k1), ("b", made.bm25_b)):
            if known[name] != wanted:
                raise IndexMismatch(
                    both("engine_weights", name=collection, setting=name, upper=name.upper(), found=known[name],
                         wanted=wanted)
                )  # fmt: skip
        server, records = self._server, self._records
        for name in (found.passages, found.articles):
            server.load(name, made.milvus_replicas)
        words = self._versions.dictionary(found)
        return MilvusReader(
            server, records, found, words, made.bm25_epsilon, made.milvus_articles, made.milvus_canary_s
        )

    def writer(
        self, collection: str, recipe: Mapping[str, str], dim: int, fresh: bool = False, timeout_s: float = 0.0
    ) -> Writer:
        _check_name(collection)
        made = self._settings
        return MilvusWriter(
            self._server, self._records, collection, recipe, dim, self._bm25, made.milvus_sample, made.milvus_shards,
            made.milvus_replicas, fresh, timeout_s,
        )  # fmt: skip

    def noted(self, collection: str) -> str:
        return (self._records.get(f"note/{collection}") or b"").decode()

    def note(self, collection: str, text: str) -> None:
        self._records.put(f"note/{collection}", text.encode())

    def close(self) -> None:
        with self._lock:
            if self._opened:
                self._opened.close()
                self._opened = None

    @property
    def _server(self) -> Server:
        with self._lock:
            if self._opened is None:
                made = self._settings
                self._opened = self._connect(
                    Address(
                        made.uri, made.milvus_token, made.milvus_database, made.milvus_ca, made.milvus_timeout_s,
                        made.milvus_hedge_s, made.milvus_index,
                    )
                )  # fmt: skip
            return self._opened

    @cached_property
    def _records(self) -> Records:
        return Records(self._server, self._settings.milvus_replicas)

    @cached_property
    def _versions(self) -> Versions:
        return Versions(self._records)


def _check_name(collection: str) -> None:
    """The same names are allowed as where collections are folders, one at a time."""
    if layout.SEPARATOR in collection:
        raise QueryError(both("engine_several", found=collection))
    layout.collection_folder(Path(), collection)
