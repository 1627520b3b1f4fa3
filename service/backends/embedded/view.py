"""What a reader reads: one version of one collection, or versions of several as if their articles were in one.

In several, every id begins with its collection's name and a colon. A text that an earlier collection holds too is
one of its copies, as it would be in one collection. Statistics are pooled, exactly; near copies are found anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from service import duplicates
from service.backends.embedded.kinship import Kinship, Relations, label
from service.backends.embedded.labelled import Labelled
from service.backends.embedded.layout import NOTHING, SEPARATOR
from service.backends.embedded.pinned import CopyAt, Part, Pinned, live_chunks
from service.backends.embedded.publishing import Counted, counted, statistics_of
from service.backends.embedded.rows import NEAR_COPIES
from service.duplicates import Kin
from service.errors import IndexMismatch
from service.records import Manifest


class View(NamedTuple):
    """``pins`` are held as long as it is read."""

    manifest: Manifest
    parts: Sequence[Part]
    copies: Mapping[str, CopyAt]
    pins: Sequence[Pinned]


def of_one(pin: Pinned) -> View:
    return View(pin.manifest, pin.parts, pin.copies, [pin])


def of_several(pins: Sequence[Pinned]) -> View:
    """Raises IndexMismatch where the versions were not made by the same recipe."""
    first = pins[0].manifest
    for pin in pins[1:]:
        _check_same(first, pin.manifest)
    alike = Kin.of(first.recipe, NEAR_COPIES).alike
    texts: dict[str, str] = {}  # sha256 -> the id that holds it
    parts: list[Part] = []
    copies: dict[str, CopyAt] = {}
    counts: list[Counted] = []
    before: list[Relations] = []
    for pin in pins:
        prefix = pin.manifest.collection + ":"
        held_by: dict[str, str] = {}  # id of this collection that is a copy here -> the id that holds its text
        here: dict[str, Part] = {}  # by the folder of its segment
        for part in pin.parts:
            same = {}
            for row, article_id, sha256 in part.segment.texts():
                own = prefix + article_id
                if row not in part.gone and (holder := texts.setdefault(sha256, own)) != own:
                    same[row] = held_by[own] = holder
            found, relations = _renamed(part, prefix, same.keys(), before if pin is not pins[0] else None, alike)
            before.append(relations)
            copies |= {found.article_id(row): CopyAt(holder, found, row) for row, holder in same.items()}
            here[part.segment.folder.name] = found
            gone = pin.deleted.get(part.segment.folder.name, NOTHING)["copies"]
            counts.append(counted(found.segment, {"articles": sorted(found.gone), "copies": gone}))
        for copy, at in pin.copies.items():
            original = prefix + at.original
            copies[prefix + copy] = CopyAt(held_by.get(original, original), here[at.part.segment.folder.name])
        parts += here.values()
    articles = sum(count.articles for count in counts)
    manifest = Manifest(
        SEPARATOR.join(pin.manifest.version for pin in pins), SEPARATOR.join(pin.manifest.collection for pin in pins),
        max(pin.manifest.created for pin in pins), first.format, first.recipe, articles, len(copies),
        sum(count.rows for count in counts), sum(pin.manifest.size_bytes for pin in pins),
        tuple(entry for pin in pins for entry in pin.manifest.segments), statistics_of(counts), {},
    )  # fmt: skip
    return View(manifest, parts, copies, pins)


def _check_same(one: Manifest, other: Manifest) -> None:
    for name in sorted(one.recipe.keys() | other.recipe.keys()):
        values = [manifest.recipe.get(name, "nothing") for manifest in (one, other)]
        if values[0] != values[1]:
            raise IndexMismatch(
                f"collections {one.collection!r} and {other.collection!r} cannot be searched together: they were built "
                f"with {name} {values[0]} and {values[1]}; make one of them again with rasad repair, or search them "
                "apart"
            )


def _renamed(
    part: Part, prefix: str, copies: Collection[int], before: Sequence[Relations] | None, alike: float
) -> tuple[Part, Relations]:
    """A part under its new ids, without what is a copy here. ``before``: what it may be near copies of; None: nothing.

    A first collection keeps the labels of its groups; those of the others are made from the new ids.
    """
    segment, near = part.segment, part.segment.near
    gone = part.gone.union(copies)
    live = live_chunks(segment, gone)
    if before is None:
        return Part(segment, live, gone, part.near_chunks, part.near_articles, prefix), near
    docids = (segment.docid(row) for row in range(len(segment)))
    found = Relations(_own(near.articles, segment.ids, prefix), _own(near.chunks, docids, prefix))
    found = found.settled(before, alike)
    return Part(segment, live, gone, Labelled(found.chunks.labels), Labelled(found.articles.labels), prefix), found


def _own(kinship: Kinship, names: Iterable[str], prefix: str) -> Kinship:
    """Each row in a group of its own, under its new name."""
    old, new = [], []
    for name in names:
        old.append(label(name))
        new.append(label(prefix + name))
    labels = np.array(new, np.uint64)
    return Kinship(duplicates.renamed(kinship.keys, np.array(old, np.uint64), labels), labels)
