"""Plain text and Markdown: the file is the article; front matter between two lines of --- may tell its fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from service.corpus.decoding import decode_whole
from service.corpus.entry import Entry, Flaw, Source, Unreadable, shown
from service.corpus.fields import ALIASES, NAMES

OPENING = re.compile(r"---[ \t]*\r?\n")
CLOSING = re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
PAIR = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?!//)[ \t]*(.*)")
BLOCKS = {">", "|", ">-", "|-", ">+", "|+"}
MAX_FRONT_CHARS = 65_536


def entries(source: Source) -> Iterator[Entry | Flaw]:
    front, text = split_front_matter(decode_whole(source.whole(), source.encoding))
    yield Entry(0, {**front, "text": text})


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Fields and the text after them; ({}, text) where no front matter with a field of ours begins it."""
    opening = OPENING.match(text)
    closing = CLOSING.search(text, opening.end(), opening.end() + MAX_FRONT_CHARS) if opening else None
    if opening is None or closing is None:
        return {}, text
    front: dict[str, str] = {}
    last = ""
    for line in re.split(r"\r?\n", text[opening.end() : closing.start()]):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith((" ", "\t", "-")):  # the rest of a list or a block, which only fields of others have
            if last in NAMES:
                raise Unreadable(f"front matter: {last} goes on in the line {shown(line)}: write it on one line")
            continue
        pair = PAIR.fullmatch(line)
        if not pair:
            return {}, text
        last = pair[1].casefold()
        if last in NAMES and last not in ALIASES["text"]:
            front[last] = _scalar(pair[2].strip())
    return (front, text[closing.end() :]) if front else ({}, text)


def _scalar(written: str) -> str:
    """A YAML scalar as a string: quotes are undone, and nothing becomes a number, a date or a truth value."""
    if len(written) > 1 and written[0] == written[-1] == '"':
        try:
            return str(json.loads(written))
        except ValueError:
            return written[1:-1]
    if len(written) > 1 and written[0] == written[-1] == "'":
        return written[1:-1].replace("''", "'")
    return "" if written in ("~", "null") or written in BLOCKS else written
