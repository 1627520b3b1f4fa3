"""Terms that are spelt alike: an inverted index from letter trigrams to the terms of a segment.

For words that stemming leaves apart (خطف, يختطف, اختطاف) and for misspellings. Likeness is Dice's coefficient of the
sets of trigrams, boundary marks included.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from service.backends.embedded.postings import Postings
from service.vocabulary import Terms


def trigrams(term: str) -> set[str]:
    """Letter trigrams of a term between boundary marks; none for numbers, which are alike without meaning the same."""
    padded = f"<{term}>"
    return set() if term[:1].isdigit() else {padded[i : i + 3] for i in range(len(padded) - 2)}


def inverted(keys: Iterable[Iterable[str]]) -> Postings:
    """Key -> the rows that have it, from the different keys of each row; counts are how many keys that row has."""
    known: dict[str, int] = {}
    numbers, lengths = array("i"), array("i")
    for row in keys:
        before = len(numbers)
        numbers.extend(known.setdefault(key, len(known)) for key in row)
        lengths.append(len(numbers) - before)
    names = sorted(known)
    rank = np.empty(len(names), np.int64)
    rank[[known[name] for name in names]] = np.arange(len(names))
    sizes = np.array(lengths, np.int64)
    flat, rows = rank[np.array(numbers, np.int64)], np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(flat, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=len(names)))]).astype(np.int64)
    held = rows[order].astype(np.int32)
    counts = sizes[held].astype(np.uint16)
    return Postings(Terms.pack(name.encode() for name in names), offsets, held, counts)


def build(terms: Terms) -> Postings:
    """Trigram -> rows of the terms that hold it; counts are how many trigrams that term has."""
    return inverted(trigrams(term) for term in terms)


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
