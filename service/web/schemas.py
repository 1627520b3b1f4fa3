"""The JSON of the API, field by field: what users' scripts rely on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, convert

from service.records import Article, Facets, Passage, Place, PlaceMention, SearchResult

if TYPE_CHECKING:
    from service.web.threads import Shelf

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


class NearPlaceOut(Struct, frozen=True):
    """The place named in a passage that fits an asked place best."""

    name_en: str
    name_ar: str
    lat: Annotated[float, Meta(description="WGS84 degrees")]
    lon: float
    kind: str
    country: str
    distance_km: Annotated[float, Meta(description="to the centre of the asked place; 0 inside a province or country")]
    precision_km: Annotated[
        float, Meta(description="how far the coordinates may be off, the place's own extent included")
    ]
    start: Annotated[int, Meta(description="into the article's text; -1 for its title")]
    end: int
    confidence: Annotated[float, Meta(ge=0, le=1)]


class DatedOut(Struct, frozen=True):
    """A day or period named in a passage that lies in the asked one."""

    start: int
    end: int
    first: Annotated[str, Meta(description="ISO 8601")]
    last: Annotated[str, Meta(description="ISO 8601, included")]


class MentionOut(Struct, frozen=True, kw_only=True):
    """A place named in a passage; ``start`` is -1 for one in the title."""

    name_en: str
    name_ar: str
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    kind: str
    admin1: str
    country: str
    precision_km: Annotated[float, Meta(description="how far the coordinates may be off, the place's size included")]
    start: int
    end: int
    confidence: float


class CountOut(Struct, frozen=True):
    """How many articles have a value."""

    value: str
    count: int


class FacetsOut(Struct, frozen=True):
    """Counts over the articles of the best passages, most first; months and days in order."""

    months: list[CountOut]
    days: list[CountOut]
    places: list[CountOut]
    sources: list[CountOut]
    languages: list[CountOut]


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
    sha256: Annotated[str, Meta(description="of the article's text, UTF-8")]
    highlights: Annotated[
        list[tuple[int, int]], Meta(description="[start, end) of each matched word, into the article's text")
    ]
    copies: Annotated[list[str], Meta(description="ids of articles with exactly the same text")]
    near_copies: Annotated[list[str], Meta(description="ids of articles with nearly the same text or passage")]
    places: Annotated[list[NearPlaceOut], Meta(description="for each place asked, the best fit named here")]
    dates: Annotated[list[DatedOut], Meta(description="days named here in the asked period")]
    legs: Annotated[list[LegOut], Meta(description="with explain only")] | UnsetType = UNSET
    matches: Annotated[list[MatchOut], Meta(description="with explain only")] | UnsetType = UNSET
    mentions: Annotated[list[MentionOut], Meta(description="with explain only: places named")] | UnsetType = UNSET


class SearchOut(Struct, frozen=True, kw_only=True):
    """The answer to one question; no passages when nothing was found."""

    query: str
    language: Annotated[str, Meta(description="of the question, as the search took it")]
    collection: str
    version: Annotated[str, Meta(description="index version that answered")]
    took_ms: float
    notices: list[str]
    areas: Annotated[list[str], Meta(description="how the places asked were read")]
    period: Annotated[
        tuple[str, str], Meta(description='how the dates asked were read: first and last day, "" for open')
    ]
    facets: Annotated[FacetsOut, Meta(description="with facets only")] | UnsetType = UNSET
    passages: list[PassageOut]
    next: Annotated[str | None, Meta(description="cursor of the following page, null on the last one")] = None


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


def search_out(result: SearchResult, explain: bool, following: str | None = None) -> SearchOut:
    return SearchOut(
        query=result.query,
        language=result.language.value,
        collection=result.collection,
        version=result.version,
        took_ms=result.took_ms,
        notices=list(result.notices),
        areas=list(result.areas),
        period=result.period,
        facets=facets_out(result.facets) if result.facets else UNSET,
        passages=[passage_out(passage, explain) for passage in result.passages],
        next=following,
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
        sha256=passage.sha256,
        highlights=list(passage.highlights),
        copies=list(passage.copies),
        near_copies=list(passage.near_copies),
        places=[convert(asdict(place), NearPlaceOut) for place in passage.places],
        dates=[convert(asdict(day), DatedOut) for day in passage.dates],
        legs=[LegOut(leg.leg.value, leg.score, leg.rank) for leg in passage.legs] if explain else UNSET,
        matches=[MatchOut(m.source, m.form, m.weight, m.evidence) for m in passage.matches] if explain else UNSET,
        mentions=[mention_out(m, m.place) for m in passage.mentions if m.place] if explain else UNSET,
    )


def mention_out(mention: PlaceMention, place: Place) -> MentionOut:
    return MentionOut(
        name_en=place.name_en,
        name_ar=place.name_ar,
        lat=place.lat,
        lon=place.lon,
        kind=place.kind,
        admin1=place.admin1,
        country=place.country,
        precision_km=place.precision_km,
        start=mention.start,
        end=mention.end,
        confidence=mention.confidence,
    )


def facets_out(facets: Facets) -> FacetsOut:
    counts = {name: [CountOut(value, n) for value, n in pairs] for name, pairs in asdict(facets).items()}
    return FacetsOut(**counts)


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


class CollectionOut(Struct, frozen=True, kw_only=True):
    """One collection; counts are 0 and ``problem`` says why where it does not open."""

    name: str
    version: Annotated[str, Meta(description="of its published index")]
    created: Annotated[str, Meta(description="when that was published, ISO 8601, UTC")]
    articles: int
    copies: Annotated[int, Meta(description="further ids of texts that are there already")]
    passages: int
    size_bytes: int
    encoder: str
    problem: str


class CollectionsOut(Struct, frozen=True, kw_only=True):
    """All collections, and which one is asked when none is named."""

    default: str
    collections: list[CollectionOut]


def collections_out(default: str, shelves: Sequence[Shelf]) -> CollectionsOut:
    return CollectionsOut(default=default, collections=[_collection_out(shelf) for shelf in shelves])


def _collection_out(shelf: Shelf) -> CollectionOut:
    manifest = shelf.manifest
    return CollectionOut(
        name=shelf.collection,
        version=shelf.version,
        created=manifest.created if manifest else "",
        articles=manifest.articles if manifest else 0,
        copies=manifest.copies if manifest else 0,
        passages=manifest.chunks if manifest else 0,
        size_bytes=manifest.size_bytes if manifest else 0,
        encoder=manifest.recipe.get("encoder", "") if manifest else "",
        problem=shelf.problem,
    )
