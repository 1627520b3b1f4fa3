"""English words that no list knows: taken apart (subsurface, spacecraft), or read as misspelt for one that is known."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator

from service import analyzer, english
from service.encoder import bundled

_PREFIXES = frozenset(
    """re de un in non dis mis sub sur super over under out up pre post anti counter co inter intra trans ultra hyper
    hypo semi multi mono bi tri poly micro macro mega mini neo paleo palaeo proto pseudo geo bio eco astro hydro thermo
    electro photo immuno neuro cardio psycho socio petro agro auto tele cyber aero cryo chemo radio""".split()
)
_LEAST_REST = 4  # letters of what a prefix stands before
_LEAST_FIRST = 4  # letters of the first of two words
_LEAST_MISSPELT = 6  # letters; shorter words have too many neighbours


def parts(plain: str, known: Callable[[str], bool]) -> list[str]:
    """The known words that a word is made of: what follows a prefix, or two words; [] when there are none."""
    for at in range(2, len(plain) - _LEAST_REST + 1):
        first, rest = plain[:at], plain[at:]
        if first in _PREFIXES and known(rest):
            return [rest]
        if at >= _LEAST_FIRST and known(rest) and known(first):
            return [first, rest]
    return []


def corrections(plain: str) -> Iterator[str]:
    """Index terms of words one letter away (left out, doubled, changed or swapped; Damerau 1964), the commonest first.

    How common a word is, the bundled encoder's weights tell (rare words weigh more).
    """
    if len(plain) < _LEAST_MISSPELT or not plain.isascii() or not plain.isalpha():
        return
    cuts = [(plain[:i], plain[i:]) for i in range(len(plain) + 1)]
    tried = [a + b[1:] for a, b in cuts if b] + [a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1]
    tried += [a + c + b for a, b in cuts for c in string.ascii_lowercase]
    tried += [a + c + b[1:] for a, b in cuts if b for c in string.ascii_lowercase]
    stems = list(dict.fromkeys(analyzer.light(word) for word in tried if word != plain))
    for _, stem in sorted((weight, stem) for stem, weight in bundled().rarity(stems).items()):
        yield english.settled(stem)
