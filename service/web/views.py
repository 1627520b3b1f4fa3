"""What the templates draw: passages and quotes as values that need only escaping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from service.addresses import web_address
from service.records import Article, Citation, Passage
from service.web.marks import Marks, Run
from service.web.reasons import reasons
from service.web.repeats import fold
from service.web.state import State, article_href

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"})
Links = tuple[tuple[str, str], ...]  # (id, href)


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
    copies: Links
    near_copies: Links  # articles with nearly the same text that are not among the passages shown
    repeats: tuple[Card, ...]  # near copies further down
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Quote:
    """One citation as shown."""

    citation: Citation
    lang: str
    direction: str
    date: str
    article_href: str
    copies: Links
    copied: str  # the quote with where it is from, for the clipboard


def quote_card(citation: Citation, state: State) -> Quote:
    return Quote(
        citation=citation,
        lang=lang_attribute(citation.language),
        direction=direction(citation.language, citation.quote),
        date=shown_date(citation.published),
        article_href=article_href(citation.article_id, state, citation.start, citation.end),
        copies=tuple((copy, article_href(copy, state)) for copy in citation.copies),
        copied=_copied(citation),
    )


def _copied(found: Citation) -> str:
    where = [found.title, found.source, found.published, f"{found.article_id} {found.start}-{found.end}", found.url]
    return f"“{found.quote}”\n— {', '.join(filter(None, where))}\nsha256 {found.sha256}"


def cards(passages: Sequence[Passage], state: State, marks: Marks) -> list[Card]:
    """Near copies are folded into the first of them."""
    return [
        _card(found.passage, state, marks, tuple(_card(p, state, marks) for p in found.repeats))
        for found in fold(passages)
    ]


def _card(passage: Passage, state: State, marks: Marks, repeats: tuple[Card, ...] = ()) -> Card:
    told = {other.passage.article_id for other in repeats}
    return Card(
        passage=passage,
        runs=tuple(marks.runs(passage)),
        lang=lang_attribute(passage.language),
        direction=direction(passage.language, passage.text),
        date=shown_date(passage.published),
        article_href=article_href(passage.article_id, state, passage.start, passage.end),
        original_href=web_address(passage.url),
        copies=tuple((copy, article_href(copy, state)) for copy in passage.copies),
        near_copies=tuple((copy, article_href(copy, state)) for copy in passage.near_copies if copy not in told),
        repeats=repeats,
        reasons=tuple(reasons(passage, marks.forms(passage), state.interface)),
    )


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
