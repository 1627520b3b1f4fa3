"""What a segment's store keeps of an article or copy besides its text, with a checksum of it in the same row.

The text has its own (SHA-256, and zlib's). A store of before has no column for this one: nothing is checked then.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence

from service.records import Article

COLUMNS = "article_id, title, source, published, url, language, origin, origin_sha256"
Cells = tuple[object, ...]


def details(article: Article) -> tuple[str, ...]:
    """In the order of COLUMNS."""
    return (article.article_id, article.title, article.source, article.published, article.url, article.language,
            article.origin, article.origin_sha256)  # fmt: skip


def checksum(cells: Sequence[object]) -> int:
    """CRC-32 of the cells of COLUMNS."""
    return zlib.crc32("\0".join(map(str, cells)).encode())


def agree(cells: Sequence[object], wanted: object) -> bool:
    """Whether cells are what was stored, as far as that is known."""
    return wanted is None or checksum(cells) == wanted


def sums_in(store: sqlite3.Connection, table: str) -> str:
    """What to select as the checksum of a row of a table."""
    columns = {str(row[1]) for row in store.execute(f"pragma table_info({table})")}
    return "crc" if "crc" in columns else "null"
