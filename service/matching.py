"""Many strings looked for at once: an Aho-Corasick automaton (pyahocorasick), the library's one door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class Matcher:
    """Finds every key that ends before a space, wherever it begins."""

    def __init__(self, keys: Sequence[str]) -> None:
        import ahocorasick

        self._automaton: Any = ahocorasick.Automaton()
        for number, key in enumerate(keys):
            self._automaton.add_word(key + " ", (number, len(key)))
        if keys:
            self._automaton.make_automaton()
        self._empty = not keys

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(number of the key, start, end) by end, longest first among those that end together."""
        if self._empty:
            return
        for end, (number, size) in self._automaton.iter(text):
            yield number, end - size, end
