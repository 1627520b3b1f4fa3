"""Article -> chunks: whole sentences up to a target length, one sentence shared between neighbours.

A chunk is a slice of the text as received. Sentences end at Arabic and Latin full stops, question and exclamation
marks and at line breaks; text without punctuation is cut between words.
"""

from __future__ import annotations

import re

from service.records import Article, Chunk

CHUNKER_ID = "sentences-2"

_BOUNDARY = re.compile(r"(?:[.!?\u061f\u06d4\u2026]+[\"'\u201d\u2019\u00bb)\]]*(?=\s))|[\r\n\u2028\u2029]+")
_INITIALS = re.compile(r"(?:^|[\s(])(?:[A-Za-z]|[A-Z][a-z]{0,2}|[A-Za-z]\.[A-Za-z]|\u062f|\u0623|\u0645)\.$")
_WORD = re.compile(r"\S{1,200}")  # a longer run without a space (base64, a URL) counts as several words
Span = tuple[int, int]


def sentences(text: str) -> list[Span]:
    """Spans of the sentences of a text, in order, without the white space around them."""
    spans: list[Span] = []
    start = 0
    for mark in _BOUNDARY.finditer(text):
        is_stop = text[mark.start()] == "."
        if is_stop and _INITIALS.search(text, max(start, mark.start() - 6), mark.end()):
            continue
        _append_trimmed(spans, text, start, mark.end())
        start = mark.end()
    _append_trimmed(spans, text, start, len(text))
    return spans


def chunk(article: Article, words: int = 120, overlap_sentences: int = 1) -> list[Chunk]:
    """Chunks of about ``words`` words, in text order; none for a text of white space only."""
    units = _units(article.text, words)
    spans: list[Span] = []
    first = 0
    while first < len(units):
        last, count = first, units[first][2]
        while last + 1 < len(units) and count + units[last + 1][2] <= words:
            last += 1
            count += units[last][2]
        rest = sum(unit[2] for unit in units[last + 1 : last + 5])
        if last + 4 >= len(units) - 1 and rest <= words // 4:  # no chunk of a few words at the end
            last = len(units) - 1
        spans.append((units[first][0], units[last][1]))
        if last == len(units) - 1:
            break
        shared = overlap_sentences if last - first >= overlap_sentences and not units[last][3] else 0
        if sum(unit[2] for unit in units[last + 1 - shared : last + 2]) > words:  # no room for anything new
            shared = 0
        first = last + 1 - shared
    return [
        Chunk(article.article_id, ordinal, start, end, article.text[start:end])
        for ordinal, (start, end) in enumerate(spans)
    ]


def _units(text: str, words: int) -> list[tuple[int, int, int, bool]]:
    """(start, end, words, is_piece) of what may not be cut further; a piece is part of an over-long sentence."""
    units: list[tuple[int, int, int, bool]] = []
    for start, end in sentences(text):
        found = [(m.start(), m.end()) for m in _WORD.finditer(text, start, end)]
        if len(found) <= words:
            units.append((start, end, len(found), False))
            continue
        for i in range(0, len(found), words):
            piece = found[i : i + words]
            units.append((piece[0][0], piece[-1][1], len(piece), True))
    return units


def _append_trimmed(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
