"""What the templates draw: passages and articles as values that need only escaping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from service.addresses import web_address
from service.records import Article, Citation, Language, Passage

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"})


@dataclass(frozen=True)
class Run:
    """A stretch of text that is marked as a whole or not at all."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Place:
    """Where the reader stands: kept in every link, so that each page can be shared and gone back from."""

    interface: Language
    collection: str  # "" for the default
    question: str


@dataclass(frozen=True)
class Card:
    """One passage as shown."""

    passage: Passage
    runs: tuple[Run, ...]
    lang: str
    direction: str
    date: str
    article_href: str
    original_href: str  # "" unless it is a web address
    copies: tuple[tuple[str, str], ...]  # (id, href)


@dataclass(frozen=True)
class Quote:
    """One citation as shown."""

    citation: Citation
    lang: str
    direction: str
    date: str
    article_href: str
    copies: tuple[tuple[str, str], ...]  # (id, href)


def quote_card(citation: Citation, place: Place) -> Quote:
    return Quote(
        citation=citation,
        lang=lang_attribute(citation.language),
        direction=direction(citation.language, citation.quote),
        date=shown_date(citation.published),
        article_href=article_href(citation.article_id, place, citation.start, citation.end),
        copies=tuple((copy, article_href(copy, place)) for copy in citation.copies),
    )


def card(passage: Passage, place: Place) -> Card:
    return Card(
        passage=passage,
        runs=tuple(runs(passage.text, passage.start, passage.highlights)),
        lang=lang_attribute(passage.language),
        direction=direction(passage.language, passage.text),
        date=shown_date(passage.published),
        article_href=article_href(passage.article_id, place, passage.start, passage.end),
        original_href=web_address(passage.url),
        copies=tuple((copy, article_href(copy, place)) for copy in passage.copies),
    )


def runs(text: str, start: int, spans: Sequence[tuple[int, int]]) -> list[Run]:
    """``text`` cut at ``spans``, which are offsets into the article that ``text`` begins at ``start`` of."""
    cut: list[Run] = []
    at = 0
    for first, last in sorted(spans):
        first, last = max(first - start, at), min(last - start, len(text))
        if first >= last:
            continue
        if at < first:
            cut.append(Run(text[at:first], False))
        cut.append(Run(text[first:last], True))
        at = last
    if at < len(text):
        cut.append(Run(text[at:], False))
    return cut


def passage_range(article: Article, start: str, end: str) -> tuple[int, int] | None:
    """The passage that a link names, if it lies within the text."""
    if not all(re.fullmatch(r"[0-9]{1,9}", number, re.ASCII) for number in (start, end)):
        return None
    first, last = int(start), int(end)
    return (first, last) if first < last <= len(article.text) else None


def direction(language: str, text: str = "") -> str:
    """Of ``text`` in ``language``: by its first strong letter where the language does not tell."""
    primary = language.lower().partition("-")[0]
    if primary in RIGHT_TO_LEFT:
        return "rtl"
    if primary == "en":
        return "ltr"
    strong = (unicodedata.bidirectional(char) for char in text)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "")
    return {"": "auto", "L": "ltr"}.get(first, "rtl")


def lang_attribute(language: str) -> str:
    """``language`` if it is shaped like a language tag, "" otherwise: a report declares what it likes."""
    return language if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language) else ""


def shown_date(published: str) -> str:
    """To the minute at most, with the zone that it names; what is no ISO date is shown as it is."""
    iso = r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::[\d.]+)?(Z|[+-]\d{2}:?\d{2})?)?"
    found = re.fullmatch(iso, published, re.ASCII)
    return " ".join(part for part in found.groups() if part).replace("Z", "UTC") if found else published


def article_href(article_id: str, place: Place, start: int | None = None, end: int | None = None) -> str:
    anchored = start is not None and end is not None
    parameters = {"start": start, "end": end} if anchored else {}
    return href(article_path(article_id), place, **parameters) + ("#passage" if anchored else "")


def article_path(article_id: str) -> str:
    return "/articles/" + quote(article_id, safe="")


def href(path: str, place: Place, **parameters: object) -> str:
    """``path`` with ``parameters`` and the place; empty values are left out."""
    query = {"q": place.question, **parameters, "collection": place.collection, "lang": place.interface.value}
    return f"{path}?{urlencode({name: value for name, value in query.items() if value not in ('', None)})}"
