"""Exact copies: a text is stored once, under the first id it came with; further ids of it are listed as copies.

When the id that holds a text is deleted or gets another text, the text goes on under the first id that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from service.backends.base import Writer
from service.errors import ArticleNotFound
from service.records import Article


class Copy(NamedTuple):
    """Another id for the text that ``original`` holds; the article comes without its text."""

    article: Article
    original: str


class Copies:
    """Who holds which text during one run of a writer.

    What is to be written is given out, in order: an Article whose text is to be indexed, or a Copy. Ids that shared a
    text whose holder went are looked at by ``settle``, at the end: until then the run may change them too.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._new: dict[str, str] = {}  # sha256 -> the id that holds it, given out in this run
        self._waiting: dict[str, tuple[str, list[Article]]] = {}  # sha256 -> its published holder, new copies of it
        self._left: dict[str, tuple[str, ...]] = {}  # sha256 -> published copies of a holder that went in this run

    def place(self, article: Article) -> Iterator[Article | Copy]:
        """The article, where its text is new; that it is a copy, or nothing yet, where it is not."""
        if holder := self._new.get(article.sha256):
            yield Copy(replace(article, text=""), holder)
        elif holder := self._writer.holder(article.sha256):
            waiting = self._waiting.setdefault(article.sha256, (holder, []))[1]
            waiting.append(replace(article, text=""))  # the holder has the text, and there may be many copies
        else:
            self._new[article.sha256] = article.article_id
            yield article

    def take_out(self, article_id: str) -> Iterator[Article | Copy]:
        """Delete a published article or copy; a copy that came in this run and now holds the text is given out."""
        article, copies = self._writer.article(article_id)
        is_holder = self._writer.holder(article.sha256) == article_id
        self._writer.delete(article_id)
        if is_holder:
            self._left[article.sha256] = copies
            for heir in self._waiting.pop(article.sha256, ("", []))[1]:
                yield from self.place(replace(heir, text=article.text))

    def settle(self) -> Iterator[Article | Copy]:
        """Give the copies that are left their place; nothing else may be placed afterwards."""
        for copies in self._left.values():
            for copy in copies:
                try:
                    article, _ = self._writer.article(copy)
                except ArticleNotFound:
                    continue  # taken out too
                self._writer.delete(copy)
                yield from self.place(article)
        for holder, waiting in self._waiting.values():
            for article in waiting:
                yield Copy(article, holder)
