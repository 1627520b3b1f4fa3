"""Our own door to Milvus, on a server that knows no sparse vectors: they are left out of what is made and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from service.backends.milvus.schema import Kind, Layout
from service.backends.milvus.server import PAGE, Address, Server

_NONE = "none"  # a server wants a vector in every collection


class DenseServer(Server):
    """As Server; a search of words is refused by Milvus itself, as there is no such field.

    ``told`` hears of every answer to a search, before our code judges it: the request and the two lists of hits.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.told: Callable[[Mapping[str, Any], Any], None] = lambda *_: None
        search = self._client.search

        def overheard(name: str, **request: Any) -> Any:
            found = search(name, **request)
            self.told(request, found)
            return found

        self._client.search = overheard

    def create(self, name: str, layout: Layout, dim: int, shards: int = 1, replicas: int = 1) -> None:
        kept = {field: kind for field, kind in layout.items() if kind is not Kind.SPARSE}
        if Kind.DENSE not in kept.values():
            kept[_NONE], dim = Kind.DENSE, 2
        super().create(name, kept, dim, shards, replicas)

    def serving(self, name: str) -> set[int]:
        """Query nodes of the replicas that have all their shards; none where the coordinators do not say."""
        try:
            replicas = self._client.describe_replica(name, timeout=3.0)
        except Exception:  # while a node is replaced there is no answer
            return set()
        return {
            node
            for replica in replicas
            if all(shard.shard_nodes for shard in replica.shards)
            for node in replica.group_nodes
        }

    def put(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        super().put(name, (_without(row) for row in rows))

    def rows(
        self, name: str, where: str, fields: Sequence[str], limit: int = PAGE, strong: bool = False
    ) -> list[dict[str, Any]]:
        return super().rows(name, where, [field for field in fields if field != "sparse"], limit, strong)


def _without(row: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {field: value for field, value in row.items() if field != "sparse"}
    return kept if "dense" in kept or _NONE in kept else {**kept, _NONE: [0.0, 1.0]}
