"""Question words against a text's words in the bilingual word space: the cosines of all pairs.

What ColBERT does with contextual vectors (Khattab & Zaharia 2020), with the bundled static ones: it sees that
"captured" and استعادت are near although no lexicon pairs them, and that "wedding" meets nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service import analyzer
from service.encoder import bundled

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64] | npt.NDArray[np.int32]
_THE_SAME = 0.95  # cosine of two spellings, or of a word with article and without; of its other forms .6 to .93
# Of a word: the whole number that it is, else -1; whether it is a stop word; whether it is in Arabic script.
_FACTS = np.dtype([("figure", np.int64), ("silent", bool), ("arabic", bool)])
_LOW, _HIGH = 0.2, 0.65  # cosines of words that have nothing in common, and of translations


def strengths(asked: Sequence[str], words: Sequence[str]) -> Floats:
    """How alike each asked word and each other word are, (asked, words), 0 to 1."""
    if not asked or not words:
        return np.zeros((len(asked), len(words)), np.float32)
    known = words_known()
    return known.strengths(asked, known.rows(words))


class Words:
    """Unit vectors of words as written, of the bundled encoder whatever encoder ranks the passages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._row: dict[str, int] = {}
        self._table = np.zeros((0, bundled().dim), np.float32)
        self._facts = np.zeros(0, _FACTS)

    def __len__(self) -> int:
        return len(self._row)

    def rows(self, words: Sequence[str]) -> Rows:
        """Where the words' vectors are kept, (n,), for as long as this object is."""
        with self._lock:
            new = list(dict.fromkeys(word for word in words if word not in self._row))
            if new:
                start = len(self._row)
                if start + len(new) > len(self._table):
                    room = max(2 * len(self._table), start + len(new), 4_096)
                    table, facts = np.zeros((room, bundled().dim), np.float32), np.zeros(room, _FACTS)
                    table[:start], facts[:start] = self._table[:start], self._facts[:start]
                    self._table, self._facts = table, facts
                self._table[start : start + len(new)] = bundled().encode_words(new)
                self._facts[start : start + len(new)] = list(map(_facts, new))
                self._row.update({word: start + i for i, word in enumerate(new)})
            return np.array([self._row[word] for word in words], np.int64)

    def strengths(
        self, asked: Sequence[str], rows: Rows, low: float = _LOW, strict: bool = False, akin: float = 1.0
    ) -> Floats:
        """How alike each asked word and each word of ``rows`` are, (asked, rows), 0 (at a cosine of ``low``) to 1.

        ``strict``: a number that is asked for is like none but itself, and a stop word of ``rows`` like nothing.
        ``akin``: how alike two words of one script can be at most unless they are written alike (but for an article).
        They share letters as well as meaning, so their cosines are higher than those of words of two scripts that are
        as near in meaning. Forms of one word are bound by it too.
        """
        sought = self.rows(asked)
        facts, table = self._facts, self._table  # rows stay what they are when these grow
        different, where = np.unique(rows, return_inverse=True)
        mine, theirs, cosines = facts[sought], facts[different], table[sought] @ table[different].T
        found: Floats = np.clip((cosines - low) / (_HIGH - low), 0.0, 1.0)
        if akin < 1.0:
            others = (mine["arabic"][:, None] == theirs["arabic"]) & (cosines < _THE_SAME)
            found[others] = np.minimum(found[others], akin)
        if strict:
            for number in np.flatnonzero(mine["figure"] >= 0).tolist():
                found[number] = theirs["figure"] == mine["figure"][number]
            found[:, theirs["silent"]] = 0.0
        return found[:, where]


def _facts(word: str) -> tuple[int, bool, bool]:
    plain = analyzer.normalize(word)
    return _figure(plain), analyzer.says_nothing(plain), analyzer.is_arabic(word)


def _figure(plain: str) -> int:
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= _DIGITS else -1


_DIGITS = 18  # that fit in 64 bits
CACHED = 100_000  # words, of a kilobyte each
_known: list[Words] = []
_lock = threading.Lock()


def words_known() -> Words:
    """Those met lately; begun anew when they are too many."""
    with _lock:
        if not _known or len(_known[0]) > CACHED:
            _known[:] = [Words()]
        return _known[0]
