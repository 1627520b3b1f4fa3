"""Which words of a passage answered the question."""

from __future__ import annotations

from collections.abc import Container

from service import analyzer


def spans(text: str, wanted: Container[str], offset: int = 0) -> tuple[tuple[tuple[int, int], ...], frozenset[str]]:
    """(spans of the words whose index term is wanted, moved by ``offset``; the terms found)."""
    found = analyzer.occurrences(text, wanted)
    return tuple((start + offset, end + offset) for _, start, end in found), frozenset(term for term, _, _ in found)
