"""The JSON of the API, field by field: what users' scripts rely on."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from service.records import Article, Passage, SearchResult

Offset = Annotated[
    int, Meta(ge=0, description="code points into the article's text; UTF-16 counts differ above U+FFFF")
]


class LegOut(Struct, frozen=True):
    """What one leg of the search gave a passage; both null where the leg did not return it."""

    leg: str
    score: float | None
    rank: int | None


class MatchOut(Struct, frozen=True):
    """Which word of the question met which form in the passage, and by which evidence."""

    source: str
    form: str
    weight: float
    evidence: str


class PassageOut(Struct, frozen=True, kw_only=True):
    """A slice of an article as received: ``article.text[start:end] == text``."""

    rank: Annotated[int, Meta(ge=1)]
    score: Annotated[float, Meta(description="higher is better; comparable within one result only")]
    article_id: str
    docid: str
    title: str
    source: str
    published: Annotated[str, Meta(description='ISO 8601, "" when unknown')]
    url: Annotated[str, Meta(description="as the report gave it, unchecked")]
    language: Annotated[str, Meta(description='ISO 639-1, "" when unknown')]
    text: str
    start: Offset
    end: Offset
    highlights: Annotated[
        list[tuple[int, int]], Meta(description="[start, end) of each matched word, into the article's text")
    ]
    copies: Annotated[list[str], Meta(description="ids of articles with exactly the same text")]
    legs: Annotated[list[LegOut], Meta(description="with explain only")] | UnsetType = UNSET
    matches: Annotated[list[MatchOut], Meta(description="with explain only")] | UnsetType = UNSET


class SearchOut(Struct, frozen=True, kw_only=True):
    """The answer to one question; no passages when nothing was found."""

    query: str
    language: Annotated[str, Meta(description="of the question, as the search took it")]
    collection: str
    version: Annotated[str, Meta(description="index version that answered")]
    took_ms: float
    notices: list[str]
    passages: list[PassageOut]


class ArticleOut(Struct, frozen=True, kw_only=True):
    """One report as received."""

    article_id: str
    title: str
    source: str
    published: Annotated[str, Meta(description='ISO 8601, "" when unknown')]
    url: Annotated[str, Meta(description="as the report gave it, unchecked")]
    language: Annotated[str, Meta(description='ISO 639-1, "" when unknown')]
    text: str
    sha256: Annotated[str, Meta(description="of the text's UTF-8")]
    copies: Annotated[list[str], Meta(description="ids of articles with exactly the same text")]


def search_out(result: SearchResult, explain: bool) -> SearchOut:
    return SearchOut(
        query=result.query,
        language=result.language.value,
        collection=result.collection,
        version=result.version,
        took_ms=result.took_ms,
        notices=list(result.notices),
        passages=[passage_out(passage, explain) for passage in result.passages],
    )


def passage_out(passage: Passage, explain: bool) -> PassageOut:
    return PassageOut(
        rank=passage.rank,
        score=passage.score,
        article_id=passage.article_id,
        docid=passage.docid,
        title=passage.title,
        source=passage.source,
        published=passage.published,
        url=passage.url,
        language=passage.language,
        text=passage.text,
        start=passage.start,
        end=passage.end,
        highlights=list(passage.highlights),
        copies=list(passage.copies),
        legs=[LegOut(leg.leg.value, leg.score, leg.rank) for leg in passage.legs] if explain else UNSET,
        matches=[MatchOut(m.source, m.form, m.weight, m.evidence) for m in passage.matches] if explain else UNSET,
    )


def article_out(article: Article, copies: tuple[str, ...]) -> ArticleOut:
    return ArticleOut(
        article_id=article.article_id,
        title=article.title,
        source=article.source,
        published=article.published,
        url=article.url,
        language=article.language,
        text=article.text,
        sha256=article.sha256,
        copies=list(copies),
    )
