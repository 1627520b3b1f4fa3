"""Rows of one version as they are read: passages in two portions, articles, their texts."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from service.backends.milvus import bags, facts
from service.backends.milvus.entities import article_of
from service.backends.milvus.records import Records
from service.backends.milvus.schema import key_of
from service.backends.milvus.server import Server
from service.backends.milvus.table import Kept
from service.complaints import both
from service.errors import EngineUnavailable
from service.records import Article

_BATCH = 4_000  # rows of one request


class Scored(NamedTuple):
    """What a passage is scored by."""

    home: int
    length: int
    arabic: int
    published: int
    bag: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What else is known of a passage."""

    docid: str
    home: int
    ordinal: int
    start: int
    stop: int
    source: str
    language: str
    near: int
    near_article: int
    facts: facts.Found


class Whole(NamedTuple):
    """What an article is scored by, and the places that it names, each once."""

    length: int
    bag: bytes
    places: facts.Table
    first: int  # number of its first passage; the others follow
    passages: int


class Stored:
    """Safe to use from several threads. Keys are those of rows that the version has."""

    def __init__(self, server: Server, records: Records, passages: str, articles: str, live: str) -> None:
        self._server, self._records, self._live = server, records, live
        self.passages, self.articles = passages, articles
        self.scored = Kept(self._scored, 300_000)
        self.told = Kept(self._told, 50_000)
        self.wholes = Kept(self._wholes, 100_000)
        self._articles = Kept(self._read, 256)

    def article_row(self, where: str) -> dict[str, Any] | None:
        """The first article or copy that a condition holds for."""
        fields = ["id", "article_id", "blob", "parts", "copy", "original_key"]
        found = self._server.rows(self.articles, f"{self._live} and {where}", fields, 10)
        return found[0] if found else None

    def named(self, article_id: str) -> dict[str, Any] | None:
        """The row of an article or copy with this id."""
        return self.article_row(f"article_key == {key_of(article_id)}")

    def article(self, row: dict[str, Any]) -> Article:
        """Of a holder, with its text; of a copy, without."""
        told, text = article_of(self.whole_blob(row))
        return replace(told, text=zlib.decompress(text).decode()) if text else told

    def whole_blob(self, row: dict[str, Any]) -> str:
        parts = [str(row["blob"])]
        for i in range(1, int(row["parts"])):
            found = self._records.get(part_name(self.articles, int(row["id"]), i))
            if found is None:
                raise _gone(1)
            parts.append(found.decode())
        return "".join(parts)

    def passages_where(self, where: str, most: int) -> list[int]:
        """Passages that a condition holds for."""
        return [int(row["id"]) for row in self._server.rows(self.passages, where, ["id"], most)]

    def docids(self, keys: Sequence[int]) -> list[str]:
        return [self.docid(told) for told in self.told.of(keys)]

    def docid(self, told: Told) -> str:
        return told.docid or f"{self.text(told.home).article_id}#{told.ordinal}"

    def text(self, number: int) -> Article:
        return self._articles.of([number])[0]

    def texts(self, numbers: Sequence[int]) -> list[Article]:
        return self._articles.of(numbers)

    def _read(self, numbers: list[int]) -> dict[int, Article]:
        return {row["id"]: self.article(row) for row in self._fetched(self.articles, numbers, ["blob", "parts"])}

    def _fetched(self, name: str, keys: list[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), _BATCH):
            found += self._server.rows(name, f"id in {keys[start : start + _BATCH]}", ["id", *fields])
        if len(found) < len(keys):
            raise _gone(len(keys) - len(found))
        return found

    def _scored(self, keys: list[int]) -> dict[int, Scored]:
        fields = ["home", "length", "arabic", "published", "bag"]
        return {
            row["id"]: Scored(row["home"], row["length"], row["arabic"], row["published"], bags.raw(row["bag"]))
            for row in self._fetched(self.passages, keys, fields)
        }

    def _told(self, keys: list[int]) -> dict[int, Told]:
        fields = ["docid", "home", "ordinal", "start", "stop", "source", "language", "near", "near_article", "facts"]
        return {
            row["id"]: Told(**{name: row[name] for name in fields[:-1]}, facts=facts.unpack(row["facts"]))
            for row in self._fetched(self.passages, keys, fields)
        }

    def _wholes(self, keys: list[int]) -> dict[int, Whole]:
        found = {}
        for row in self._fetched(self.articles, keys, ["length", "bag", "facts", "first", "passages"]):
            places = facts.unpack(row["facts"]).mentions
            found[row["id"]] = Whole(row["length"], bags.raw(row["bag"]), places, row["first"], row["passages"])
        return found


def part_name(articles: str, number: int, part: int) -> str:
    return f"text/{articles}/{number}/{part}"


def _gone(count: int) -> EngineUnavailable:
    return EngineUnavailable(both("engine_gone", n=count))
