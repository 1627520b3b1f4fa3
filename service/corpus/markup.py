"""A fragment of HTML, as feeds carry it -> its text, one line a block."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

TAG = re.compile(r"<[a-zA-Z/!]")
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li "
        "main nav ol p pre section table tbody td tfoot th thead tr ul",
    )
)
UNSEEN = frozenset(("script", "style", "template", "noscript"))
SPACES = re.compile(r"[ \t\r\n\f]+")  # those that HTML joins into one; NBSP and the like stay


def text_of(fragment: str) -> str:
    """Without tags there is nothing to join or to drop: the fragment comes back with its line breaks."""
    if not TAG.search(fragment):
        return html.unescape(fragment)
    parser = _Text()
    parser.feed(fragment)
    parser.close()
    lines = (SPACES.sub(" ", line).strip(" ") for line in parser.blocks())
    return "\n".join(line for line in lines if line)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[list[str]] = [[]]
        self._unseen = 0

    def blocks(self) -> list[str]:
        return ["".join(block) for block in self._blocks]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        if tag in BLOCKS:
            self._blocks.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in BLOCKS:
            self._blocks.append([])

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._blocks[-1].append(data)
