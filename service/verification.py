"""Verification before display: a citation is shown only if the stored article still says exactly that, there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from service import counters
from service.errors import ArticleNotFound
from service.records import Article, Citation

ArticleOf = Callable[[str], Article]


def holds(citation: Citation, article: Article) -> bool:
    """Whether the quote stands at its offsets in the article, and the article is the one that was hashed."""
    return (
        citation.article_id == article.article_id
        and 0 <= citation.start < citation.end <= len(article.text)
        and article.text[citation.start : citation.end] == citation.quote
        and citation.sha256 == article.sha256 == hashlib.sha256(article.text.encode()).hexdigest()
    )


def verified(citations: Iterable[Citation], article_of: ArticleOf) -> list[Citation]:
    """The citations that hold, in order. What does not is dropped and counted, never shown."""
    kept = []
    for citation in citations:
        try:
            sound = holds(citation, article_of(citation.article_id))
        except (ArticleNotFound, UnicodeEncodeError):
            sound = False
        if sound:
            kept.append(citation)
        else:
            counters.count(counters.CITATIONS_DROPPED)
    return kept
