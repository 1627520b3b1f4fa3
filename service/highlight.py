"""Which words of a passage answered the question, and what language it is in."""

from __future__ import annotations

from collections.abc import Container

from service import analyzer
from service.records import Language


def spans(text: str, wanted: Container[str], offset: int = 0) -> tuple[tuple[tuple[int, int], ...], frozenset[str]]:
    """(spans of the words whose index term is wanted, moved by ``offset``; the terms found)."""
    found = [token for token in analyzer.tokenize(text) if token.term in wanted]
    return tuple((t.start + offset, t.end + offset) for t in found), frozenset(t.term for t in found)


def language(text: str) -> str:
    """ISO 639-1 by script: "ar" where at least half of the letters are Arabic, else "en"; "" without letters."""
    if not any(char.isalpha() for char in text):
        return ""
    return Language.ARABIC.value if analyzer.arabic_share(text) >= 0.5 else Language.ENGLISH.value
