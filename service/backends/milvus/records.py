"""The small collection of records: texts and bytes by name, in parts where they are long; one upsert publishes."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from service.backends.milvus.schema import RECORD, RECORDS, key_of
from service.backends.milvus.server import Server

_PART = 60_000  # characters of a payload
PLAIN, CURRENT = 0, 1  # kinds: CURRENT names the published version of a collection


class Records:
    """Safe to use from several threads."""

    def __init__(self, server: Server, replicas: int = 1) -> None:
        self._server = server
        server.create(RECORDS, RECORD, 2, replicas=replicas)

    def put(self, name: str, value: bytes, kind: int = PLAIN) -> None:
        """The first part, which says how many there are, is written last."""
        text = base64.b64encode(zlib.compress(value, 6)).decode()
        parts = [text[i : i + _PART] for i in range(0, len(text), _PART)] or [""]
        rows = [
            {"id": key_of(f"{name}|{i}"), "key": name, "kind": kind, "parts": len(parts), "payload": part,
             "none": [0.0, 1.0]}
            for i, part in enumerate(parts)
        ]  # fmt: skip
        self._server.put(RECORDS, rows[1:])
        self._server.put(RECORDS, rows[:1])

    def get(self, name: str) -> bytes | None:
        """None where there is none."""
        found = self._parts([key_of(f"{name}|0")])
        if not found or found[0]["key"] != name:
            return None
        texts = [str(found[0]["payload"])]
        keys = [key_of(f"{name}|{i}") for i in range(1, int(found[0]["parts"]))]
        for start in range(0, len(keys), 200):
            batch = keys[start : start + 200]
            by_key = {int(row["id"]): str(row["payload"]) for row in self._parts(batch)}
            if len(by_key) < len(batch):
                return None
            texts += [by_key[key] for key in batch]
        return zlib.decompress(base64.b64decode("".join(texts)))

    def drop(self, *names: str) -> None:
        """Those of them that are there."""
        if not names:
            return
        found = {str(row["key"]): int(row["parts"]) for row in self._parts([key_of(f"{name}|0") for name in names])}
        keys = [key_of(f"{name}|{i}") for name in names if name in found for i in range(found[name])]
        for start in range(0, len(keys), 200):
            self._server.delete(RECORDS, f"id in {keys[start : start + 200]}")

    def current(self) -> list[str]:
        """Names of the records that say what is published."""
        return [str(row["key"]) for row in self._server.rows(RECORDS, f"kind == {CURRENT}", ["id", "key"], strong=True)]

    def _parts(self, keys: list[int]) -> list[dict[str, Any]]:
        return self._server.rows(RECORDS, f"id in {keys}", ["id", "key", "parts", "payload"], strong=True)
