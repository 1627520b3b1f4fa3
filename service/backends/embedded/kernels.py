"""Loops over postings, compiled by numba, the library's one door, once a process has asked more than one question.

Importing numba and its cached code takes half a second, so a single `rasad query` goes without: scoring.py and
variants.py do the same in numpy where ``ready`` gives None. The functions here are plain Python to numba's rules; the
tests run them as such too.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_ROW = 0x3FFFFFFF  # masks that change no number here: they show the compiler that an index is never negative, so that
_PLACE = 0x3FFFFFFFFFFFFF  # it leaves out Python's counting from the end (a third of the time)


def spread(offsets, rows, counts, ids, shares, starts, live, articles, art, held, df):  # type: ignore[no-untyped-def]
    """Into ``df``: in how many articles each concept is, an article counting its frequency there, at most 1.

    Concept c has the terms ids[starts[c]:starts[c + 1]]. ``art`` is zero before and after.
    """
    every = len(live) == 0
    for c in range(len(starts) - 1):
        n = 0
        for t in range(starts[c], starts[c + 1]):
            share = shares[t]
            for p in range(offsets[ids[t]] & _PLACE, offsets[ids[t] + 1]):
                row = np.int64(rows[p])
                if every or live[row]:
                    article = np.int64(articles[row])
                    before = art[article]
                    held[n & _ROW] = article  # written first and counted after: no branch to be guessed wrong
                    n += int(before == 0.0)
                    art[article] = before + counts[p] * share
        total = 0.0
        for i in range(n):
            article = np.int64(held[i])
            total += min(art[article], 1.0)
            art[article] = 0.0
        df[c] = total


def best(offsets, rows, counts, ids, shares, starts, weights, saturation, article_weights, article_saturation, articles, k1, live, allowed, blocks, depth, at, acc, pooled, seen, touched, members, art, mass, held, inside, bins, found, scores):  # type: ignore[no-untyped-def]  # fmt: skip # noqa: E501
    """BM25 of the allowed rows that hold any concept, into ``found`` and ``scores``; returns how many are there.

    Of more than four times ``depth`` only the best: ``depth`` of them, all that score as much as the last of these, and
    perhaps some more. ``article_weights`` is empty, or each concept's weight for whole articles. Rows are gone through
    in blocks that end with an article and fit in the processor's nearest cache, concept by concept in each; ``at`` is
    how far each term is. ``acc``, ``pooled``, ``seen``, ``art``, ``mass`` and ``bins`` are zero before and after.
    """
    every = len(live) == 0
    any_row = len(allowed) == 0
    by_article = len(article_weights) > 0
    for t in range(len(ids)):
        at[t] = offsets[ids[t]]
    total = 0
    limit = 4 * depth
    least = -np.inf  # what can still be among the best
    for b in range(len(blocks) - 1):
        base = blocks[b] & _ROW
        end = blocks[b + 1]
        first_article = np.int64(articles[base])
        n = 0
        for c in range(len(starts) - 1):
            weight = weights[c]
            begin = starts[c]
            k = 0
            if starts[c + 1] - begin == 1:  # one term: its rows ascend, and so do their articles
                p = at[begin] & _PLACE
                stop = offsets[ids[begin] + 1]
                share = shares[begin]
                last = np.int64(-1)
                value = 0.0
                while p < stop:
                    row = np.int64(rows[p])
                    if row >= end:
                        break
                    if every or live[row]:
                        here = (row - base) & _ROW
                        f = counts[p] * share
                        acc[here] += weight * (f * (k1 + 1.0) / (f + saturation[row]))
                        touched[n & _ROW] = here  # written first and counted after: no branch to be guessed wrong
                        n += 1 - seen[here]
                        seen[here] = 1
                        if by_article:
                            article = (np.int64(articles[row]) - first_article) & _ROW
                            new = int(article != last)
                            k += new
                            value = value * (1 - new) + f
                            held[k & _ROW] = article
                            inside[k & _ROW] = value
                            last = article
                    p = (p + 1) & _PLACE
                at[begin] = p
                if by_article:
                    share = article_weights[c]
                    for i in range(1, k + 1):
                        article = np.int64(held[i])
                        f = inside[i]
                        art[article] += share * (f * (k1 + 1.0) / (f + article_saturation[article + first_article]))
                continue
            for t in range(begin, starts[c + 1]):
                p = at[t] & _PLACE
                stop = offsets[ids[t] + 1]
                share = shares[t]
                while p < stop:
                    row = np.int64(rows[p])
                    if row >= end:
                        break
                    if every or live[row]:
                        here = (row - base) & _ROW
                        before = pooled[here]
                        members[k & _ROW] = here
                        k += int(before == 0.0)
                        pooled[here] = before + counts[p] * share
                    p = (p + 1) & _PLACE
                at[t] = p
            m = 0
            for i in range(k):
                here = np.int64(members[i])
                f = pooled[here]
                pooled[here] = 0.0
                acc[here] += weight * (f * (k1 + 1.0) / (f + saturation[here + base]))
                touched[n & _ROW] = here
                n += 1 - seen[here]
                seen[here] = 1
                if by_article:
                    article = (np.int64(articles[here + base]) - first_article) & _ROW
                    before = mass[article]
                    held[m & _ROW] = article
                    m += int(before == 0.0)
                    mass[article] = before + f
            if by_article:
                share = article_weights[c]
                for i in range(m):
                    article = np.int64(held[i])
                    f = mass[article]
                    mass[article] = 0.0
                    art[article] += share * (f * (k1 + 1.0) / (f + article_saturation[article + first_article]))
        for i in range(n):
            here = np.int64(touched[i])
            value = acc[here]
            acc[here] = 0.0
            seen[here] = 0
            if by_article:
                value += art[(np.int64(articles[here + base]) - first_article) & _ROW]
            if value >= least and (any_row or allowed[here + base]):
                found[total & _ROW] = here + base
                scores[total & _ROW] = value
                total += 1
        if by_article:
            for i in range(np.int64(articles[end - 1]) - first_article + 1):
                art[i] = 0.0
        if total > limit or (b == len(blocks) - 2 and total > 2 * depth):  # take the best, by a histogram
            low = high = scores[0]
            for j in range(total):
                low = min(low, scores[j])
                high = max(high, scores[j])
            if low < high:
                scale = (len(bins) - 1) / (high - low)
                for j in range(total):
                    bins[int((scores[j] - low) * scale)] += 1
                bin_ = len(bins) - 1
                better = bins[bin_]
                while better < depth:
                    bin_ -= 1
                    better += bins[bin_]
                bins[:] = 0
                kept = 0
                least = high
                for j in range(total):
                    value = scores[j]
                    if int((value - low) * scale) >= bin_:
                        found[kept] = found[j]
                        scores[kept] = value
                        kept += 1
                        least = min(least, value)
                total = kept
            limit = max(4 * depth, 2 * total)
    return total


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

    spread: Callable[..., None]
    best: Callable[..., int]
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
        thread = threading.Thread(target=load_if_there, name="rasad-kernels")
        _started.append(thread)
        thread.start()


def load_if_there() -> None:
    """Load them and wait for it; without numba nothing happens."""
    with contextlib.suppress(ImportError):
        load()


def _compiled() -> Kernels:
    import numba
    from numba import types as t

    def array(kind: Any, writable: bool = False) -> Any:
        return t.Array(kind, 1, "C", readonly=not writable)

    i32, i64, f64 = array(t.int32), array(t.int64), array(t.float64)
    flags, bytes_ = array(t.boolean), array(t.uint8, True)
    to32, to64, tof = array(t.int32, True), array(t.int64, True), array(t.float64, True)
    every = [array(counts) for counts in (t.uint8, t.uint16)]
    u32, tou = array(t.uint32), array(t.uint32, True)
    spreads = [t.void(i64, u32, counts, i64, f64, i64, flags, u32, tof, tou, tof) for counts in every]
    bests = [
        t.int64(
            i64, u32, counts, i64, f64, i64, f64, f64, f64, f64, u32, t.float64, flags, flags, i64, t.int64, to64, tof,
            tof, bytes_, tou, tou, tof, tof, tou, tof, to32, to32, tof,
        )
        for counts in every
    ]  # fmt: skip
    likes = [t.int64(i64, i32, c, i64, t.int64, t.float64, array(t.uint16, True), to32, tof) for c in every]

    def compiled(function: Callable[..., Any], signatures: list[Any]) -> Any:
        try:
            return numba.njit(signatures, cache=True, nogil=True, error_model="numpy")(function)
        except RuntimeError:  # no folder that numba could write its cache to
            return numba.njit(signatures, nogil=True, error_model="numpy")(function)

    return Kernels(compiled(spread, spreads), compiled(best, bests), compiled(alike, likes))
