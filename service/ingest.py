"""The write path on one screen: read | sort out | prepare (chunk, analyse, encode, annotate) | write | commit."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from service.backends.base import Packer, Takes, Writer
from service.copies import Copies, Copy
from service.errors import ArticleNotFound
from service.preparation import Preparation
from service.records import Article, IngestReport, Rejection

Progress = Callable[[int, int], None]  # records read, of which rejected


class Hands(Protocol):
    """Prepares batches elsewhere, and gives the results in their order: crew.Crew, ray_crew.RayCrew."""

    @property
    def started(self) -> bool:
        """Whether it costs nothing more to use them, however few articles there are."""

    def packed(self, batches: Iterable[Sequence[Article]], pack: Packer) -> Iterator[Any]: ...


_BATCH_CHARS, _BATCH_ARTICLES = 300_000, 512  # prepared together
_ALONE_BATCHES = 8  # as long as there are fewer, starting other processes does not pay
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
class Pipeline(Preparation):
    """How articles become rows of an index: in this process or, where there are many, in a crew of others."""

    crew: Hands | None = None

    def write(self, changes: Iterable[Article | Copy], writer: Takes) -> None:
        """Prepare and add, in order; the batches depend on nothing but what is written."""
        batches, again = itertools.tee(_batches(changes))
        rows = self._packed((articles for articles, _ in batches if articles), writer.pack)
        for articles, copies in again:
            if articles:
                writer.add_packed(next(rows))
            for copy in copies:
                writer.add_copy(copy.article, copy.original)

    def _packed(self, batches: Iterator[list[Article]], pack: Packer) -> Iterator[Any]:
        few = list(itertools.islice(batches, _ALONE_BATCHES)) if self.crew and not self.crew.started else []
        if self.crew and (self.crew.started or len(few) == _ALONE_BATCHES):
            return self.crew.packed(itertools.chain(few, batches), pack)
        return (pack(self.prepare(batch)) for batch in itertools.chain(few, batches))


def _batches(changes: Iterable[Article | Copy]) -> Iterator[tuple[list[Article], list[Copy]]]:
    """Articles that are prepared together, and the copies that are written after them."""
    articles: list[Article] = []
    copies: list[Copy] = []
    held = 0
    for change in changes:
        if isinstance(change, Copy):
            copies.append(change)
        else:
            articles.append(change)
            held += len(change.text)
        if held >= _BATCH_CHARS or len(articles) + len(copies) >= _BATCH_ARTICLES:
            yield articles, copies
            articles, copies, held = [], [], 0
    if articles or copies:
        yield articles, copies


@dataclass(slots=True)
class _Portion:
    """The records that are published together: so many, or what came in so many seconds."""

    records: Iterator[Article | Rejection]
    commit_records: int
    commit_s: float
    ended: bool = False

    def __iter__(self) -> Iterator[Article | Rejection]:
        began = time.monotonic()
        for count, record in enumerate(self.records, 1):
            yield record
            if count == self.commit_records or time.monotonic() - began >= self.commit_s:
                return
        self.ended = True


def ingest(
    records: Iterable[Article | Rejection], writer: Writer, pipeline: Pipeline, update: bool = False,
    progress: Progress | None = None, commit_records: int = sys.maxsize, commit_s: float = math.inf,
) -> IngestReport:  # fmt: skip
    """Take records into a collection; a bad record stops none of the others.

    They are published in one step, or in several: after every ``commit_records`` of them, or ``commit_s`` seconds.
    """
    began = time.perf_counter()
    counts, seen = _Counts(), dict[str, str]()
    rest = iter(records)
    while True:
        portion = _Portion(rest, commit_records, commit_s)
        pipeline.write(_new(portion, writer, counts, seen, update, progress), writer)
        manifest = writer.commit()
        if portion.ended:
            break
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


def _without(article_ids: Sequence[str], copies: Copies) -> Iterator[Article | Copy]:
    for article_id in article_ids:
        yield from copies.take_out(article_id)
    yield from copies.settle()


def _new(
    records: Iterable[Article | Rejection], writer: Writer, counts: _Counts, seen: dict[str, str], update: bool,
    progress: Progress | None,
) -> Iterator[Article | Copy]:  # fmt: skip
    """What is to be written; repeats and rejections are dealt with on the way.

    ``seen``: id -> sha256 of what was taken in this run.
    """
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
            is_copy = not any(isinstance(change, Article) for change in placed)
            counts.added += not is_copy
            counts.copies += is_copy
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
