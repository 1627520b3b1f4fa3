"""Question string -> Query: what was asked, word by word, and what may not be missing.

Syntax: "exact phrase", -word, word OR word, title:word, source:word. Everything else is plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from service import abbreviations, analyzer
from service.abbreviations import Abbreviation
from service.complaints import both
from service.errors import QueryError
from service.records import Language

_QUOTES = {  # mark that opens -> marks that close
    '"': '"',
    "\u201c": '\u201d"',
    "\u201d": '\u201d"',
    "\u201e": '\u201c\u201d"',
    "\u00ab": '\u00bb"',
}
_PIECE = re.compile(r"\S+")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b]")  # those that are no white space
_SURROGATES = re.compile("[\ud800-\udfff]")
QUESTIONS_KEPT = 1_000  # as read: a page asks for passages, an answer and more pages of one question
_FIELDS = {"title": "title", "source": "source", "عنوان": "title", "مصدر": "source"}
_OR = {"OR", "أو"}


@dataclass(frozen=True, slots=True)
class Query:
    """A question, analysed. ``groups`` are the words as typed, alternatives of an OR together.

    The words of its name take an abbreviation's place, unless that stands in quotation marks or beside an OR;
    ``shorts`` has for each group the abbreviation that it is a word of, None for all others.
    """

    text: str
    language: Language
    groups: tuple[tuple[str, ...], ...]
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    shorts: tuple[Abbreviation | None, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for group in self.groups for word in group)


@lru_cache(maxsize=QUESTIONS_KEPT)
def parse(text: str, max_chars: int = 1_000) -> Query:
    """Raises QueryError that says what was found and what to do, for a question that cannot be searched.

    Raises ModelError where the list of abbreviations cannot be read.
    """
    _check(text, max_chars)
    parts: dict[str, list[str]] = {"phrase": [], "excluded": [], "title": [], "source": []}
    groups: list[tuple[list[str], Abbreviation | None]] = []
    by_capitals = abbreviations.capitals_tell(text)
    joins = False
    pieces = _pieces(text)
    for (kind, value), (following, _) in zip(pieces, [*pieces[1:], ("", "")], strict=True):
        if kind == "or":
            joins = bool(groups) and not groups[-1][1]
            continue
        if kind == "word" and ((not joins and following != "or") or not any(analyzer.terms(value))):
            groups += _groups(value, by_capitals)
        elif kind in ("word", "phrase"):
            words = [w for w in analyzer.words(value) if analyzer.terms(w)]
            if joins:
                groups[-1][0].extend(words)
            elif following == "or" and words:
                groups.append((words, None))
            else:
                groups += [([word], None) for word in words]
            if kind == "phrase" and not joins and following != "or":  # beside an OR nothing is demanded
                parts["phrase"].append(value)
        else:
            parts[kind].append(value)
        joins = False
    if not groups:  # nothing but stop words, or a title: look for them all the same
        sought = " ".join(parts["title"]) or (text if not parts["excluded"] and not parts["source"] else "")
        groups = [([word], None) for word in analyzer.words(sought)]
    if not groups:
        key = "question_only_leaves_out" if parts["excluded"] else "question_says_nothing"
        raise QueryError(both(key, text=text))
    typed = [word for words, short in groups if not short for word in words]
    if not typed:  # abbreviations are of no language: the stop words beside them tell
        typed = [word for word, short in abbreviations.readings(text, by_capitals) if not short]
    arabic = analyzer.arabic_share(" ".join(typed) or text)
    return Query(
        text,
        Language.ARABIC if arabic >= 0.5 else Language.ENGLISH,
        tuple(tuple(words) for words, _ in groups),
        tuple(parts["phrase"]),
        tuple(parts["excluded"]),
        tuple(parts["title"]),
        tuple(parts["source"]),
        tuple(short for _, short in groups),
    )


def _groups(piece: str, by_capitals: bool) -> Iterator[tuple[list[str], Abbreviation | None]]:
    """The words that are looked for, each alone; of an abbreviation those of its name, with it."""
    for word, short in abbreviations.readings(piece, by_capitals):
        for sought in short.words if short else (word,):
            if analyzer.terms(sought):
                yield [sought], short


def _check(text: str, max_chars: int) -> None:
    if not text.strip():
        raise QueryError(both("question_empty"))
    if len(text) > max_chars:
        raise QueryError(both("question_long", n=len(text), most=max_chars))
    if _CONTROL.search(text):
        raise QueryError(both("question_control"))
    if _SURROGATES.search(text):
        raise QueryError(both("question_surrogates"))


def _pieces(text: str) -> list[tuple[str, str]]:
    """(kind, value) in order: word, phrase, excluded, title, source, or."""
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        prefix, start = _prefix(text, position)
        if start < len(text) and text[start] in _QUOTES:
            end = _closing(text, start)
            value, position = text[start + 1 : end], end + 1
            found.append((prefix or "phrase", value))
        else:
            piece = _PIECE.match(text, start)
            if piece is None:
                raise QueryError(both("prefix_alone", prefix=text[position:start]))
            value, position = piece.group(), piece.end()
            kind = "or" if not prefix and value in _OR else prefix or "word"
            found.append((kind, value))
        if found[-1][0] not in ("word", "or") and not analyzer.words(value):
            raise QueryError(both("no_word_in_it", kind=found[-1][0], value=value))
    return found


def _prefix(text: str, position: int) -> tuple[str, int]:
    """("excluded" | "title" | "source" | "", where the value starts)."""
    if text[position] == "-" and position + 1 < len(text) and not text[position + 1].isspace():
        kind, start = _prefix(text, position + 1)
        if kind in ("title", "source"):
            raise QueryError(both("minus_field", text=text[position:start], kind=kind))
        return "excluded", position + 1
    name, colon, _ = text[position : position + 12].partition(":")
    if colon and name.lower() in _FIELDS:
        return _FIELDS[name.lower()], position + len(name) + 1
    return "", position


def _closing(text: str, start: int) -> int:
    ends = [text.find(closing, start + 1) for closing in _QUOTES[text[start]]]
    if max(ends) < 0:
        raise QueryError(both("quotation_open", at=start + 1))
    return min(end for end in ends if end >= 0)
