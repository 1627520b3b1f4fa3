"""Places and dates of one article, as ingest stores them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from service.dates import finder as dates
from service.folding import fold
from service.places import finder as places
from service.places import gazetteer
from service.records import Annotations, Article

FINDERS = f"{places.FINDER_ID}+{dates.FINDER_ID}"


@lru_cache(maxsize=2)
def load(user_gazetteer: Path | None = None) -> Callable[[Article], Annotations]:
    """A function that reads articles; making it takes a moment, the first time."""
    finder = places.Finder(gazetteer.load(user_gazetteer))

    def annotate(article: Article) -> Annotations:
        published = article.published[:10] or dates.published_in(article.text)
        skipped = len(article.title) + 1 if article.title else 0
        folded = fold(f"{article.title}\n{article.text}" if article.title else article.text)
        return Annotations(
            tuple(finder.find_in(folded, skipped)), tuple(dates.find_in(folded, published, skipped=skipped)), published
        )

    return annotate
