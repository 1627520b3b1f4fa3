"""Arabic light stems that are forms of one word -> the stem that stands for all of them.

A light stem still carries what cannot be stripped blindly (كتاب is not ك + تاب): proclitics of one letter, prefixes
of the imperfect, the article of a noun of two letters (الحق), the suffix before a pronoun (رحلاتها), the endings ا
and ت. Two stems are taken for one word where the team's lexicon knows both and gives them an English equivalent in
common. A stem that the lexicon lacks loses what may be stripped where the rest is a stem that the lexicon has, and
else a second suffix alone. In the manner of frequency-guided light stemming (Larkey, Ballesteros & Connell 2007).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from service.errors import ModelError

BUNDLED = Path(__file__).parent / "models" / "lexicon" / "stems.tsv"
_PROCLITICS = "بلكفو"
_IMPERFECT = "يتنا"
_MIN_LETTERS = 3  # of what is left
WHOLE = frozenset({"الله", "والله", "بالله", "لله"})
_ARTICLES = ("وال", "ولل", "بال", "كال", "فال", "فلل", "ال", "لل")
_SUFFIXES = {  # by their last letter, the longest first
    "ا": ("هما", "نا", "وا", "ها"), "م": ("هم", "كم"), "ن": ("هن", "ان", "ون", "ين"), "ت": ("ات",), "ه": ("يه", "ه"),
    "ي": ("ي",),
}  # fmt: skip


@lru_cache(maxsize=100_000)
def settled(stem: str, plain: str = "") -> str:
    """The stem that stands for an Arabic light stem; itself when there is no better one. Raises ModelError.

    ``plain``: the word that it is the light stem of, where there is one.
    """
    known = _load(BUNDLED)
    short = list(_without_article(plain))
    for listed in (plain, stem) if short else (stem,):
        if listed in known:
            return known[listed]
    short = short or list(_without_article(stem))
    for other in short or _unlisted(stem):
        if other in known:
            return known[other]
    return short[-1] if short else without_suffix(stem)


def listed(plain: str, stem: str) -> list[str]:
    """Under which names a word of the lexicon, in plain spelling and stemmed, goes into the table."""
    return [stem, plain] if any(_without_article(plain)) else [stem]


def without_suffix(word: str) -> str:
    """A word or stem without one common suffix; twice where a pronoun stood behind it (رحلاتها -> رحلات -> رحل)."""
    for suffix in _SUFFIXES.get(word[-1:], ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_LETTERS:
            return word[: -len(suffix)]
    return word


def _without_article(stem: str) -> Iterator[str]:
    """Nouns of two letters, from which a light stemmer takes no article (الحق), and those that lost a hamza (الجزء)."""
    for article in () if stem in WHOLE else _ARTICLES:
        if stem.startswith(article) and len(stem) == len(article) + 2:
            yield stem[len(article) :] + "ء"
            yield stem[len(article) :]


def _unlisted(stem: str) -> Iterator[str]:
    """What a stem that the lexicon lacks may be a form of, likeliest first."""
    for other in (without_suffix(stem), *_without_clitic(stem)):
        yield other
        yield without_suffix(other)
        yield without_suffix(without_suffix(other))
    if stem[-1:] == "ت" and len(stem) > _MIN_LETTERS + 1:
        yield stem[:-1]
        yield without_suffix(stem[:-1])


def save(path: Path, entries: Sequence[tuple[str, frozenset[str]]]) -> int:
    """Write the table from (light stem, its English equivalents' stems), frequent first. Returns forms that moved."""
    standing = dict(_standing(entries))
    lines = (f"{stem}\t{standing[stem]}" if stem in standing else stem for stem, _ in entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")
    _load.cache_clear()
    settled.cache_clear()
    return len(standing)


def _standing(entries: Sequence[tuple[str, frozenset[str]]]) -> Iterator[tuple[str, str]]:
    """(form, the more frequent stem that stands for it)."""
    rank: dict[str, int] = {}
    meanings: dict[str, frozenset[str]] = {}
    for stem, equivalents in entries:
        rank.setdefault(stem, len(rank))
        meanings[stem] = meanings.get(stem, frozenset()) | equivalents
    nearest: dict[str, str] = {}

    def worth(stem: str) -> tuple[bool, int]:
        return any(_without_article(stem)), rank[stem]

    def alike(stem: str, others: Iterable[str]) -> list[str]:
        return [c for c in others if c != stem and c in rank and meanings[c] & meanings[stem]]

    for stem in rank:
        for other in [*alike(stem, _without_article(stem))[:1], *alike(stem, _same(stem))]:
            common, rare = sorted((other, stem), key=worth)
            nearest[rare] = min(common, nearest.get(rare, common), key=worth)
    for stem in rank:
        shorter = [c for c in alike(stem, _shorter(stem)) if rank[c] < rank[stem]]
        if shorter and stem not in nearest:
            nearest[stem] = min(shorter, key=lambda c: (rank[c], c))
    for stem, other in nearest.items():
        while other in nearest:  # their worth falls, so this ends
            other = nearest[other]
        yield stem, other


def _same(stem: str) -> Iterator[str]:
    """Other spellings of a stem, whichever is the commoner."""
    yield without_suffix(stem)
    if len(stem) > _MIN_LETTERS and stem[-1] == "ء":
        yield stem[:-1]


def _shorter(stem: str) -> Iterator[str]:
    """What a stem known to the lexicon may be a form of."""
    yield from _without_clitic(stem)
    if len(stem) > _MIN_LETTERS:
        if stem[0] in _IMPERFECT:
            yield stem[1:]
        if stem[-1] == "ت":
            yield stem[:-1]
    if len(stem) > _MIN_LETTERS + 1:
        if stem[0] in "بلكفس" and stem[1] in "يتن":
            yield stem[2:]
        if stem[0] in "يتن" and stem[-1] == "و":
            yield stem[1:-1]


def _without_clitic(stem: str) -> Iterator[str]:
    if len(stem) <= _MIN_LETTERS:
        return
    if stem[0] in _PROCLITICS or (stem[0] == "س" and stem[1] in _IMPERFECT):
        yield stem[1:]
    if stem[-1] == "ا":
        yield stem[:-1]
        if stem[0] in _PROCLITICS and len(stem) > _MIN_LETTERS + 1:
            yield stem[1:-1]


@lru_cache(maxsize=2)
def _load(path: Path) -> Mapping[str, str]:
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the stems in {path} cannot be read ({error}): install rasad again") from error
    columns = (line.split("\t") for line in lines)
    return {found[0]: found[-1] for found in columns}
