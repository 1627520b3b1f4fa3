"""Pages of one ranking: in which order, from where on, and of which index version."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from litestar.exceptions import ClientException

from service.records import Passage, SearchResult

if TYPE_CHECKING:
    from service.web.asked import Asked
    from service.web.ports import SearchEngine

MAX_PAGED = 1_000  # passages that can be reached by turning pages
DATED = 200  # best passages that are put in order of their dates


class Sort(StrEnum):
    """The order of passages."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins. It belongs to one search over one index version, whatever is published since."""

    version: str
    offset: int
    search: str  # digest of what was asked

    def __str__(self) -> str:
        packed = json.dumps([self.version, self.offset, self.search], separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a search's passages, ranks counted over all pages; ``following`` is None on the last one."""

    result: SearchResult
    following: Cursor | None


def read_cursor(text: str, asked: Asked) -> Cursor | None:
    """The cursor of a request, None for the first page."""
    if not text:
        return None
    try:
        version, offset, search = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        cursor = Cursor(str(version), int(offset), str(search))
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ClientException("parameter cursor is not one that this service gave: start at the first page") from error
    if cursor.search != _digest(asked):
        raise ClientException("parameter cursor belongs to another search: repeat q and the filters as they were")
    if not 0 < cursor.offset < MAX_PAGED:
        raise ClientException(f"parameter cursor is out of range: pages reach {MAX_PAGED} passages, narrow the search")
    return cursor


def page(engine: SearchEngine, asked: Asked, cursor: Cursor | None) -> Page:
    """One page of the ranking. Raises VersionGone where the cursor's index version is no longer kept."""
    begin = cursor.offset if cursor else 0
    end = min(begin + asked.k, MAX_PAGED)
    searcher = engine.retriever(asked.collection, cursor.version if cursor else "")
    depth = end if asked.sort is Sort.RELEVANCE else max(DATED, asked.k)
    found = searcher.search(asked.text, depth, asked.explain, asked.filters)
    passages = in_order(found.passages, asked.sort)
    shown = passages[begin:end]
    full = len(shown) == asked.k and end < MAX_PAGED  # may have a page after it, which may be empty
    more = full if asked.sort is Sort.RELEVANCE else end < len(passages)
    following = Cursor(found.version, end, _digest(asked)) if more else None
    return Page(replace(found, passages=tuple(shown)), following)


def in_order(passages: Sequence[Passage], sort: Sort) -> Sequence[Passage]:
    """Passages that come best first, in another order with ranks to match; undated ones stay at the end."""
    if sort is Sort.RELEVANCE:
        return passages
    when = {passage.docid: instant(passage.published) for passage in passages}
    dated = [passage for passage in passages if when[passage.docid] is not None]
    undated = [passage for passage in passages if when[passage.docid] is None]
    dated.sort(key=lambda passage: when[passage.docid] or 0.0, reverse=sort is Sort.NEWEST)
    return [replace(passage, rank=rank) for rank, passage in enumerate((*dated, *undated), 1)]


def instant(published: str) -> float | None:
    """Seconds since 1970, UTC where no zone is named; None for what is no ISO 8601 date."""
    try:
        found = datetime.fromisoformat(published if len(published) != 7 else f"{published}-01")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _digest(asked: Asked) -> str:
    parts = [asked.text, asked.collection, asked.options()]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]
