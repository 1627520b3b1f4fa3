"""Passages that tell the same in the same words, folded under the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service import near_copies
from service.records import Passage


@dataclass(frozen=True)
class Fold:
    """A passage and those further down that nearly repeat it, best first."""

    passage: Passage
    repeats: tuple[Passage, ...]


def fold(passages: Sequence[Passage]) -> list[Fold]:
    """In the order given; passages of one article are never folded into each other."""
    first = near_copies.groups(passages)
    repeats: dict[int, list[Passage]] = {}
    for number, lead in enumerate(first):
        apart = lead == number or passages[lead].article_id == passages[number].article_id
        repeats.setdefault(number if apart else lead, [])
        if not apart:
            repeats[lead].append(passages[number])
    return [Fold(passages[number], tuple(found)) for number, found in sorted(repeats.items())]
