"""Loops over postings, compiled by numba, the library's one door, once a process has asked more than one question.

Importing numba and its cached code takes half a second, so a single `rasad query` goes without: scoring.py and
variants.py do the same in numpy where ``ready`` gives None. The functions here are plain Python to numba's rules; the
tests run them as such too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def pool(offsets, rows, counts, ids, shares, starts, live, articles, acc, art, out, frequency, ends, held, mass, stops, df):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    """The rows of each concept and its frequency there; the same by article where ``articles`` is not empty.

    Concept c has the terms ids[starts[c]:starts[c + 1]]. ``acc`` and ``art`` are zero before and after. Fills ``out``,
    ``frequency`` and ``ends`` by row, ``held``, ``mass`` and ``stops`` by article, ``df`` with the articles' summed
    frequencies, each at most 1.
    """
    # What may be new is written first and counted after: no branch to be guessed wrong.
    at = 0
    stop = 0
    every = len(live) == 0
    by_article = len(articles) > 0
    for c in range(len(starts) - 1):
        first = at
        alone = starts[c + 1] - starts[c] == 1
        for t in range(starts[c], starts[c + 1]):
            share = shares[t]
            begin, end = offsets[ids[t]], offsets[ids[t] + 1]
            if alone and every:
                for p in range(begin, end):
                    out[at] = rows[p]
                    frequency[at] = counts[p] * share
                    at += 1
            else:
                for p in range(begin, end):
                    row = rows[p]
                    if every or live[row]:
                        before = acc[row]
                        out[at] = row
                        at += int(before == 0.0)
                        acc[row] = before + counts[p] * share
        if not (alone and every):
            for i in range(first, at):
                row = out[i]
                frequency[i] = acc[row]
                acc[row] = 0.0
        ends[c] = at
        if by_article:
            begin = stop
            if alone:  # its rows ascend, and so do their articles
                last = -1
                value = 0.0
                for i in range(first, at):
                    article = articles[out[i]]
                    new = int(article != last)
                    stop += new
                    value = value * (1 - new) + frequency[i]
                    held[stop - 1] = article
                    mass[stop - 1] = value
                    last = article
            else:
                for i in range(first, at):
                    article = articles[out[i]]
                    before = art[article]
                    held[stop] = article
                    stop += int(before == 0.0)
                    art[article] = before + frequency[i]
                for i in range(begin, stop):
                    mass[i] = art[held[i]]
                    art[held[i]] = 0.0
            total = 0.0
            for i in range(begin, stop):
                total += min(mass[i], 1.0)
            stops[c] = stop
            df[c] = total


def score(out, frequency, ends, weights, saturation, held, mass, stops, shares, article_saturation, articles, k1, allowed, depth, bins, acc, art, seen, found, scores):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    """BM25 of the rows of ``pool`` that are allowed (all where ``allowed`` is empty), into ``found`` and ``scores``.

    ``weights`` and ``shares`` are each concept's for rows and for articles. Returns how many rows were found: of
    more than twice ``depth`` only the best, by a histogram (``bins``, zero before and after): ``depth`` and all that
    score as much as the last of these, and perhaps some more.
    """
    n = 0
    every = len(allowed) == 0
    i = 0
    for c in range(len(ends)):
        weight = weights[c]
        while i < ends[c]:
            row = out[i]
            if every or allowed[row]:
                value = frequency[i]
                found[n] = row
                n += 1 - seen[row]
                seen[row] = 1
                acc[row] += weight * (value * (k1 + 1.0) / (value + saturation[row]))
            i += 1
    by_article = len(articles) > 0
    if by_article:
        i = 0
        for c in range(len(stops)):
            share = shares[c]
            while i < stops[c]:
                article = held[i]
                value = mass[i]
                art[article] += share * (value * (k1 + 1.0) / (value + article_saturation[article]))
                i += 1
    for j in range(n):
        row = found[j]
        value = acc[row]
        if by_article:
            value += art[articles[row]]
        scores[j] = value
        acc[row] = 0.0
        seen[row] = 0
    if by_article and len(stops) > 0:
        for j in range(stops[-1]):
            art[held[j]] = 0.0
    if n <= 2 * depth:
        return n
    low = high = scores[0]
    for j in range(n):
        low = min(low, scores[j])
        high = max(high, scores[j])
    if not low < high:
        return n
    scale = (len(bins) - 1) / (high - low)
    for j in range(n):
        bins[int((scores[j] - low) * scale)] += 1
    last = len(bins) - 1
    better = bins[last]
    while better < depth:
        last -= 1
        better += bins[last]
    bins[:] = 0
    kept = 0
    for j in range(n):
        row = found[j]
        value = scores[j]
        found[kept] = row
        scores[kept] = value
        kept += int(int((value - low) * scale) >= last)
    return kept


def alike(offsets, rows, counts, grams, size, least, tally, found, dice):  # type: ignore[no-untyped-def]
    """Rows at least so much alike to ``grams`` by Dice's coefficient, ``size`` and ``counts`` being the sets' sizes.

    Fills ``found`` and ``dice`` and returns how many they are; ``tally`` is zero before and after.
    """
    n = 0
    for gram in grams:
        for p in range(offsets[gram], offsets[gram + 1]):
            row = rows[p]
            found[n] = row
            dice[n] = counts[p]
            n += int(tally[row] == 0)
            tally[row] += 1
    kept = 0
    for i in range(n):
        row = found[i]
        value = 2.0 * tally[row] / (size + dice[i])
        tally[row] = 0
        found[kept] = row
        dice[kept] = value
        kept += int(value >= least)
    return kept


@dataclass(frozen=True, slots=True)
class Kernels:
    """The functions above, compiled."""

    pool: Callable[..., None]
    score: Callable[..., int]
    alike: Callable[..., int]


_lock = threading.Lock()
_ready: list[Kernels] = []
_started: list[threading.Thread] = []


def ready() -> Kernels | None:
    """The compiled loops, None where they are not loaded (yet)."""
    return _ready[0] if _ready else None


def load() -> Kernels:
    """Compile the loops, or take them from numba's cache. Raises ImportError where numba cannot be had."""
    with _lock:
        if not _ready:
            _ready.append(_compiled())
        return _ready[0]


def load_soon() -> None:
    """Start to load in the background, once a process; without numba everything stays in numpy."""
    if not _started and not _ready:
        thread = threading.Thread(target=_try, name="rasad-kernels")
        _started.append(thread)
        thread.start()


def _try() -> None:
    try:
        load()
    except ImportError:
        return


def _compiled() -> Kernels:
    import numba
    from numba import types as t

    def array(kind: Any, writable: bool = False) -> Any:
        return t.Array(kind, 1, "C", readonly=not writable)

    i32, i64, f64 = array(t.int32), array(t.int64), array(t.float64)
    flags, bytes_ = array(t.boolean), array(t.uint8, True)
    to32, to64, tof = array(t.int32, True), array(t.int64, True), array(t.float64, True)
    pools = [
        t.void(i64, i32, array(counts), i64, f64, i64, flags, i32, tof, tof, to32, tof, to64, to32, tof, to64, tof)
        for counts in (t.uint8, t.uint16)
    ]
    scores = [
        t.int64(
            i32,
            f64,
            i64,
            f64,
            f64,
            i32,
            f64,
            i64,
            f64,
            f64,
            i32,
            t.float64,
            flags,
            t.int64,
            to32,
            tof,
            tof,
            bytes_,
            to32,
            tof,
        )
    ]
    kinds = [array(counts) for counts in (t.uint8, t.uint16)]
    likes = [t.int64(i64, i32, c, i64, t.int64, t.float64, array(t.uint16, True), to32, tof) for c in kinds]

    def compiled(function: Callable[..., Any], signatures: list[Any]) -> Any:
        try:
            return numba.njit(signatures, cache=True, nogil=True)(function)
        except RuntimeError:  # no folder that numba could write its cache to
            return numba.njit(signatures, nogil=True)(function)

    return Kernels(compiled(pool, pools), compiled(score, scores), compiled(alike, likes))
