"""What is done to articles before they are written, in this process or in others: chunk, analyse, encode, annotate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service import analyzer
from service.backends.base import NOTHING_FOUND, Prepared
from service.chunker import chunk
from service.encoder import Encoder
from service.records import Annotations, Article

Annotate = Callable[[Article], Annotations]


@dataclass(frozen=True, slots=True)
class Preparation:
    """How articles become rows of an index; the same for every way in."""

    encoder: Encoder
    chunk_words: int
    overlap_sentences: int
    annotate: Annotate | None = None  # finds places and dates; None: they are left out

    def prepare(self, articles: Sequence[Article]) -> list[Prepared]:
        """The articles in their order; they are encoded together."""
        chunked = [chunk(article, self.chunk_words, self.overlap_sentences) for article in articles]
        titled = [f"{article.title}\n{c.text}" for article, own in zip(articles, chunked, strict=True) for c in own]
        terms = [analyzer.terms(text) for text in titled]
        vectors = self.encoder.encode_passages(titled)
        prepared, start = [], 0
        for article, own in zip(articles, chunked, strict=True):
            rows = slice(start, start + len(own))
            found = self.annotate(article) if self.annotate else NOTHING_FOUND
            prepared.append(Prepared(article, own, terms[rows], vectors[rows], found))
            start += len(own)
        return prepared
