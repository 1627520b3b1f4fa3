"""Articles as the columns of a segment: made in any process from what was prepared, or taken out of a segment."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from service import analyzer, duplicates
from service.backends.base import Packer, Prepared
from service.backends.embedded.details import checksum, details
from service.backends.embedded.facts import Found, found_in
from service.backends.embedded.kinship import Kinship, Relations, label
from service.backends.embedded.postings import Bag, Flat, bag, bag_of, flattened
from service.duplicates import Kin
from service.records import Article
from service.vocabulary import hashes

NEAR_COPIES = "words3/8/0.6"  # where a recipe does not say
_LEVEL = 6  # of zlib


@dataclass(frozen=True, slots=True)
class Rows:
    """Some articles and their chunks; rows of either are numbered from 0."""

    ids: list[str]
    stored: list[tuple[object, ...]]  # details, sha256, compressed text, checksum of each article, as in store.sqlite
    chunks: npt.NDArray[np.int32]  # (n, 6) as chunks.npy
    terms: Bag
    fields: Bag
    vectors: npt.NDArray[np.float16]  # (n, dim)
    found: Found
    near: Relations
    settled: bool = False  # whether ``near`` has the labels of groups, or each row its own


def packer(recipe: Mapping[str, str]) -> Packer:
    """``pack`` as an index's recipe wants it."""
    return partial(pack, bands=Kin.of(recipe, NEAR_COPIES).bands)


def pack(batch: Sequence[Prepared], bands: int) -> Rows:
    """The columns of prepared articles, which are at least one."""
    chunks = [
        (row, c.ordinal, c.start, c.end, len(terms), analyzer.arabic_share(c.text) >= 0.5)
        for row, entry in enumerate(batch)
        for c, terms in zip(entry.chunks, entry.terms, strict=True)
    ]
    flat = flattened([terms for entry in batch for terms in entry.terms])
    terms = bag_of(flat)
    return Rows(
        [entry.article.article_id for entry in batch],
        [_stored(entry.article) for entry in batch],
        np.array(chunks, np.int32).reshape(-1, 6),
        terms,
        bag([_field_terms(entry.article) for entry in batch]),
        np.concatenate([entry.vectors for entry in batch]).astype(np.float16),
        found_in([(entry.article, entry.chunks, entry.found) for entry in batch]),
        _relations(batch, flat, bands),
    )


def _stored(article: Article) -> tuple[object, ...]:
    cells = details(article)
    return *cells, article.sha256, zlib.compress(article.text.encode(), _LEVEL), checksum(cells)


def _relations(batch: Sequence[Prepared], flat: Flat, bands: int) -> Relations:
    """Of the chunks without their titles; an article's signature is that of all its chunks together."""
    titles = np.repeat([len(analyzer.terms(e.article.title)) for e in batch], [len(e.chunks) for e in batch])
    titles = np.minimum(titles.astype(np.int64), flat.lengths)
    starts = np.cumsum(flat.lengths) - flat.lengths
    place = np.arange(len(flat.ids)) - np.repeat(starts, flat.lengths)
    tokens = hashes(flat.names)[flat.ids[place >= np.repeat(titles, flat.lengths)]]
    signatures = duplicates.signatures(tokens, flat.lengths - titles, 2 * bands)
    ids = [entry.article.article_id for entry in batch]
    docids = [chunk.docid for entry in batch for chunk in entry.chunks]
    whole = np.full((len(batch), signatures.shape[1]), 0xFFFFFFFF, np.uint32)
    np.minimum.at(whole, np.repeat(np.arange(len(batch)), [len(e.chunks) for e in batch]), signatures)
    of_articles, of_chunks = (np.array([label(name) for name in names], np.uint64) for names in (ids, docids))
    passages = signatures[:, : signatures.shape[1] // 2]
    return Relations(
        Kinship(duplicates.keys(whole, of_articles), of_articles),
        Kinship(duplicates.keys(passages, of_chunks), of_chunks),
    )


def _field_terms(article: Article) -> list[str]:
    """What title: and source: filters look up."""
    title = {f"t:{term}" for term in analyzer.terms(article.title)}
    source = {f"s:{analyzer.normalize(word)}" for word in analyzer.words(article.source)}
    return sorted(title | source)
