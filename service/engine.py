"""The composition root: opens settings, backend and encoder once; hands out what reads and what writes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from service import analyzer, annotator, chunker, crew, ingest, memory, model_choice, tally
from service.answerer import Answerer
from service.backends.base import Backend, Reader, Writer
from service.backends.embedded import layout
from service.backends.embedded.backend import EmbeddedBackend
from service.backends.embedded.writer import check_recipe
from service.complaints import both
from service.crew import Crew, Recipe
from service.duplicates import Kin
from service.encoder import Encoder, bundled
from service.errors import CollectionNotFound, IndexMismatch, IndexStateError, ServiceError, SettingsError, VersionGone
from service.ingest import Pipeline, Progress
from service.records import Article, Backends, IngestReport, Manifest, Rejection
from service.retriever import Retriever
from service.settings import Settings

if TYPE_CHECKING:  # a query needs none of these
    from service.backends.embedded.archive import Backup
    from service.backends.embedded.remake import Making
    from service.backends.embedded.verify import Checkup
    from service.ray_crew import RayCrew
    from service.repair import Repaired
    from service.reranker import Reranker

SAMPLE = "seeds"  # the collection made from the reports that ship
_SAMPLE_TIMEOUT_S = 120.0  # building it takes seconds: a second process waits rather than fails
_TOGETHER = 8  # choices of several collections that stay open
_PACKAGE = Path(__file__).parent

_Opened = tuple[Reader, Retriever]
_log = logging.getLogger(__name__)


class Engine:
    """One process's way to all collections. Reading is safe from several threads; one writer at a time."""

    def __init__(self, settings: Settings, backend: Backend | None = None) -> None:
        """``backend``: another than the one that the settings name."""
        self.settings = settings
        self.indexes = settings.indexes if settings.indexes != Path() else default_indexes()
        self._lock = threading.Lock()
        self._backend = backend or self._made_backend()
        self._open: dict[str, _Opened] = {}
        self._pinned: dict[tuple[str, str], tuple[float, _Opened]] = {}  # (collection, version): when last asked for
        self._watched = threading.Event()  # set while ``watch`` looks for new versions, so that no request has to
        self._closed = threading.Event()
        self._encoder: Encoder | None = None
        self._reranker: tuple[Reranker | None] | None = None  # None: not looked for yet
        self._notices: tuple[str, ...] = ()  # on the models: what every result says

    @property
    def state_path(self) -> Path:
        """The file of keys, saved searches and uploads; it need not exist yet."""
        return Path(self.settings.state).expanduser() if self.settings.state else self.indexes / "state.sqlite3"

    @property
    def encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder, notices = model_choice.load_encoder(self.settings)
            self._notices += notices
        return self._encoder

    def recipe(self) -> dict[str, str]:
        """What an index must have been made with to be searched by this code and these settings."""
        return {
            "analyzer": analyzer.ANALYZER_ID,
            "chunker": f"{chunker.CHUNKER_ID}/{self.settings.chunk_words}/{self.settings.chunk_overlap_sentences}",
            "encoder": self.encoder.encoder_id,
            "dimension": str(self.encoder.dim),
            "facts": annotator.FINDERS,
            "near_copies": str(Kin(self.settings.near_copy_bands, self.settings.near_copy_alike)),
        }

    def retriever(self, collection: str, version: str = "") -> Retriever:
        """A retriever over the published version, or over an earlier one as long as it is kept.

        Raises CollectionNotFound, IndexMismatch, IndexDamaged, VersionGone.
        """
        return self._at(collection, version)[1]

    def warm(self, collection: str) -> None:
        """Get ready for many questions about a collection; takes a second or two. Raises as ``retriever`` does."""
        self.retriever(collection).warm()

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
        return self._opened(collection)[0].article_ids()

    def copies(self, collection: str) -> dict[str, tuple[str, ...]]:
        """Article id -> ids of its exact copies, for every article that has some."""
        return self._opened(collection)[0].copies()

    def status(self, collection: str) -> Manifest:
        """The published version's manifest; the index itself is not opened."""
        return self._backend.manifest(collection)

    def manifest(self, collection: str, version: str) -> Manifest:
        """The manifest of the published version or of one that is still kept. Raises VersionGone."""
        return self._at(collection, version)[0].manifest

    def version(self, collection: str) -> str:
        """Name of the published version; of each where there are several."""
        return self._backend.version(collection) or self._backend.manifest(collection).version

    def ingested(self, collection: str) -> dict[str, int]:
        """Records that ever came for a collection, by outcome, from files, feeds and uploads alike."""
        return tally.read(self._backend, collection)

    def collections(self) -> list[str]:
        """Names of the collections that have a published version, sorted."""
        return self._backend.names()

    @property
    def place(self) -> str:
        """Where the collections are, for messages."""
        return self._backend.place

    def ingest(
        self, collection: str, paths: Sequence[str | Path], update: bool = False, encoding: str | None = None,
        progress: Progress | None = None,
    ) -> IngestReport:  # fmt: skip
        """Read files into a collection and publish. Raises InputError for a path that does not exist."""
        return self.take(collection, self._read(paths, encoding), update, progress)

    def take(
        self, collection: str, records: Iterable[Article | Rejection], update: bool = False,
        progress: Progress | None = None,
    ) -> IngestReport:  # fmt: skip
        """Take records into a collection and publish."""
        each = self.settings.commit_records, self.settings.commit_s
        with contextlib.closing(self._writer(collection)) as writer, self._pipeline() as pipeline:
            report = ingest.ingest(records, writer, pipeline, update, progress, *each)
            tally.add(self._backend, collection, report)
        notices = model_choice.ingest_notices(pipeline.encoder, self.encoder, self.settings)
        if lost := getattr(pipeline.crew, "lost", 0):
            notices += (f"{lost} Ray workers died: others did their work",)
        return replace(report, notices=(*self._notices, *notices))

    def delete(self, collection: str, article_ids: Sequence[str]) -> int:
        """Take articles out. Raises ArticleNotFound, with nothing changed."""
        self._backend.manifest(collection)
        with contextlib.closing(self._writer(collection)) as writer, self._pipeline() as pipeline:
            return ingest.delete(article_ids, writer, pipeline)

    def verify(self, collection: str) -> Checkup:
        """Every file of a collection against its checksum, and the files against each other."""
        from service.backends.embedded import verify

        return verify.verify(self._folder(collection))

    def repair(self, collection: str, everything: bool, drop_lost: bool, previous: bool) -> Repaired:
        """What is damaged, made again from the stored texts; see repair.py."""
        from service import repair

        with self._making() as making:
            return repair.repair(self._folder(collection), making, everything, drop_lost, previous)

    def purge(self, collection: str, article_ids: Sequence[str]) -> Manifest:
        """Take articles out and leave nothing of them on disk. Raises ArticleNotFound, InputError."""
        from service import purge

        with self._making() as making:
            return purge.purge(self._folder(collection), article_ids, making)

    def backup(self, collection: str, out: IO[bytes]) -> Backup:
        """The published version as one stream, with the web service's state where there is one."""
        from service.backends.embedded import archive

        return archive.pack(self._folder(collection), out, self.state_path if self.state_path.exists() else None)

    def restore(self, source: IO[bytes], collection: str | None, overwrite: bool, state: bool) -> Backup:
        """A backup as a collection; ``state``: its web service's state too, where there is one already.

        Raises InputError, IndexMismatch.
        """
        from service.backends.embedded import restore

        place = self.state_path if state or not self.state_path.exists() else None
        return restore.unpack(source, self.indexes, collection, overwrite, place)

    def check_recipe(self, manifest: Manifest) -> None:
        """Raise IndexMismatch where a collection cannot be searched by this code and these settings."""
        in_folders = isinstance(self._backend, EmbeddedBackend)
        check_recipe(manifest, self.recipe(), "index_recipe" if in_folders else "engine_recipe")

    def prepare_sample(self, progress: Progress | None = None) -> IngestReport | None:
        """Build the sample collection when it is not there, or again when its reports or the recipe changed.

        Articles that the user added to it are carried over from their stored text. None when it was up to date.
        """
        wanted = _fingerprint(sample_folder())
        if self._sample_is(wanted):
            return None
        with contextlib.closing(self._writer(SAMPLE, fresh=True, timeout_s=_SAMPLE_TIMEOUT_S)) as writer:
            if self._sample_is(wanted):  # built by another process while this one waited
                return None
            with contextlib.ExitStack() as stack:
                own: Iterator[Article] = iter(())
                if self._backend.version(SAMPLE):
                    old = stack.enter_context(contextlib.closing(self._backend.reader(SAMPLE)))
                    own = _own_articles(old)
                articles = sample_folder() / "articles"
                records = [*self._read([articles])]
                ids = [r.article_id for r in records if isinstance(r, Article)]
                writer.extra = {"sample": wanted, "sample_ids": json.dumps(ids)}
                pipeline = stack.enter_context(self._pipeline())
                return ingest.ingest(chain(records, own), writer, pipeline, progress=progress)

    def _sample_is(self, wanted: str) -> bool:
        """Whether the sample collection was made from these reports by this recipe."""
        try:
            found = self._backend.manifest(SAMPLE)
            check_recipe(found, self.recipe())
        except (CollectionNotFound, IndexMismatch):
            return False
        return found.extra.get("sample") == wanted

    def watch(self, interval_s: float) -> None:
        """From now on new versions are opened in the background; until one is ready, the last one answers."""
        self._watched.set()
        threading.Thread(target=self._keep_up, args=(interval_s,), name="versions", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            for reader, _ in [*self._open.values(), *(opened for _, opened in self._pinned.values())]:
                reader.close()
            self._open.clear()
            self._pinned.clear()
        self._backend.close()

    def _keep_up(self, interval_s: float) -> None:
        said: dict[str, str] = {}
        while not self._closed.wait(interval_s):
            for collection in list(self._open):
                try:
                    self._renewed(collection)
                    said.pop(collection, None)
                except ServiceError as error:  # e.g. made by newer code: the open version goes on answering
                    if said.get(collection) != str(error):
                        _log.error("collection %s stays at its version: %s", collection, error)
                        said[collection] = str(error)
            self._let_go()

    def _let_go(self) -> None:
        """Drop the earlier versions that nobody has asked for lately."""
        with self._lock:
            unused = [
                key for key, (asked, _) in self._pinned.items() if time.monotonic() - asked > self.settings.pinned_s
            ]
            for key in unused:
                del self._pinned[key]
        if unused:
            memory.give_back()  # a reader's caches refer to itself

    def _opened(self, collection: str) -> _Opened:
        """The reader of the published version, opened once; a newer version replaces it, the old one dies unused."""
        found = self._open.get(collection)
        if found is not None and self._watched.is_set():
            return found
        return self._renewed(collection)

    def _renewed(self, collection: str) -> _Opened:
        version = self.version(collection)
        found = self._open.get(collection)
        if found is None or found[0].manifest.version != version:
            with self._lock:
                found = self._open.get(collection)
                if found is None or found[0].manifest.version != version:
                    opened = self._reading(collection)
                    if found is not None and self._watched.is_set():
                        self._pinned[collection, found[0].manifest.version] = time.monotonic(), found
                    self._open[collection] = found = opened
                    together = [name for name in self._open if layout.SEPARATOR in name]
                    if len(together) > _TOGETHER:
                        del self._open[together[0]]
        return found

    def _at(self, collection: str, version: str) -> _Opened:
        """The published version, or the one asked for."""
        opened = self._opened(collection)
        if version in ("", opened[0].manifest.version):
            return opened
        with self._lock:
            kept = self._pinned.get((collection, version))
            if kept is None:
                try:
                    pinned = self._reading(collection, version)
                except (CollectionNotFound, IndexStateError) as error:
                    raise VersionGone(
                        both("version_gone", name=collection, version=opened[0].manifest.version, wanted=version)
                    ) from error
            else:
                pinned = kept[1]
            self._pinned[collection, version] = time.monotonic(), pinned
        return pinned

    def _reading(self, collection: str, version: str | None = None) -> _Opened:
        reader = self._backend.reader(collection, version, self._fits)
        if self._reranker is None:
            reranker, notices = model_choice.load_reranker(self.settings)
            self._reranker, self._notices = (reranker,), self._notices + notices
        return reader, Retriever(reader, self.encoder, self.settings, self._reranker[0], self._notices)

    def _fits(self, manifest: Manifest) -> None:
        """Raises IndexMismatch where a version cannot be read by this code and these settings."""
        with self._explained():
            self.check_recipe(manifest)

    def _folder(self, collection: str) -> Path:
        """The folder of a collection. Raises SettingsError where collections are not folders."""
        if not isinstance(self._backend, EmbeddedBackend):
            raise SettingsError(both("engine_folders"))
        return self._backend.folder(collection)

    def _made_backend(self) -> Backend:
        made = self.settings
        if made.backend is Backends.EMBEDDED:
            return EmbeddedBackend(self.indexes, (made.bm25_k1, made.bm25_b, made.bm25_epsilon), made.segment_chunks)
        from service.backends.milvus.backend import MilvusBackend  # with packages that nothing else needs

        return MilvusBackend(made)

    def _writer(self, collection: str, fresh: bool = False, timeout_s: float = 0.0) -> Writer:
        with self._explained():
            return self._backend.writer(collection, self.recipe(), self.encoder.dim, fresh, timeout_s)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """A collection that does not fit the encoder: said together with why this encoder is in use."""
        try:
            yield
        except IndexMismatch as error:
            if not self._notices:
                raise
            raise IndexMismatch("; ".join((*self._notices, str(error)))) from error

    def _read(self, paths: Sequence[str | Path], encoding: str | None = None) -> Iterator[Article | Rejection]:
        from service import corpus  # the readers of all kinds of files: a query needs none of them

        return corpus.read(paths, encoding=encoding, max_text_bytes=self.settings.max_text_bytes)

    @contextlib.contextmanager
    def _pipeline(self) -> Iterator[Pipeline]:
        """A hub model runs in this process alone: it uses all processors by itself, and takes much memory."""
        made = self.settings
        annotate = annotator.load(Path(made.gazetteer) if made.gazetteer else None)
        encoder = model_choice.for_ingest(self.encoder, made)
        recipe = Recipe(made.chunk_words, made.chunk_overlap_sentences, made.gazetteer)
        workers = crew.hands(made.ingest_workers) if encoder is bundled() else 1
        hands: Crew | RayCrew | None = None
        if made.ray:
            from service.ray_crew import RayCrew

            hub = encoder is not bundled()
            if hub:
                recipe = replace(recipe, encoder=functools.partial(model_choice.chosen_encoder, made))
            hands = RayCrew(recipe, made.ray, made.ingest_workers, gpus=hub)
        elif workers > 1:
            hands = Crew(recipe, workers)
        with contextlib.closing(hands) if hands else contextlib.nullcontext():
            yield Pipeline(encoder, made.chunk_words, made.chunk_overlap_sentences, annotate, hands)

    @contextlib.contextmanager
    def _making(self) -> Iterator[Making]:
        """How segments are made, for those that are made again."""
        from service.backends.embedded.remake import Making

        with self._pipeline() as pipeline:
            yield Making(self.recipe(), self.encoder.dim, pipeline.write)


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
    for path in sorted((source / "articles").glob("*")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _own_articles(reader: Reader) -> Iterator[Article]:
    """Articles of a version that did not come with the sample, copies included."""
    sample_ids = set(json.loads(reader.manifest.extra.get("sample_ids", "[]")))
    for article_id in reader.article_ids():
        if article_id not in sample_ids:
            yield reader.article(article_id)[0]
