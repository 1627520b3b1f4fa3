"""What a version knows of its terms and places: frequencies, numbers, sounds, spellings. Kept in the server's records.

A reader fetches it whole when it opens, so that looking words up asks nothing of the server. A term's number is 32 bits
of its hash, the next free one where another term has that. ``sample`` has, for each term, the articles that hold it,
at most so many (those that come first in a random order that is the same for all terms): from these the number of
articles with a weighted group of terms is told, exactly as long as no term of the group stands in more articles.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.embedded import variants
from service.backends.embedded.variants import Spellings
from service.backends.milvus.bags import Numbers
from service.backends.milvus.facts import cells, place_of
from service.records import Place
from service.sound import skeleton
from service.vocabulary import Terms

Longs = npt.NDArray[np.int64]
_LAST = 2**32 - 2  # numbers of terms are below it: servers keep the last for themselves
_EVERY = 2**32


def hashed(term: str) -> int:
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest(), "little") % _LAST


def place_in_line(article: npt.NDArray[np.int64]) -> Numbers:
    """Articles' numbers mixed, each to another 32 bits: the order in which samples take them."""
    mixed = article.astype(np.uint64) & np.uint64(0xFFFFFFFF)
    for factor in (0x9E3779B1, 0x85EBCA6B):
        mixed = ((mixed ^ (mixed >> np.uint64(16))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return (mixed ^ (mixed >> np.uint64(15))).astype(np.uint32)


@dataclass
class Dictionary:
    """Terms are sorted by their UTF-8; the arrays go with them."""

    names: list[str] = field(default_factory=list)
    numbers: Numbers = field(default_factory=lambda: np.zeros(0, np.uint32))
    df: Longs = field(default_factory=lambda: np.zeros(0, np.int64))  # live passages
    articles: Longs = field(default_factory=lambda: np.zeros(0, np.int64))  # live articles
    starts: Longs = field(default_factory=lambda: np.zeros(1, np.int64))  # of each term's sample
    line: Numbers = field(default_factory=lambda: np.zeros(0, np.uint32))  # ascending within a term
    counts: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    places: dict[int, Place] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def by_number(self) -> tuple[Numbers, Longs]:
        order = np.argsort(self.numbers)
        return self.numbers[order], order

    def rows_of(self, numbers: npt.NDArray[np.unsignedinteger]) -> Longs:
        """The terms of some numbers, which must be known."""
        ordered, order = self.by_number
        found: Longs = order[np.searchsorted(ordered, numbers)]
        return found

    def find(self, terms: Iterable[str]) -> Longs:
        """-1 for what is not there."""
        return np.array([self.index.get(term, -1) for term in terms], np.int64)

    @cached_property
    def _sounds(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names:
            if len(sound := skeleton(name)) >= 2:
                found.setdefault(sound, []).append(name)
        return found

    def sounding(self, sound: str) -> list[str]:
        return self._sounds.get(sound, [])

    @cached_property
    def spellings(self) -> Spellings:
        terms = Terms.pack(name.encode() for name in self.names)
        return Spellings(variants.build(terms), terms)

    def group(self, rows: Longs, shares: npt.NDArray[np.float64]) -> float:
        """Articles that hold a group of terms, each counting by how often, times its share, and at most once."""
        if len(rows) == 1 and shares[0] == 1.0:
            return float(self.articles[rows[0]])
        spans = [slice(self.starts[row], self.starts[row + 1]) for row in rows.tolist()]
        line = np.concatenate([self.line[:0], *(self.line[span] for span in spans)])
        held = [self.counts[span] * share for span, share in zip(spans, shares.tolist(), strict=True)]
        mass = np.concatenate([np.zeros(0), *held])
        bound = _EVERY  # below it the samples are whole
        for row, span in zip(rows.tolist(), spans, strict=True):
            if 0 < span.stop - span.start < self.articles[row]:
                bound = min(bound, int(self.line[span.stop - 1]) + 1)
        if bound < _EVERY:
            inside = line < bound
            line, mass = line[inside], mass[inside]
        _, which = np.unique(line, return_inverse=True)
        return float(np.minimum(np.bincount(which, mass), 1.0).sum()) * _EVERY / bound if len(line) else 0.0

    def save(self) -> bytes:
        """Without what can be made again."""
        out = io.BytesIO()
        places = json.dumps({str(number): cells(place) for number, place in sorted(self.places.items())})
        names, told = (np.frombuffer(text.encode(), np.uint8) for text in ("\n".join(self.names), places))
        np.savez(
            out, numbers=self.numbers, df=self.df, articles=self.articles, starts=self.starts, line=self.line,
            counts=self.counts, names=names, places=told,
        )  # fmt: skip
        return out.getvalue()

    @classmethod
    def load(cls, saved: bytes) -> Dictionary:
        with np.load(io.BytesIO(saved), allow_pickle=False) as found:
            texts = {name: found[name].tobytes().decode() for name in ("names", "places")}
            arrays: list[Any] = [found[name] for name in ("numbers", "df", "articles", "starts", "line", "counts")]
        places = {int(number): place_of(kept) for number, kept in json.loads(texts["places"]).items()}
        numbers, df, articles, starts, line, counts = arrays
        names = texts["names"].split("\n") if texts["names"] else []
        return cls(names, numbers, df, articles, starts, line, counts, places)


@dataclass(frozen=True, slots=True)
class Change:
    """Occurrences that come or go: term ``names[term[i]]`` stands ``count[i]`` times in an article."""

    names: Sequence[str]
    term: Longs
    article: Longs
    count: Longs
    passages: Longs  # of each name: in how many passages it stands


def numbered(names: Iterable[str], known: Dictionary) -> dict[str, int]:
    """Numbers for terms, those that are new in the order given."""
    taken = set(known.numbers.tolist())
    found: dict[str, int] = {}
    for name in names:
        if (row := known.index.get(name)) is not None:
            found[name] = int(known.numbers[row])
            continue
        number = hashed(name)
        while number in taken:
            number = (number + 1) % _LAST
        taken.add(number)
        found[name] = number
    return found


def changed(
    known: Dictionary, come: Change, numbers: Mapping[str, int], gone: Change, places: Mapping[int, Place], size: int
) -> Dictionary:
    """The dictionary after a commit; ``size``: articles in the sample of a term, at most."""
    names = sorted({*known.names, *come.names}, key=str.encode)
    rank = {name: i for i, name in enumerate(names)}
    found = Dictionary(names, places={**known.places, **places})
    old = np.array([rank[name] for name in known.names], np.int64)
    found.numbers = np.array([numbers.get(name, 0) for name in names], np.uint32)
    found.numbers[old] = known.numbers
    df, articles = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    df[old], articles[old] = known.df, known.articles
    parts = [(np.repeat(old, np.diff(known.starts)), known.line, known.counts.astype(np.int64))]
    away = np.zeros(0, np.uint64)
    for sign, change in ((1, come), (-1, gone)):
        row = np.array([rank[name] for name in change.names], np.int64)
        np.add.at(df, row, sign * change.passages)
        terms, line = row[change.term], place_in_line(change.article)
        np.add.at(articles, terms, sign)
        if sign > 0:
            parts.append((terms, line, change.count))
        else:
            away = (terms.astype(np.uint64) << np.uint64(32)) | line
    terms, line, counts = (np.concatenate([part[i] for part in parts]) for i in range(3))
    keys = (terms.astype(np.uint64) << np.uint64(32)) | line.astype(np.uint64)
    kept = ~np.isin(keys, away)
    keys, counts = keys[kept], counts[kept]
    order = np.argsort(keys)
    keys, counts = keys[order], counts[order]
    terms = (keys >> np.uint64(32)).astype(np.int64)
    first = np.searchsorted(terms, np.arange(len(names)))
    among = np.arange(len(terms)) - first[terms] < size if len(terms) else np.zeros(0, bool)
    # A sample that was cut must not grow again: what it lacks came before what comes now.
    limit = _limits(known, old, len(names))
    among &= (keys & np.uint64(0xFFFFFFFF)).astype(np.int64) <= limit[terms]
    terms = terms[among]
    found.starts = np.concatenate([[0], np.cumsum(np.bincount(terms, minlength=len(names)))]).astype(np.int64)
    found.line = (keys[among] & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    found.counts = np.minimum(counts[among], 255).astype(np.uint8)
    found.df, found.articles = df, articles
    return found


def _limits(known: Dictionary, old: Longs, size: int) -> Longs:
    """The last place in line up to which each term's sample is whole."""
    limit = np.full(size, _EVERY, np.int64)
    sizes = np.diff(known.starts)
    cut = np.flatnonzero(sizes < known.articles)
    ends = known.starts[cut + 1] - 1
    limit[old[cut]] = np.where(sizes[cut] > 0, known.line[np.maximum(ends, 0)].astype(np.int64), -1)
    return limit
