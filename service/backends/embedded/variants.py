"""Terms that are spelt alike: an inverted index from letter trigrams to the terms of a segment.

For words that stemming leaves apart (خطف, يختطف, اختطاف) and for misspellings. Likeness is Dice's coefficient of the
sets of trigrams, boundary marks included.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from service.backends.embedded.postings import Postings
from service.vocabulary import Terms


def trigrams(term: str) -> set[str]:
    """Letter trigrams of a term between boundary marks; none for numbers, which are alike without meaning the same."""
    padded = f"<{term}>"
    return set() if term[:1].isdigit() else {padded[i : i + 3] for i in range(len(padded) - 2)}


def inverted(pairs: Iterable[tuple[bytes, int, int]]) -> Postings:
    """(key, term row, count) triples as postings."""
    found = sorted(pairs)
    starts = [i for i, (key, _, _) in enumerate(found) if i == 0 or found[i - 1][0] != key]
    rows = np.array([row for _, row, _ in found], np.int32)
    counts = np.array([count for _, _, count in found], np.uint16)
    return Postings(Terms.pack(found[i][0] for i in starts), np.array([*starts, len(found)], np.int64), rows, counts)


def build(terms: Terms) -> Postings:
    """Trigram -> rows of the terms that hold it; counts are how many trigrams that term has."""
    return inverted(
        (gram.encode(), row, len(grams))
        for row, term in enumerate(terms)
        if (grams := trigrams(term))
        for gram in grams
    )


def alike(index: Postings, terms: Terms, term: str, least: float) -> dict[str, float]:
    """{term: Dice's coefficient} of the other terms at least that much alike."""
    grams = sorted(trigrams(term))
    lists = [index.of(gram) for gram in grams]
    rows = np.concatenate([found for found, _ in lists]) if lists else np.zeros(0, np.int32)
    if not len(rows):
        return {}
    sizes = np.concatenate([counts for _, counts in lists])
    held, first, shared = np.unique(rows, return_index=True, return_counts=True)
    dice = 2 * shared / (len(grams) + sizes[first])
    best = np.flatnonzero(dice >= least)
    found = {terms[int(held[i])]: float(dice[i]) for i in best}
    found.pop(term, None)
    return found
