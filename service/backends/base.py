"""The seam between Rasad and an engine: what any backend offers to read from and to write to.

Fusion, analysis, translation and the checks of citations stay above this seam, so that answers are the same on
every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from service.places.area import Area
from service.records import (
    Annotations,
    Article,
    Chunk,
    Concept,
    DateMention,
    Facets,
    Language,
    Manifest,
    PlaceMention,
    Ranking,
)

Vectors = npt.NDArray[np.float32]
Keys = npt.NDArray[np.int64]
NOTHING_FOUND = Annotations()


Alternatives = tuple[tuple[str, ...], ...]  # index terms; one alternative must be there whole


@dataclass(frozen=True, slots=True)
class Filter:
    """Which chunks may be returned: each group of alternatives must be met, none of ``excluded``.

    ``phrases`` and ``excluded`` are met where the words stand in the chunk or its title one after the other;
    ``titles`` and ``sources`` look at those fields of the article. A chunk must name a place in one area of each
    group of ``areas``; its article must be published in ``period`` (days as ISO 8601, both included, "" for open), or
    the chunk name a day of it; the article's source is one of ``published_by``, exactly, its language one of
    ``languages``, where there are any.
    """

    phrases: tuple[Alternatives, ...] = ()
    excluded: Alternatives = ()
    titles: tuple[Alternatives, ...] = ()
    sources: tuple[Alternatives, ...] = ()
    areas: tuple[tuple[Area, ...], ...] = ()
    period: tuple[str, str] = ("", "")
    published_by: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        words = self.phrases or self.excluded or self.titles or self.sources
        return bool(words or self.areas or any(self.period) or self.published_by or self.languages)


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with the article it was cut from, as fetched for display."""

    chunk: Chunk
    article: Article
    copies: tuple[str, ...]


class Reader(Protocol):
    """One published version of a collection, pinned for the life of the reader."""

    @property
    def manifest(self) -> Manifest: ...

    def search_terms(
        self, concepts: Sequence[Concept], depth: int, keep: Filter | None = None, article_weight: float = 0.0
    ) -> Ranking:
        """Best ``depth`` chunks by BM25 over concepts (see records.Concept); ties at the end by docid.

        ``article_weight`` times the BM25 score of the whole article is added to that of each of its chunks.
        """

    def search_vector(self, vector: Vectors, depth: int, keep: Filter | None = None) -> Ranking:
        """Best ``depth`` chunks by inner product with a unit vector of shape (dim,); ties at the end by docid."""

    def best_possible(self, concepts: Sequence[Concept], article_weight: float = 0.0) -> float:
        """What ``search_terms`` would give a chunk that held every concept endlessly often: the scale of its scores."""

    def languages(self, keys: Sequence[int]) -> list[Language]:
        """The language of each chunk, by its script."""

    def chunks_in(self, language: Language) -> int:
        """How many chunks are in a language, by their script."""

    def homes(self, keys: Sequence[int]) -> list[int]:
        """A number for the article that each chunk is cut from."""

    def article_lengths(self, keys: Sequence[int]) -> list[int]:
        """How many index terms the chunks of each chunk's article have together, with its title."""

    def term_mass(
        self, keys: Sequence[int], shares: Sequence[float]
    ) -> tuple[Sequence[str], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The index terms of some chunks and of their titles, sorted, with mass and document frequency, (n,) each.

        A term's mass is the sum over the chunks of its part in their terms times their share.
        """

    def search_places(
        self, areas: Sequence[Area], depth: int, keep: Filter | None = None, among: Sequence[int] | Keys = ()
    ) -> Ranking:
        """How well chunks fit the areas by the places that they name, 0 to 1: those ``among`` and the best others."""

    def days(self, keys: Keys) -> Keys:
        """The day on which each chunk's article was published, as date.toordinal(); 0 when unknown."""

    def in_period(self, keys: Keys, period: tuple[str, str]) -> npt.NDArray[np.bool_]:
        """Whether each chunk meets a filter's ``period``."""

    def places(self, key: int) -> list[PlaceMention]:
        """Places named in a chunk, in text order; those of the title with its article's first chunk."""

    def dates(self, key: int) -> list[DateMention]:
        """Days and periods named in a chunk, in text order."""

    def facets(self, keys: Sequence[int]) -> Facets:
        """Counts of the articles that these chunks are from."""

    def near_copies(self, keys: Sequence[int]) -> list[tuple[str, ...]]:
        """For each chunk the ids of the other articles that are near copies of its own, or have a near copy of it.

        In index order.
        """

    def near_groups(self, keys: Sequence[int]) -> list[tuple[int, int]]:
        """For each chunk the labels of its group of near copies, and of its article's."""

    def docids(self, keys: Sequence[int]) -> list[str]:
        """The docids of keys that this reader gave."""

    def fetch(self, keys: Sequence[int]) -> list[StoredChunk]:
        """The chunks in the order asked for."""

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        """An article, or a copy under its own id and metadata, and the ids of all exact copies but itself."""

    def document_frequency(self, term: str) -> int:
        """Number of chunks with the term; 0 when the vocabulary lacks it."""

    def document_frequencies(self, terms: Sequence[str]) -> npt.NDArray[np.int64]:
        """Number of chunks with each term, (n,)."""

    def sounds_like(self, skeleton: str) -> Sequence[tuple[str, int]]:
        """(index term, document frequency) of the terms with this consonant skeleton (see sound.py), sorted."""

    def spelt_alike(self, term: str, most: int) -> Sequence[tuple[str, float]]:
        """(index term, likeness from 0 to 1) of other terms spelt much like this one, the likest first."""

    def vocabulary(self) -> Sequence[str]:
        """Every index term of the version, sorted."""

    def copies(self) -> dict[str, tuple[str, ...]]:
        """Article id -> ids of its exact copies, for every article that has some."""

    def article_ids(self) -> list[str]:
        """Ids of all live articles in the order they came, then those of the copies."""

    def warm(self) -> None:
        """Get ready for many searches: what one process loads once for all of them."""

    def notices(self) -> tuple[str, ...]:
        """What is to be said of how complete the last searches were, as names of notices.py; () where they were."""

    def close(self) -> None: ...


class Prepared(NamedTuple):
    """An article with its chunks, their index terms, unit vectors (n, dim), and the places and dates in it."""

    article: Article
    chunks: Sequence[Chunk]
    terms: Sequence[Sequence[str]]
    vectors: Vectors
    found: Annotations = NOTHING_FOUND


class Packer(Protocol):
    """What can be done for a writer ahead of it, in any process: a function that pickle can name."""

    def __call__(self, batch: Sequence[Prepared]) -> Any: ...


class Takes(Protocol):
    """What articles are written to, once they are prepared."""

    pack: Packer

    def add_packed(self, packed: Any) -> None:
        """What ``pack`` made of new articles."""

    def add_copy(self, article: Article, original: str) -> None:
        """A new id for a text that is stored already."""


class Writer(Takes, Protocol):
    """The only hand that changes a collection. Nothing is visible before ``commit`` returns.

    ``extra`` is kept in the manifest from version to version.
    """

    extra: dict[str, str]

    def known(self, article_id: str) -> str | None:
        """sha256 of the text stored under this id, None when the id is new."""

    def holder(self, sha256: str) -> str | None:
        """The article id under which exactly this text is stored, None when the text is new."""

    def article(self, article_id: str) -> tuple[Article, tuple[str, ...]]:
        """A published article and its copies' ids, as Reader.article; not what was deleted since."""

    def add(
        self, article: Article, chunks: Sequence[Chunk], terms: Iterable[Sequence[str]], vectors: Vectors,
        found: Annotations = NOTHING_FOUND,
    ) -> None:  # fmt: skip
        """A new article with its chunks, their index terms, unit vectors (n, dim), and the places and dates in it."""

    def delete(self, article_id: str) -> None:
        """Take an article or a copy out. Raises ArticleNotFound."""

    def commit(self) -> Manifest:
        """Publish everything since the last commit in one step, durably."""

    def close(self) -> None:
        """Ends what goes on in the background; what was committed is there whatever this raises."""


def anything(_: Manifest) -> None:
    """Any version fits."""


class Backend(Protocol):
    """Where collections are: which there are, who reads them and who writes them."""

    @property
    def place(self) -> str:
        """Where they are, for messages."""

    def names(self) -> list[str]:
        """Collections that have a published version, sorted."""

    def version(self, collection: str) -> str | None:
        """Name of the published version, None when there is none."""

    def manifest(self, collection: str, version: str | None = None) -> Manifest:
        """Of the published version by default. Raises CollectionNotFound, IndexDamaged, IndexMismatch."""

    def reader(
        self, collection: str, version: str | None = None, fits: Callable[[Manifest], None] = anything
    ) -> Reader:
        """Of the published version by default; ``fits`` may raise, before it is read. Raises as ``manifest`` does."""

    def writer(
        self, collection: str, recipe: Mapping[str, str], dim: int, fresh: bool = False, timeout_s: float = 0.0
    ) -> Writer:
        """``fresh``: the next version starts empty; ``timeout_s``: how long to wait for another writer to end."""

    def noted(self, collection: str) -> str:
        """The text kept beside a collection's versions, "" for none."""

    def note(self, collection: str, text: str) -> None:
        """Keep it in place of the last."""

    def close(self) -> None: ...
