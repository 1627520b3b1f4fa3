"""An English gloss of an Arabic quote, word by word from the team's lexicon: help for a reader, never a source.

Longest phrases first; a word that is not known loses its proclitics, then its ending, and is else left as it is. The
order of words stays that of the Arabic. The table is packed by scripts/pack_gloss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from service import analyzer
from service.vocabulary import Terms

BUNDLED = Path(__file__).parent / "models" / "gloss"
LONGEST = 4  # words of a phrase
_GAP = re.compile(r"\s*([.,;:!?()«»\"\u060c\u061b\u061f-])?\s*")
_MARKS = {"\u060c": ",", "\u061b": ";", "\u061f": "?", "«": '"', "»": '"'}
_PROCLITICS = (("وال", "and the"), ("بال", "in the"), ("لل", "to the"), ("فال", "so the"), ("كال", "like the"),
               ("ال", "the"), ("و", "and"), ("ب", "by"), ("ل", "to"), ("ف", "so"))  # fmt: skip
_ENDINGS = ("ا", "ها", "هم", "ه", "ين", "ون", "ات", "ان", "ي")


def english(text: str) -> str:
    """The gloss of an Arabic text; "" when no gloss table is installed."""
    table = _table()
    if table is None:
        return ""
    found = [(m.start(), m.end(), m.group()) for m in _words(text)]
    pieces: list[str] = []
    i = 0
    while i < len(found):
        meaning, used = _longest([word for _, _, word in found[i : i + LONGEST]], *table)
        end = found[i + used - 1][1]
        after = _GAP.match(text, end, found[i + used][0] if i + used < len(found) else len(text))
        mark = after.group(1) if after and after.group(1) else ""
        pieces.append(meaning + _MARKS.get(mark, mark if mark in ".,;:!?" else ""))
        i += used
    return " ".join(pieces)


def _words(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"[^\W_](?:[^\W_]|[\u064b-\u065f\u0670\u0640.,\u066b\u066c](?=[^\W_]))*", text)


def _longest(words: list[str], keys: Terms, meanings: Terms) -> tuple[str, int]:
    """(meaning, words used) of the longest phrase that begins here."""
    plain = [analyzer.normalize(word) for word in words]
    if not _begins_phrase(plain[0]):
        return _word(words[0]), 1
    for size in range(len(plain), 1, -1):
        found = keys.find(" ".join(plain[:size]))
        if found >= 0:
            return meanings[found], size
    return _word(words[0]), 1


@lru_cache(maxsize=50_000)
def _begins_phrase(plain: str) -> bool:
    """Whether any phrase of several words begins with this one: for most words nothing further is looked up."""
    table = _table()
    return table is not None and table[0].has_prefix(f"{plain} ")


@lru_cache(maxsize=50_000)
def _word(word: str) -> str:
    table = _table()
    if table is None or not analyzer.is_arabic(word):
        return word
    keys, meanings = table
    plain = analyzer.normalize(word)
    for lead, rest in [("", plain), *((sense, plain[len(p) :]) for p, sense in _PROCLITICS if plain.startswith(p))]:
        if len(rest) < 2:
            continue
        for form in (rest, *(rest[: -len(e)] for e in _ENDINGS if rest.endswith(e) and len(rest) - len(e) >= 3)):
            found = keys.find(form)
            if found >= 0:
                return f"{lead} {meanings[found]}".strip()
    return word


@lru_cache(maxsize=1)
def _table() -> tuple[Terms, Terms] | None:
    if not (BUNDLED / "keys.terms.npy").is_file():
        return None
    return Terms.load(BUNDLED, "keys"), Terms.load(BUNDLED, "meanings")
