"""The write path on one screen: read | sort out | chunk | analyse | encode | write | commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from service import analyzer
from service.backends.base import Writer
from service.chunker import chunk
from service.copies import Copies
from service.encoder import Encoder
from service.errors import ArticleNotFound
from service.records import Article, Chunk, IngestReport, Rejection

Progress = Callable[[int, int], None]  # records read, of which rejected
_BATCH_CHUNKS = 512  # encoded together
_REJECTIONS_KEPT = 10_000


@dataclass(slots=True)
class _Counts:
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    copies: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, rejection: Rejection) -> None:
        self.rejected += 1
        if len(self.rejections) < _REJECTIONS_KEPT:
            self.rejections.append(rejection)

    @property
    def read(self) -> int:
        return self.added + self.updated + self.unchanged + self.copies + self.rejected


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How articles become rows of an index; the same for every way in."""

    encoder: Encoder
    chunk_words: int
    overlap_sentences: int

    def write(self, articles: Iterable[Article], writer: Writer) -> None:
        """Chunk, analyse, encode and add, in batches."""
        for batch in self._batches(articles):
            titled = [f"{article.title}\n{c.text}" for article, chunks in batch for c in chunks]
            terms = [analyzer.terms(text) for text in titled]
            vectors = self.encoder.encode_passages(titled)
            start = 0
            for article, chunks in batch:
                rows = slice(start, start + len(chunks))
                writer.add(article, chunks, terms[rows], vectors[rows])
                start += len(chunks)

    def _batches(self, articles: Iterable[Article]) -> Iterator[list[tuple[Article, list[Chunk]]]]:
        batch: list[tuple[Article, list[Chunk]]] = []
        held = 0
        for article in articles:
            chunks = chunk(article, self.chunk_words, self.overlap_sentences)
            batch.append((article, chunks))
            held += len(chunks)
            if held >= _BATCH_CHUNKS:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch


def ingest(
    records: Iterable[Article | Rejection], writer: Writer, pipeline: Pipeline, update: bool = False,
    progress: Progress | None = None,
) -> IngestReport:  # fmt: skip
    """Take records into a collection and publish them in one step; a bad record stops none of the others."""
    began = time.perf_counter()
    counts = _Counts()
    pipeline.write(_new(records, writer, counts, update, progress), writer)
    manifest = writer.commit()
    return IngestReport(
        counts.added, counts.updated, counts.unchanged, counts.copies, counts.rejected, tuple(counts.rejections),
        manifest.version, round(time.perf_counter() - began, 3),
    )  # fmt: skip


def delete(article_ids: Sequence[str], writer: Writer, pipeline: Pipeline) -> int:
    """Take articles out and publish; a text whose remaining ids are copies stays under the first of them.

    Raises ArticleNotFound, with nothing changed, when one of the ids is not there.
    """
    wanted = list(dict.fromkeys(article_ids))
    for article_id in wanted:
        writer.article(article_id)
    pipeline.write(_without(wanted, Copies(writer)), writer)
    writer.commit()
    return len(wanted)


def _without(article_ids: Sequence[str], copies: Copies) -> Iterator[Article]:
    for article_id in article_ids:
        yield from copies.take_out(article_id)
    yield from copies.settle()


def _new(
    records: Iterable[Article | Rejection], writer: Writer, counts: _Counts, update: bool, progress: Progress | None
) -> Iterator[Article]:
    """The articles whose text is to be indexed; copies, repeats and rejections are dealt with on the way."""
    seen: dict[str, str] = {}  # id -> sha256, of what was taken in this run
    copies = Copies(writer)
    for record in records:
        if progress and counts.read % 100 == 0:
            progress(counts.read, counts.rejected)
        if isinstance(record, Rejection):
            counts.reject(record)
            continue
        stored = _published(writer, record.article_id)
        known = seen.get(record.article_id) or (stored.sha256 if stored else None)
        if record.article_id in seen or (stored and not update):
            if known == record.sha256:
                counts.unchanged += 1
            else:
                counts.reject(_duplicate(record, record.article_id in seen))
            continue
        seen[record.article_id] = record.sha256
        if stored and _same(stored, record):
            counts.unchanged += 1
            continue
        if stored:
            counts.updated += 1
            yield from copies.take_out(record.article_id)
        placed = list(copies.place(record))
        if not stored:
            counts.added += len(placed)
            counts.copies += not placed
        yield from placed
    yield from copies.settle()
    if progress:
        progress(counts.read, counts.rejected)


def _published(writer: Writer, article_id: str) -> Article | None:
    try:
        return writer.article(article_id)[0]
    except ArticleNotFound:
        return None


def _same(stored: Article, record: Article) -> bool:
    fields = ("sha256", "title", "source", "published", "url", "language")
    return all(getattr(stored, name) == getattr(record, name) for name in fields)


def _duplicate(record: Article, in_this_run: bool) -> Rejection:
    where = "stands twice in what was read" if in_this_run else "is already in the collection"
    path, _, line = record.origin.rpartition(":")
    step = "give one of them another id" if in_this_run else "use --update to replace it"
    return Rejection(
        path or record.origin, int(line) if line.isdigit() else 0,
        f"id {record.article_id!r} {where} with another text: {step}",
    )  # fmt: skip
