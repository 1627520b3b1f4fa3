"""Groups of near copies: each article and each chunk of a segment has the label of its group, found when it is written.

near.articles.keys.npy, near.chunks.keys.npy        (bands, n) uint32: see duplicates.py
near.articles.labels.npy, near.chunks.labels.npy    (n,) uint64: the group's, which is made from its first member's name

Of what came before it, in whatever segment, a text joins the one that is most like it, the first of several. So groups
do not depend on how the articles came in portions, and labels never change: what is deleted leaves its label to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service import duplicates
from service.duplicates import Bands, Hashes
from service.mapping import mapped

_FILTER_BITS = 20


@dataclass(frozen=True, slots=True)
class Kinship:
    """The articles or the chunks of a segment."""

    keys: Bands  # (bands, n)
    labels: Hashes  # (n,)

    def save(self, folder: Path, name: str) -> None:
        np.save(folder / f"near.{name}.keys.npy", self.keys, allow_pickle=False)
        np.save(folder / f"near.{name}.labels.npy", self.labels, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Kinship:
        return cls(mapped(folder / f"near.{name}.keys.npy"), mapped(folder / f"near.{name}.labels.npy"))

    def only(self, kept: npt.NDArray[np.bool_]) -> Kinship:
        return Kinship(np.ascontiguousarray(self.keys[:, kept]), self.labels[kept])


@dataclass(frozen=True, slots=True)
class Relations:
    """Both of a segment."""

    articles: Kinship
    chunks: Kinship

    def save(self, folder: Path) -> None:
        self.articles.save(folder, "articles")
        self.chunks.save(folder, "chunks")

    @classmethod
    def load(cls, folder: Path) -> Relations:
        return cls(Kinship.load(folder, "articles"), Kinship.load(folder, "chunks"))

    @classmethod
    def joined(cls, parts: Sequence[Relations]) -> Relations:
        return cls(joined([part.articles for part in parts]), joined([part.chunks for part in parts]))

    def settled(self, earlier: Sequence[Relations], alike: float) -> Relations:
        return Relations(
            settled(self.articles, [part.articles for part in earlier], alike),
            settled(self.chunks, [part.chunks for part in earlier], alike),
        )


def label(name: str) -> int:
    """Of a group whose first member has this article id or docid."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def joined(parts: Sequence[Kinship]) -> Kinship:
    """One after the other; those without rows may have any number of bands."""
    filled = [part for part in parts if len(part.labels)]
    if not filled:
        return Kinship(np.zeros((1, 0), np.uint32), np.zeros(0, np.uint64))
    return Kinship(
        np.concatenate([part.keys for part in filled], axis=1), np.concatenate([part.labels for part in filled])
    )


def settled(new: Kinship, earlier: Sequence[Kinship], alike: float) -> Kinship:
    """With the labels of the groups that they belong to; they come with labels of their own."""
    earlier = [part for part in earlier if len(part.labels)]
    size = len(new.labels)
    before = np.cumsum([0, *(len(part.labels) for part in earlier)])
    likeness, nearest = np.zeros(size), before[-1] + np.arange(size)  # numbers over all that came before, then these
    for band, keys in enumerate(new.keys):
        values, first, which = np.unique(keys, return_index=True, return_inverse=True)
        candidates = before[-1] + first
        for number in reversed(range(len(earlier))):  # what came first is written last
            rows, hit = _hits(earlier[number].keys[band], values)
            candidates[hit[::-1]] = before[number] + rows[::-1]
        offered = candidates[which]
        asked = np.flatnonzero(offered < before[-1] + np.arange(size))
        if not len(asked):
            continue
        found = duplicates.alike(new.keys[:, asked], _keys_of(offered[asked], new, earlier, before))
        better = (found > likeness[asked]) | ((found == likeness[asked]) & (offered[asked] < nearest[asked]))
        better &= found >= alike
        likeness[asked[better]], nearest[asked[better]] = found[better], offered[asked[better]]
    labels = new.labels.copy()
    for number, part in enumerate(earlier):
        here = (nearest >= before[number]) & (nearest < before[number + 1])
        labels[here] = part.labels[nearest[here] - before[number]]
    parents = np.where(nearest >= before[-1], nearest - before[-1], np.arange(size))
    while (parents[parents] != parents).any():
        parents = parents[parents]
    return Kinship(new.keys, labels[parents])


def _hits(keys: Bands, values: Bands) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(rows of ``keys``, places in ``values``, which is sorted) of what is in both; a bit filter first."""
    if not len(values) or not len(keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    marks = np.zeros(1 << _FILTER_BITS, bool)
    marks[_filtered(values)] = True
    rows = np.flatnonzero(marks[_filtered(keys)])
    places = np.minimum(np.searchsorted(values, keys[rows]), len(values) - 1)
    same = values[places] == keys[rows]
    return rows[same], places[same]


def _filtered(keys: Bands) -> npt.NDArray[np.int64]:
    return ((keys * np.uint32(0x9E3779B1)) >> np.uint32(32 - _FILTER_BITS)).astype(np.int64)


def _keys_of(
    numbers: npt.NDArray[np.int64], new: Kinship, earlier: Sequence[Kinship], before: npt.NDArray[np.int64]
) -> Bands:
    found = np.empty((len(new.keys), len(numbers)), np.uint32)
    for i, part in enumerate([*earlier, new]):
        here = np.flatnonzero((numbers >= before[i]) & (numbers < (before[i + 1] if i < len(earlier) else np.inf)))
        found[:, here] = part.keys[:, numbers[here] - before[i]]
    return found
