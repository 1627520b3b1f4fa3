"""The texts and records of a segment, read without trusting its files: what is whole, and what is lost, by article."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from service.backends.embedded.details import COLUMNS, agree, sums_in
from service.records import Article
from service.vocabulary import Terms


@dataclass(frozen=True, slots=True)
class Lost:
    """An article or copy whose stored text or record cannot be read whole."""

    article_id: str  # "row N" where even the id is lost
    segment: str
    reason: str


@dataclass(slots=True)
class Store:
    """The store of one segment, of which the manifest says how much it should hold.

    Reading fills ``lost`` with what could not be given out.
    """

    folder: Path
    articles_wanted: int
    copies_wanted: int
    lost: list[Lost] = field(default_factory=list)

    @classmethod
    def of(cls, collection: Path, entry: Mapping[str, Any]) -> Store:
        """The store of the segment that an entry of a manifest names."""
        return cls(collection / "segments" / str(entry["id"]), int(entry["articles"]), int(entry["copies"]))

    def articles(self, without: Collection[int] = ()) -> Iterator[Article]:
        """Every article whose text has the SHA-256 noted with it, in row order, but for some rows."""
        rows = [row for row in range(self.articles_wanted) if row not in without]
        try:
            store = self._opened()
            sums = sums_in(store, "articles")
        except sqlite3.Error as error:
            self.lost += [Lost(self._name(row), self.folder.name, str(error)) for row in rows]
            return
        with closing(store):
            for row in rows:
                found = self._read(store, sums, row)
                if isinstance(found, Article):
                    yield found
                else:
                    self.lost.append(Lost(self._name(row), self.folder.name, found))

    def copies(self) -> Iterator[tuple[Article, str]]:
        """(copy without text or sha256, id of the original)."""
        given, why = 0, "not in the store"
        try:
            with closing(self._opened()) as store:
                sums = sums_in(store, "copies")
                every = f"select {COLUMNS}, original, {sums} from copies order by article_id"
                for *record, original, crc in store.execute(every):
                    given += 1
                    if wrong := _wrong(record, crc):
                        self.lost.append(Lost(str(record[0]), self.folder.name, wrong))
                    else:
                        yield _article(record, "", ""), str(original)
        except (sqlite3.Error, TypeError, ValueError) as error:
            why = str(error)
        if given < self.copies_wanted:
            some = f"{self.copies_wanted - given} of {self.copies_wanted} copies"
            self.lost.append(Lost(some, self.folder.name, why))

    def _read(self, store: sqlite3.Connection, sums: str, row: int) -> Article | str:
        """The article of a row, or what is wrong with it."""
        try:
            sql = f"select {COLUMNS}, sha256, text, {sums} from articles where row = ?"
            found = store.execute(sql, (row,)).fetchone()
            if found is None:
                return "not in the store"
            *record, wanted, packed, crc = found
            text = zlib.decompress(packed).decode()
            if sha256(text.encode()).hexdigest() != wanted:
                return "its text has another SHA-256 than was noted"
            return _wrong(record, crc) or _article(record, text, wanted)
        except (sqlite3.Error, zlib.error, TypeError, ValueError) as error:
            return f"cannot be read: {error}"

    def _name(self, row: int) -> str:
        """An article's id from the list kept beside the store."""
        try:
            return str(Terms.load(self.folder, "ids")[row])
        except (OSError, ValueError, IndexError):
            return f"row {row}"

    def _opened(self) -> sqlite3.Connection:
        uri = f"{(self.folder / 'store.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True)


def _wrong(record: list[str], crc: object) -> str:
    return "" if agree(record, crc) else "its title, link or other details are not what was stored"


def _article(record: list[str], text: str, digest: str) -> Article:
    article_id, title, source, published, url, language, origin, origin_sha256 = record
    return Article(article_id, text, digest, title, source, published, url, language, origin, origin_sha256)
