"""English words -> the headwords of a lexicon that they may be forms of.

Stems bring together what a lexicon keeps apart: "directive" and "direct" share one, and so do
"conversion" and "conversation".
"""

from __future__ import annotations

from collections.abc import Iterator


def candidates(plain: str) -> Iterator[str]:
    """A word in plain spelling and what it may be a regular form of, likeliest first."""
    yield plain
    if plain.endswith(("ies", "ied")):
        yield plain[:-3] + "y"
    if plain.endswith("s") and not plain.endswith("ss"):
        yield plain[:-1]
    if plain.endswith("es"):
        yield plain[:-2]
    for ending in ("ed", "ing"):
        bare = plain.removesuffix(ending)
        if bare != plain and len(bare) >= 3:
            yield bare + "e"
            yield bare
            if bare[-1] == bare[-2]:
                yield bare[:-1]
