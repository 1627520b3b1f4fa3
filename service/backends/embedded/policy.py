"""Which segments are merged when: tiers, so that a chunk is written again only when its segment has grown fivefold.

A segment of up to 500 chunks is of tier 0, of up to 2,500 of tier 1, and so on by fives. Where five segments of a tier
lie side by side, with smaller ones between them or not, they become one; so of n chunks that come little by little each
is written about log5(n / 500) times more. Only neighbours are merged: articles stay in the order in which they came. A
segment of more than half of the largest size allowed stays as it is. One of which a third is deleted is written again
without that. This is looked at after every commit and after every merge; segments that came while others were merged
are then merged with what is there, so less is written than if each commit had waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

FANOUT = 5
SMALL = 500  # chunks of a segment of tier 0, at most
MOST = 24  # segments that are not full; beyond it the smallest neighbours are merged all the same
WAIT = 2 * MOST  # beyond it a commit waits until merging has caught up
MIN_DEAD = 500  # deleted chunks that are worth writing a segment again


class Size(NamedTuple):
    """Chunks of a segment."""

    live: int
    dead: int


class _Group(NamedTuple):
    live: int
    start: int
    stop: int


def due(sizes: Sequence[Size], largest: int) -> list[tuple[int, int]]:
    """Spans ``[start, stop)`` of segments, each to be written as one; a span of one is a segment to be compacted."""
    groups = [_Group(size.live, i, i + 1) for i, size in enumerate(sizes)]
    while run := _full_tier(groups, largest) or _too_many(groups, largest):
        start, stop = run
        groups[start:stop] = [_joined(groups[start:stop])]
    return [
        (group.start, group.stop) for group in groups if group.stop - group.start > 1 or _is_worn(sizes[group.start])
    ]


def too_many(sizes: Sequence[Size], largest: int) -> bool:
    """Whether what comes is to wait for what is being merged."""
    return sum(2 * size.live <= largest for size in sizes) > WAIT


def tier(live: int) -> int:
    found = 0
    while live > SMALL * FANOUT**found:
        found += 1
    return found


def _full_tier(groups: Sequence[_Group], largest: int) -> tuple[int, int] | None:
    """The first neighbours of which FANOUT are of the lowest tier that has so many."""
    for wanted in sorted({tier(group.live) for group in groups}):
        start = members = total = 0
        for i, group in enumerate(groups):
            if 2 * group.live > largest or tier(group.live) > wanted:
                start, members, total = i + 1, 0, 0
                continue
            if total + group.live > largest:
                if i - start > 1:
                    return start, i
                start, members, total = i, 0, 0
            members += tier(group.live) == wanted
            total += group.live
            if members == FANOUT:
                return start, i + 1
    return None


def _too_many(groups: Sequence[_Group], largest: int) -> tuple[int, int] | None:
    if sum(2 * group.live <= largest for group in groups) <= MOST:
        return None
    total, i = min((a.live + b.live, i) for i, (a, b) in enumerate(pairwise(groups)))
    return (i, i + 2) if total <= largest else None


def _joined(groups: Sequence[_Group]) -> _Group:
    return _Group(sum(group.live for group in groups), groups[0].start, groups[-1].stop)


def _is_worn(size: Size) -> bool:
    return size.dead >= MIN_DEAD and 2 * size.dead >= size.live
