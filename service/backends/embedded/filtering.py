"""Which rows of a segment a filter lets through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from service import analyzer
from service.backends.base import Alternatives, Filter
from service.backends.embedded import near
from service.backends.embedded.segment import Segment

Mask = npt.NDArray[np.bool_]
Dated = Callable[[Segment, tuple[str, str]], Mask]  # near.dated, or what remembers its results


def let_through(segment: Segment, live: Mask | None, keep: Filter | None, dated: Dated = near.dated) -> Mask | None:
    """The live rows that the filter lets through, None for all."""
    if not keep:
        return live
    allowed = np.ones(len(segment), bool) if live is None else live.copy()
    for prefix, groups in (("t:", keep.titles), ("s:", keep.sources)):
        for group in groups:
            articles = np.zeros(len(segment.ids), bool)
            for alternative in group:
                articles |= _all_of([segment.fields.of(prefix + term)[0] for term in alternative], len(articles))
            allowed &= articles[segment.chunk_article]
    if keep.published_by or keep.languages:
        allowed &= near.published_by(segment, keep.published_by, keep.languages)
    for phrase in keep.excluded:
        allowed &= ~_with_phrase(segment, (phrase,), allowed)
    for areas in keep.areas:
        allowed &= near.within(segment, areas)
    if any(keep.period):
        allowed &= dated(segment, keep.period)
    for group in keep.phrases:
        allowed &= _with_phrase(segment, group, allowed)
    return allowed


def _with_phrase(segment: Segment, group: Alternatives, allowed: Mask) -> Mask:
    """Rows whose text or title has one of the phrases, term after term."""
    found = np.zeros(len(segment), bool)
    for phrase in group:
        candidates = _all_of([segment.terms.of(term)[0] for term in phrase], len(segment)) & allowed & ~found
        if len(phrase) == 1:
            found |= candidates
            continue
        for row in np.flatnonzero(candidates):
            article = segment.article(int(segment.chunk_article[row]))
            text = article.text[segment.table[row, 2] : segment.table[row, 3]]
            found[row] = any(stands_in(phrase, analyzer.terms(part)) for part in (text, article.title))
    return found


def _all_of(lists: Sequence[npt.NDArray[np.int32]], size: int) -> Mask:
    """Rows that stand in every list."""
    held = np.zeros(size, np.int32)
    for rows in lists:
        held[rows] += 1
    return np.equal(held, len(lists))


def stands_in(phrase: Sequence[str], terms: Sequence[str]) -> bool:
    size = len(phrase)
    return any(tuple(terms[i : i + size]) == tuple(phrase) for i in range(len(terms) - size + 1))
