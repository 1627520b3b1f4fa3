"""The collections of one generation of an index, and how a collection's name is written on a server.

``passages`` are ranked; ``articles`` hold what is told by the whole article, its text, and the copies; ``records`` is
one small collection for all: which version is published, how it was made, its dictionary. A row is live in the versions
from ``born`` to before ``died``: so a reader's version stays as it is while the next one is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from hashlib import blake2b

FOREVER = 2**62  # ``died`` of what nobody has deleted
FORMAT = "rasad-milvus-3"
RECORDS = "rasad_records_2"


class Kind(Enum):
    """Types of fields."""

    KEY = "int64 primary key"
    NUMBER = "int64"
    NUMBERS = "array of int64"
    TEXT = "varchar"  # 65,535 bytes at most, as servers count
    SPARSE = "sparse vector"
    DENSE = "dense vector"


Layout = Mapping[str, Kind]
_SHARED = {
    "id": Kind.KEY, "sparse": Kind.SPARSE, "born": Kind.NUMBER, "died": Kind.NUMBER, "published": Kind.NUMBER,
    "source_id": Kind.NUMBER, "language_id": Kind.NUMBER, "days": Kind.NUMBERS, "places": Kind.NUMBERS,
    "fields": Kind.NUMBERS, "near": Kind.NUMBER, "bands": Kind.NUMBERS, "kin": Kind.TEXT, "bag": Kind.TEXT,
    "facts": Kind.TEXT, "length": Kind.NUMBER, "source": Kind.TEXT, "language": Kind.TEXT,
}  # fmt: skip
PASSAGES: Layout = {
    **_SHARED, "dense": Kind.DENSE, "home": Kind.NUMBER, "ordinal": Kind.NUMBER, "start": Kind.NUMBER,
    "stop": Kind.NUMBER, "arabic": Kind.NUMBER, "terms": Kind.NUMBERS, "near_article": Kind.NUMBER, "docid": Kind.TEXT,
}  # fmt: skip
ARTICLES: Layout = {
    **_SHARED, "article_id": Kind.TEXT, "article_key": Kind.NUMBER, "text_key": Kind.NUMBER, "copy": Kind.NUMBER,
    "original_key": Kind.NUMBER, "blob": Kind.TEXT, "parts": Kind.NUMBER, "first": Kind.NUMBER, "passages": Kind.NUMBER,
}  # fmt: skip
RECORD: Layout = {
    "id": Kind.KEY, "key": Kind.TEXT, "kind": Kind.NUMBER, "parts": Kind.NUMBER, "payload": Kind.TEXT,
    "none": Kind.DENSE,  # a server wants a vector in every collection
}  # fmt: skip


def key_of(text: str) -> int:
    """A text as a number from 0 to 2**63 - 1: what conditions compare, as strings in them are read in many ways."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def on_server(collection: str) -> str:
    """Letters, digits and underscores alone; others as _ and their code."""
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):02x}" for c in collection)


def names(collection: str, generation: int) -> tuple[str, str]:
    """Of the passages' and the articles' collections."""
    stem = f"rasad_{on_server(collection)}_g{generation:06d}"
    return f"{stem}_passages", f"{stem}_articles"


def cut(text: str, most: int = 65_535) -> str:
    """As much of a text as fits into so many bytes of UTF-8."""
    raw = text.encode()
    return text if len(raw) <= most else raw[:most].decode(errors="ignore")


def live_in(version: int) -> str:
    """The condition for rows of a version."""
    return f"born <= {version} and died > {version}"
