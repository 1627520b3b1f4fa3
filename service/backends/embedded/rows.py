"""Articles as the columns of a segment: made in any process from what was prepared, or taken out of a segment."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service import analyzer
from service.backends.base import Prepared
from service.backends.embedded.facts import Found, found_in
from service.backends.embedded.postings import Bag, bag
from service.records import Article

_LEVEL = 6  # of zlib


@dataclass(frozen=True, slots=True)
class Rows:
    """Some articles and their chunks; rows of either are numbered from 0."""

    ids: list[str]
    stored: list[tuple[object, ...]]  # metadata, sha256 and compressed text of each article, as store.sqlite has them
    chunks: npt.NDArray[np.int32]  # (n, 6) as chunks.npy
    terms: Bag
    fields: Bag
    vectors: npt.NDArray[np.float16]  # (n, dim)
    found: Found


def metadata(article: Article) -> tuple[str, ...]:
    """In the order of store.sqlite's columns."""
    return (article.article_id, article.title, article.source, article.published, article.url, article.language,
            article.origin, article.origin_sha256)  # fmt: skip


def pack(batch: Sequence[Prepared]) -> Rows:
    """The columns of prepared articles, which are at least one."""
    chunks = [
        (row, c.ordinal, c.start, c.end, len(terms), analyzer.arabic_share(c.text) >= 0.5)
        for row, entry in enumerate(batch)
        for c, terms in zip(entry.chunks, entry.terms, strict=True)
    ]
    return Rows(
        [entry.article.article_id for entry in batch],
        [(*metadata(e.article), e.article.sha256, zlib.compress(e.article.text.encode(), _LEVEL)) for e in batch],
        np.array(chunks, np.int32).reshape(-1, 6),
        bag([terms for entry in batch for terms in entry.terms]),
        bag([_field_terms(entry.article) for entry in batch]),
        np.concatenate([entry.vectors for entry in batch]).astype(np.float16),
        found_in([(entry.article, entry.chunks, entry.found) for entry in batch]),
    )


def _field_terms(article: Article) -> list[str]:
    """What title: and source: filters look up."""
    title = {f"t:{term}" for term in analyzer.terms(article.title)}
    source = {f"s:{analyzer.normalize(word)}" for word in analyzer.words(article.source)}
    return sorted(title | source)
