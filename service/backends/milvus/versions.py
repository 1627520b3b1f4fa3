"""Versions of a collection as records: which is published, how it was made, its dictionary."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from service.backends.milvus.dictionary import Dictionary
from service.backends.milvus.entities import Bm25
from service.backends.milvus.records import CURRENT, Records
from service.backends.milvus.schema import FORMAT, names
from service.complaints import both
from service.errors import CollectionNotFound, IndexDamaged, IndexMismatch
from service.records import Manifest


@dataclass(frozen=True, slots=True)
class Version:
    """A manifest, and where its rows are."""

    manifest: Manifest

    @property
    def number(self) -> int:
        return number_of(self.manifest.version)

    @property
    def _place(self) -> Mapping[str, object]:
        return self.manifest.segments[0]

    @property
    def generation(self) -> int:
        return int(str(self._place["generation"]))

    @property
    def next_passage(self) -> int:
        return int(str(self._place["next_passage"]))

    @property
    def next_article(self) -> int:
        return int(str(self._place["next_article"]))

    @property
    def passages(self) -> str:
        return names(self.manifest.collection, self.generation)[0]

    @property
    def articles(self) -> str:
        return names(self.manifest.collection, self.generation)[1]

    @property
    def bm25(self) -> Bm25:
        known = self.manifest.statistics
        return Bm25(known["k1"], known["b"], known["mean_length"], known["mean_article_length"])


def number_of(version: str) -> int:
    """Versions count from 1; 0 for what is not the name of one."""
    digits = version.removeprefix("v")
    return int(digits) if version.startswith("v") and digits.isascii() and digits.isdigit() else 0


def name_of(number: int) -> str:
    return f"v{number:06d}"


class Versions:
    """What is kept of all collections."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def collections(self) -> list[str]:
        return sorted(name.removeprefix("current/") for name in self._records.current())

    def published(self, collection: str) -> str | None:
        found = self._records.get(f"current/{collection}")
        return found.decode() if found else None

    def get(self, collection: str, version: str | None = None) -> Version:
        """The published one by default. Raises CollectionNotFound, IndexMismatch, IndexDamaged."""
        name = version or self.published(collection)
        if name is None:
            raise CollectionNotFound(both("collection_empty", name=collection))
        raw = self._records.get(f"version/{collection}/{name}")
        if raw is None:
            raise IndexDamaged(both("engine_lost", name=collection, version=name))
        told = json.loads(raw)
        if told["format"] != FORMAT:
            raise IndexMismatch(both("engine_format", name=collection, found=told["format"], wanted=FORMAT))
        return Version(Manifest(**{**told, "segments": tuple(told["segments"])}))

    def dictionary(self, version: Version) -> Dictionary:
        raw = self._records.get(self._dictionary(version.manifest.collection, version.manifest.version))
        if raw is None:
            made = version.manifest
            raise IndexDamaged(both("engine_lost", name=made.collection, version=made.version))
        return Dictionary.load(raw)

    def write(self, manifest: Manifest, words: Dictionary) -> None:
        """All of a version but that it is published."""
        self._records.put(self._dictionary(manifest.collection, manifest.version), words.save())
        self._records.put(f"version/{manifest.collection}/{manifest.version}", json.dumps(asdict(manifest)).encode())

    def publish(self, manifest: Manifest) -> None:
        """In one upsert of one row."""
        self._records.put(f"current/{manifest.collection}", manifest.version.encode(), CURRENT)

    def drop(self, collection: str, versions: Sequence[str]) -> None:
        """Those of them that are kept."""
        dictionaries = [self._dictionary(collection, version) for version in versions]
        self._records.drop(*dictionaries, *(f"version/{collection}/{version}" for version in versions))

    @staticmethod
    def _dictionary(collection: str, version: str) -> str:
        return f"dictionary/{collection}/{version}"
