"""The composition root: opens settings, backend and encoder once; hands out what reads and what writes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from service import analyzer, chunker, corpus, encoder, ingest, retriever
from service.answerer import Answerer
from service.backends.base import Reader
from service.backends.embedded import layout
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.writer import EmbeddedWriter, check_recipe
from service.errors import CollectionNotFound, IndexStateError
from service.records import Article, IngestReport, Manifest, Rejection
from service.settings import Settings

SAMPLE = "seeds"  # the collection made from the reports that ship
_PACKAGE = Path(__file__).parent


class Engine:
    """One process's way to all collections. Reading is safe from several threads; one writer at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.indexes = settings.indexes if settings.indexes != Path() else default_indexes()
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Reader, retriever.Retriever]] = {}
        self._encoder: encoder.Encoder | None = None

    @property
    def encoder(self) -> encoder.Encoder:
        if self._encoder is None:
            self._encoder = encoder.load(self.settings.model or None)
        return self._encoder

    def recipe(self) -> dict[str, str]:
        """What an index must have been made with to be searched by this code and these settings."""
        return {
            "analyzer": analyzer.ANALYZER_ID,
            "chunker": f"{chunker.CHUNKER_ID}/{self.settings.chunk_words}/{self.settings.chunk_overlap_sentences}",
            "encoder": self.encoder.encoder_id,
            "dimension": str(self.encoder.dim),
        }

    def retriever(self, collection: str) -> retriever.Retriever:
        """A retriever over the published version. Raises CollectionNotFound, IndexMismatch, IndexDamaged."""
        return self._opened(collection)[1]

    def reader(self, collection: str) -> Reader:
        """The reader of the published version."""
        return self._opened(collection)[0]

    def answerer(self, collection: str) -> Answerer:
        """An answerer over the published version. Raises as ``retriever`` does."""
        reader, found = self._opened(collection)
        return Answerer(found, reader, self.encoder, self.settings)

    def article(self, collection: str, article_id: str) -> tuple[Article, tuple[str, ...]]:
        """An article and the ids of its exact copies. Raises ArticleNotFound."""
        return self._opened(collection)[0].article(article_id)

    def article_ids(self, collection: str) -> list[str]:
        """Ids of all articles and copies, in the order they came."""
        reader = self._opened(collection)[0]
        if not isinstance(reader, EmbeddedReader):
            raise IndexStateError(f"collection {collection!r} is on a backend that does not list its articles")
        return reader.article_ids()

    def copies(self, collection: str) -> dict[str, tuple[str, ...]]:
        """Article id -> ids of its exact copies, for every article that has some."""
        return self._opened(collection)[0].copies()

    def status(self, collection: str) -> Manifest:
        """The published version's manifest; the index itself is not opened."""
        return layout.read_manifest(self._folder(collection))

    def version(self, collection: str) -> str:
        """Name of the published version."""
        name = layout.published(self._folder(collection))
        if name is None:
            layout.read_manifest(self._folder(collection))
            raise CollectionNotFound(f"collection {collection!r} has nothing in it")
        return name

    def collections(self) -> list[str]:
        """Names of the collections that have a published version, sorted."""
        return sorted(path.parent.name for path in self.indexes.glob("*/CURRENT"))

    def ingest(
        self, collection: str, paths: Sequence[str | Path], update: bool = False, encoding: str | None = None,
        progress: ingest.Progress | None = None,
    ) -> IngestReport:  # fmt: skip
        """Read files into a collection and publish. Raises InputError for a path that does not exist."""
        records = corpus.read(paths, encoding=encoding, max_text_bytes=self.settings.max_text_bytes)
        writer = self._writer(collection)
        try:
            return ingest.ingest(records, writer, self._pipeline(), update, progress)
        finally:
            writer.close()

    def delete(self, collection: str, article_ids: Sequence[str]) -> int:
        """Take articles out. Raises ArticleNotFound, with nothing changed."""
        layout.read_manifest(self._folder(collection))
        writer = self._writer(collection)
        try:
            return ingest.delete(article_ids, writer, self._pipeline())
        finally:
            writer.close()

    def prepare_sample(self, progress: ingest.Progress | None = None) -> IngestReport | None:
        """Build the sample collection when it is not there, or again when its reports or the recipe changed.

        Articles that the user added to it are carried over from their stored text. None when it was up to date.
        """
        folder, source = self._folder(SAMPLE), sample_folder()
        wanted = _fingerprint(source)
        try:
            found: Manifest | None = layout.read_manifest(folder)
        except CollectionNotFound:
            found = None
        if found and found.extra.get("sample") == wanted:
            try:
                check_recipe(found, self.recipe())
                return None
            except IndexStateError:
                pass
        old = EmbeddedReader(folder, *self._bm25()) if found else None
        writer = EmbeddedWriter(folder, self.recipe(), self.encoder.dim, self.settings.segment_chunks, fresh=True)
        try:
            records = [*corpus.read([str(source / "articles")], max_text_bytes=self.settings.max_text_bytes)]
            ids = [r.article_id for r in records if isinstance(r, Article)]
            writer.extra = {"sample": wanted, "sample_ids": json.dumps(ids)}
            own = _own_articles(old, {*ids, *json.loads(found.extra.get("sample_ids", "[]"))}) if found and old else []
            return ingest.ingest([*records, *own], writer, self._pipeline(), progress=progress)
        finally:
            writer.close()
            if old:
                old.close()

    def close(self) -> None:
        with self._lock:
            for reader, _ in self._open.values():
                reader.close()
            self._open.clear()

    def _opened(self, collection: str) -> tuple[Reader, retriever.Retriever]:
        """The reader of the published version, opened once; a newer version replaces it, the old one dies unused."""
        version = self.version(collection)
        found = self._open.get(collection)
        if found is None or found[0].manifest.version != version:
            with self._lock:
                found = self._open.get(collection)
                if found is None or found[0].manifest.version != version:
                    reader = EmbeddedReader(self._folder(collection), *self._bm25())
                    check_recipe(reader.manifest, self.recipe())
                    found = reader, retriever.Retriever(reader, self.encoder, self.settings)
                    self._open[collection] = found
        return found

    def _folder(self, collection: str) -> Path:
        return layout.collection_folder(self.indexes, collection)

    def _writer(self, collection: str) -> EmbeddedWriter:
        return EmbeddedWriter(
            self._folder(collection), self.recipe(), self.encoder.dim, self.settings.segment_chunks
        )

    def _pipeline(self) -> ingest.Pipeline:
        return ingest.Pipeline(self.encoder, self.settings.chunk_words, self.settings.chunk_overlap_sentences)

    def _bm25(self) -> tuple[float, float, float]:
        return self.settings.bm25_k1, self.settings.bm25_b, self.settings.bm25_epsilon


def default_indexes() -> Path:
    """The checkout's indexes/ folder, else the user data directory."""
    checkout = _PACKAGE.parent / "indexes"
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    from platformdirs import user_data_path

    return user_data_path("rasad", appauthor=False) / "indexes"


def sample_folder() -> Path:
    """The folder of the sample collection: in the installed package, else in the checkout."""
    packaged = _PACKAGE / "_seeds"
    return packaged if (packaged / "articles").is_dir() else _PACKAGE.parent / "seeds"


def _fingerprint(source: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((source / "articles").iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _own_articles(reader: EmbeddedReader, sample_ids: set[str]) -> Iterable[Article | Rejection]:
    """Articles of the old version that are not of the sample, copies included."""
    for article_id in reader.article_ids():
        if article_id not in sample_ids:
            yield reader.article(article_id)[0]
