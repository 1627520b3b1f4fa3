"""One immutable segment of a collection: a folder with the articles' text, the chunk table, postings and vectors.

store.sqlite       articles and copies with their metadata (see details.py), texts compressed
chunks.npy         (n, 6) int32: article row, ordinal, start, end, terms, 1 where Arabic (else 0)
ids.*.npy          article ids in row order (see vocabulary.Terms)
terms.*.npy        postings of the chunks (title included)
fields.*.npy       postings of the articles' titles ("t:") and sources ("s:")
sounds.*.npy       consonant skeleton -> rows of terms.terms.npy (see sound.py)
forward.*.npy      the chunks' terms by chunk (see forward.py)
vectors.*          unit vectors of the chunks (see vectors.py)
near.*             groups of near copies (see kinship.py)
mentions.*, places.*, dates.npy, articles.npy, sources.*, languages.*   places and days (see facts.py)
"""

from __future__ import annotations

import sqlite3
import weakref
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.embedded import variants
from service.backends.embedded.details import COLUMNS, agree, checksum, details, sums_in
from service.backends.embedded.facts import Facts, FactsBuilder
from service.backends.embedded.forward import Forward
from service.backends.embedded.kinship import Relations
from service.backends.embedded.labelled import Labelled
from service.backends.embedded.layout import REMEDY
from service.backends.embedded.postings import Postings, PostingsBuilder
from service.backends.embedded.rows import Rows
from service.backends.embedded.vectors import open_vectors, write_vectors
from service.errors import IndexDamaged
from service.mapping import mapped
from service.records import Article
from service.sound import skeleton
from service.vocabulary import Terms

_ARTICLES_KEPT = 1_024  # texts at hand: some 6 KB each
_PAGE_BYTES = 512  # of store.sqlite: texts are of 1 to 2 KB, and the rest of the last page of each is lost
_SCHEMA = """
create table articles (row integer primary key, article_id text not null unique, title text, source text,
  published text, url text, language text, origin text, origin_sha256 text, sha256 text not null, text blob not null,
  crc integer);
create index by_sha256 on articles (sha256);
create table copies (article_id text primary key, title text, source text, published text, url text, language text,
  origin text, origin_sha256 text, original text not null, crc integer) without rowid;
"""


class SegmentBuilder:
    """Collects articles and writes them as one segment into a folder that it creates."""

    def __init__(self, folder: Path, dim: int) -> None:
        folder.mkdir(parents=True)
        self.folder, self._dim = folder, dim
        self._store = sqlite3.connect(folder / "store.sqlite", isolation_level=None)
        pragmas = (f"page_size={_PAGE_BYTES}", "journal_mode=off", "synchronous=off", "locking_mode=exclusive")
        self._store.executescript("".join(f"pragma {pragma};" for pragma in pragmas))
        self._store.executescript(_SCHEMA + "begin;")
        self._ids: list[str] = []
        self._chunks: list[npt.NDArray[np.int32]] = []
        self._terms, self._fields, self._facts = PostingsBuilder(), PostingsBuilder(), FactsBuilder()
        self._vectors: list[npt.NDArray[np.float16]] = []
        self._near: list[Relations] = []
        self._settled = True
        self.chunks = self.copies = 0

    @property
    def articles(self) -> int:
        return len(self._ids)

    def add(self, rows: Rows) -> None:
        """The next articles."""
        first = len(self._ids)
        self._store.executemany(
            f"insert into articles (row, {COLUMNS}, sha256, text, crc) values (?,?,?,?,?,?,?,?,?,?,?,?)",
            ((first + i, *columns) for i, columns in enumerate(rows.stored)),
        )
        chunks = rows.chunks.copy()
        chunks[:, 0] += first
        self._terms.extend(rows.terms)
        self._fields.extend(rows.fields)
        self._facts.extend(rows.found, self.chunks)
        self._ids += rows.ids
        self._chunks.append(chunks)
        self._vectors.append(rows.vectors)
        self._near.append(rows.near)
        self._settled &= rows.settled
        self.chunks += len(chunks)

    def add_copy(self, article: Article, original: str) -> None:
        cells = details(article)
        self.add_stored_copy((*cells, original, checksum(cells)))

    def add_stored_copy(self, columns: tuple[object, ...]) -> None:
        """A copy as another segment's ``stored_copies`` gives it."""
        self._store.execute(f"insert into copies ({COLUMNS}, original, crc) values (?,?,?,?,?,?,?,?,?,?)", columns)
        self.copies += 1

    def write(self, earlier: Sequence[Relations] = (), alike: float = 1.0) -> None:
        """Everything to disk; the folder is complete afterwards, not yet flushed.

        New articles join the groups of near copies of the ``earlier`` segments, where they are ``alike``.
        """
        self._store.execute("commit")
        self._store.close()
        chunks = np.concatenate([np.zeros((0, 6), np.int32), *self._chunks])
        np.save(self.folder / "chunks.npy", chunks, allow_pickle=False)
        Terms.pack(name.encode() for name in self._ids).save(self.folder, "ids")
        terms = self._terms.build()
        terms.save(self.folder, "terms")
        Forward.of(terms, len(chunks)).save(self.folder)
        _sounds(terms.terms).save(self.folder, "sounds")
        variants.build(terms.terms).save(self.folder, "grams")
        self._fields.build().save(self.folder, "fields")
        self._facts.write(self.folder)
        near = Relations.joined(self._near)
        (near if self._settled else near.settled(earlier, alike)).save(self.folder)
        vectors = np.concatenate(self._vectors) if self._vectors else np.zeros((0, self._dim), np.float16)
        write_vectors(self.folder, vectors, self._dim)

    def abandon(self) -> None:
        self._store.close()


def _sounds(terms: Terms) -> Postings:
    """Which terms share a consonant skeleton; those without two consonants are left out."""
    return variants.inverted((sound,) if len(sound := skeleton(term)) >= 2 else () for term in terms)


class Segment:
    """A segment opened for reading, memory-mapped; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexDamaged where a file is not what it should be."""
        self.folder = folder
        try:
            uri = f"{(folder / 'store.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
            self._store = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self.close = weakref.finalize(self, self._store.close)  # when nobody knows it any more, at the latest
            self._sums = {table: sums_in(self._store, table) for table in ("articles", "copies")}
            self.table = mapped(folder / "chunks.npy")
            self.chunk_article = np.ascontiguousarray(self.table[:, 0])
            self.article_starts = np.concatenate([[0], np.cumsum(np.bincount(self.chunk_article))]).astype(np.int64)
            self.lengths = np.ascontiguousarray(self.table[:, 4])
            self.article_lengths = np.bincount(self.chunk_article, weights=self.lengths)
            self.ids = Terms.load(folder, "ids")
            self.terms = Postings.load(folder, "terms")
            self.forward = Forward.load(folder)
            self.fields = Postings.load(folder, "fields")
            self.sounds = Postings.load(folder, "sounds")
            self.grams = Postings.load(folder, "grams")
            self.facts = Facts(folder)
            self.near = Relations.load(folder)
        except (OSError, ValueError, IndexError, sqlite3.Error) as error:
            raise IndexDamaged(f"a file in {folder} cannot be read ({error}): {REMEDY}") from error
        self.vectors = open_vectors(folder)
        self.article = lru_cache(maxsize=_ARTICLES_KEPT)(
            partial(_article_at, folder, self._store, self._sums["articles"])
        )  # no circle: it goes with its last user
        self.spellings = variants.Spellings(self.grams, self.terms.terms)
        self.near_chunks, self.near_articles = Labelled(self.near.chunks.labels), Labelled(self.near.articles.labels)
        self.worked_out: dict[str, tuple[object, Any]] = {}  # name -> of what, and what: for those that ask again

    def __len__(self) -> int:
        return len(self.table)

    def docid(self, row: int) -> str:
        return f"{self.ids[int(self.chunk_article[row])]}#{self.table[row, 1]}"

    def row_of(self, article_id: str) -> int | None:
        found = self._rows("select row from articles where article_id = ?", article_id)
        return int(found[0][0]) if found else None

    def rows_of_text(self, sha256: str) -> list[int]:
        return [int(row) for (row,) in self._rows("select row from articles where sha256 = ?", sha256)]

    def texts(self) -> list[tuple[int, str, str]]:
        """(row, id, sha256) of every article."""
        return self._rows("select row, article_id, sha256 from articles order by row")

    def copies(self) -> list[tuple[str, str]]:
        """(copy's id, original's id) of every copy noted in this segment."""
        return self._rows("select article_id, original from copies order by article_id")

    def stored(self) -> Iterator[tuple[object, ...]]:
        """Details, sha256, compressed text and checksum of every article, as rows.Rows has them."""
        yield from self._rows(f"select {COLUMNS}, sha256, text, {self._sums['articles']} from articles order by row")

    def stored_copies(self) -> list[tuple[object, ...]]:
        """Details of every copy, its original's id, and the checksum."""
        return self._rows(f"select {COLUMNS}, original, {self._sums['copies']} from copies order by article_id")

    def copy(self, article_id: str, text: str, sha256: str) -> Article | None:
        """A copy under its own id and details; None when this segment does not hold it."""
        found = self._rows(f"select {COLUMNS}, {self._sums['copies']} from copies where article_id = ?", article_id)
        if not found:
            return None
        *cells, crc = found[0]
        _refuse_other(self.folder, cells, crc)
        return _article(cells, text, sha256)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return _rows(self.folder, self._store, sql, *values)


def _rows(folder: Path, store: sqlite3.Connection, sql: str, *values: object) -> list[Any]:
    try:
        return store.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise IndexDamaged(f"{folder / 'store.sqlite'} cannot be read ({error}): {REMEDY}") from error


def _article_at(folder: Path, store: sqlite3.Connection, sums: str, row: int) -> Article:
    """The article of an article row."""
    found = _rows(folder, store, f"select {COLUMNS}, sha256, text, {sums} from articles where row = ?", row)
    if not found:
        raise IndexDamaged(f"{folder / 'store.sqlite'} lacks the article of row {row}: {REMEDY}")
    *cells, sha256, packed, crc = found[0]
    try:
        text = zlib.decompress(packed).decode()
    except (zlib.error, ValueError) as error:
        raise IndexDamaged(f"{folder / 'store.sqlite'} has a text that cannot be read: {REMEDY}") from error
    _refuse_other(folder, cells, crc)
    return _article(cells, text, sha256)


def _refuse_other(folder: Path, cells: Sequence[object], crc: object) -> None:
    if not agree(cells, crc):
        raise IndexDamaged(
            f"{folder / 'store.sqlite'}: title, link or other details of {cells[0]!r} are not what was stored: {REMEDY}"
        )


def _article(metadata: Sequence[str], text: str, sha256: str) -> Article:
    article_id, title, source, published, url, language, origin, origin_sha256 = metadata
    return Article(article_id, text, sha256, title, source, published, url, language, origin, origin_sha256)
