"""Abbreviations that analysts type (HRW, IED, US), and the names that they stand for.

Articles write most of them out, Arabic ones nearly always, and a translation of one word by several loses that these
belong together: a question's abbreviation becomes the words of its name. The list is the team's
(scripts/lists/abbreviations.tsv), packed with the lexicon. Those that Arabic has only as a word of its own (UNICEF,
OPEC) are not in it: the lexicon knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from service import analyzer, lexicon
from service.errors import ModelError
from service.records import Language

EVERYDAY = frozenset({"EU", "UK", "UN", "US", "USA"})  # that nobody takes for anything else
_DOTTED = re.compile(r"\b(?:[A-Z]\.)+[A-Z]\b(?:\.(?!\w))?")
_ENDINGS = ("", "'s", "\u2019s", "s")
_BESIDE_DIGIT = re.compile(r"(?<=\d)[A-Za-z]+|[A-Za-z]+(?=[\d$])")  # MP5, 500GB, US$5: no abbreviations
# In capitals however a question is written: abbreviations that the lexicon knows as words, and operators.
_ALWAYS_LARGE = frozenset("FIFA INTERPOL ISIL ISIS NASA OPEC UNESCO UNICEF AND NOT OR".split())
_SURE_IN_SMALL = 4  # letters; three are one without a vowel only: hrw, but not the gia of a river or a name
_VOWELS = frozenset("aeiouy")


class Abbreviation(NamedTuple):
    """A line of the list."""

    short: str
    name: str
    arabic: str  # its commonest name in Arabic
    alone: str  # the word that stands for it there, "" where there is none

    @property
    def words(self) -> tuple[str, ...]:
        """Those of the name that are looked for: no stop words."""
        return tuple(word for word in analyzer.words(self.name) if analyzer.terms(word))

    @property
    def dotted(self) -> str:
        """The index term of texts that write it with dots, of one that is a stop word without them (U.S.); else ""."""
        terms = () if analyzer.terms(self.short) else analyzer.terms(".".join(self.short))
        return terms[0] if len(terms) == 1 else ""


def readings(text: str, by_capitals: bool = True) -> Iterator[tuple[str, Abbreviation | None]]:
    """The words of a text, dotted abbreviations without dots (U.S.-led: US, led), and what each is short for."""
    for piece in text.split():
        beside_digit = _BESIDE_DIGIT.findall(piece)
        for word in analyzer.words(_undotted(piece)):
            yield word, None if word in beside_digit else read(word, by_capitals)


def in_full(phrase: str) -> str:
    """A phrase with the names of the abbreviations in it."""
    return " ".join(short.name if short else word for word, short in readings(phrase))


def capitals_tell(text: str) -> bool:
    """Whether an abbreviation can be told by its capitals: not where all words, other ones too, are in capitals."""
    _, small = _load(lexicon.BUNDLED)
    words = [word for word in analyzer.words(_undotted(text)) if len(word) > 1 and any(map(str.isalpha, word))]
    large = (word for word in words if word.isupper() and word not in _ALWAYS_LARGE)
    shouted = [word for word in large if word.casefold() not in small]
    return not shouted or any(word != word.upper() or analyzer.is_arabic(word) for word in words)


def read(word: str, by_capitals: bool = True) -> Abbreviation | None:
    """What a word of a question is short for, None for any other word. Raises ModelError.

    In small letters, or where capitals tell nothing, only what is no word otherwise. Kia is a name: with a capital at
    its beginning alone nothing is.
    """
    known, small = _load(lexicon.BUNDLED)
    for ending in _ENDINGS:
        short = word.removesuffix(ending)
        if by_capitals and short in known:
            return known[short]
        if (found := small.get(short.casefold())) and _is_sure(short, by_capitals):
            return found
    return None


@lru_cache(maxsize=4_096)
def _is_sure(short: str, by_capitals: bool) -> bool:
    """Whether what is written like this is no word or name that the lexicon, gazetteer included, knows."""
    if not (short.islower() or short.isupper()):
        return False
    pronounced = not _VOWELS.isdisjoint(short.casefold()) and not (by_capitals and short.isupper())
    if len(short) < _SURE_IN_SMALL - (not pronounced):
        return False
    plain = analyzer.normalize(short)
    return not analyzer.says_nothing(plain) and not lexicon.load(Language.ENGLISH).look_up(analyzer.stem(plain))


def pack(folder: Path, lists: Path) -> int:
    """Write what is read here from the team's list. Returns how many abbreviations there are."""
    listed = lexicon.abbreviations(lists)
    lines = [(short, name, arabic.split(lexicon.BETWEEN)[0], alone) for short, name, arabic, alone in listed]
    packed = "".join("\t".join(line) + "\n" for line in lines)
    (folder / lexicon.ABBREVIATIONS).write_text(packed, encoding="utf-8")
    return len(lines)


def _undotted(text: str) -> str:
    return _DOTTED.sub(lambda found: found.group().replace(".", ""), text)


@lru_cache(maxsize=2)
def _load(folder: Path) -> tuple[Mapping[str, Abbreviation], Mapping[str, Abbreviation]]:
    """{as listed: what it is}, and the same in small letters."""
    path = folder / lexicon.ABBREVIATIONS
    try:
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        listed = [Abbreviation(short, name, arabic, alone) for short, name, arabic, alone in lines]
    except (OSError, ValueError) as error:
        raise ModelError(f"the abbreviations in {path} cannot be read ({error}): install rasad again") from error
    return {found.short: found for found in listed}, {found.short.casefold(): found for found in listed}
