"""The nouns of Rasad: frozen records without behaviour beyond their own checks.

Offsets are Unicode code points, half-open ``[start, end)``, into the article's text exactly as received.
Scores are higher-is-better everywhere; ranks start at 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Language(StrEnum):
    """The language of a text or a question, as far as retrieval cares (ISO 639-1)."""

    ARABIC = "ar"
    ENGLISH = "en"


class Leg(StrEnum):
    """One way of ranking chunks; ``fused`` is the combination that users see."""

    BM25 = "bm25"
    CROSS = "cross"
    DENSE = "dense"
    PLACE = "place"  # how near the places lie that a passage names
    FEEDBACK = "feedback"  # words of the best passages of the other legs (pseudo-relevance feedback)
    ALIGNMENT = "alignment"  # the question's words against those of the best short articles, by likeness
    RERANKER = "reranker"  # a cross-encoder's reading of the best fused passages; only where one is named
    FUSED = "fused"


class Translation(StrEnum):
    """A part of the translator; each can be switched off, to measure what it is worth."""

    LEXICON = "lexicon"  # words of the team's lexicon
    PHRASES = "phrases"  # phrases of the lexicon, longest match
    SENSES = "senses"  # that a word's likelier translations weigh more
    NEAREST = "nearest"  # nearest words in the bilingual vector space
    SOUND = "sound"  # terms of the index that sound like an unknown word
    NUMBERS = "numbers"  # digits, and the names of months


class Backends(StrEnum):
    """What keeps the collections."""

    EMBEDDED = "embedded"  # folders on this machine
    MILVUS = "milvus"  # a Milvus server, or a file of Milvus Lite


class Fusion(StrEnum):
    """How legs are combined."""

    CONVEX = "convex"  # weighted sum of normalised scores (Bruch, Gai & Ingber 2023)
    RRF = "rrf"  # reciprocal rank fusion (Cormack, Clarke & Buettcher 2009)


class Fallback(StrEnum):
    """What happens when a model that was asked for is not on this machine and the hub is out of reach."""

    REFUSE = "refuse"
    BUNDLED = "bundled"  # the bundled encoder and no reranker, with a notice


class Role(StrEnum):
    """What a key allows; each includes those before it."""

    READ = "read"
    INGEST = "ingest"
    ADMIN = "admin"


class Open(StrEnum):
    """Who needs no key."""

    LOOPBACK = "loopback"  # programs on this machine, reached without a proxy
    NOBODY = "nobody"
    READ = "read"  # everybody, to read; loopback for all else
    EVERYONE = "everyone"  # whoever reaches the service, for everything


class LogFormat(StrEnum):
    """How the service writes its log."""

    TEXT = "text"
    JSON = "json"


class Unsupported(StrEnum):
    """What happens to a language model's sentence that what it cites does not support."""

    DROP = "drop"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Article:
    """One report as received. ``text`` is never changed after decoding; ``sha256`` is of its UTF-8."""

    article_id: str
    text: str
    sha256: str
    title: str = ""
    source: str = ""
    published: str = ""  # ISO 8601 date or date-time, "" when unknown
    url: str = ""
    language: str = ""  # ISO 639-1 as declared or detected, "" when unknown
    origin: str = ""  # the file it was read from, with line or entry number where there is one
    origin_sha256: str = ""  # of the whole file as received, "" for a stream


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken, and why: counted, shown, never silently dropped."""

    origin: str  # file, "-" for standard input
    line: int  # 1-based line, entry or row; 0 when the whole file is meant
    reason: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of an article: the unit that is ranked. ``article.text[start:end] == text``."""

    article_id: str
    ordinal: int  # 0-based within the article
    start: int
    end: int
    text: str

    @property
    def docid(self) -> str:
        return f"{self.article_id}#{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of a ranking: a chunk and its score."""

    docid: str
    score: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Where and when a search looks, beside what its words say; "" and 0 leave a filter out.

    Days are as the user wrote them: 2015-08-07, 2015-08, 2015 or words such as yesterday, read against ``now``. Where
    several values are given, any of them will do.
    """

    near: str = ""  # a place: passages that name places around it
    within_km: float = 0.0  # with near: how far; 0 is the default of the settings
    place: tuple[str, ...] = ()  # passages that name one of these or a place in it
    since: str = ""
    until: str = ""
    now: str = ""  # reference date of relative words, ISO 8601; "" is today
    places: bool = True  # whether places are read from the question
    dates: bool = True  # whether dates are read from the question
    recent: bool | None = None  # prefer newer articles; None: where the question asks for the latest
    facets: bool = False
    source: tuple[str, ...] = ()  # articles of exactly these sources, as facets name them
    language: tuple[str, ...] = ()  # articles in these languages, ISO 639-1
    strict_phrases: bool = False  # where no passage has a phrase of the question nothing is found
    notices_in: Language | None = None  # language of the notices; None: the question's


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one leg returns: chunk keys of one index version, best first, and their scores; both of shape (n,).

    A key is a number that the reader which gave it can turn into a docid; it means nothing elsewhere.
    """

    keys: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the gazetteer. Coordinates are WGS84 degrees; ``extent_km`` is the radius of what the name covers."""

    name_en: str
    name_ar: str
    lat: float
    lon: float
    kind: str
    admin1: str = ""
    country: str = ""
    source: str = ""
    extent_km: float = 0.0
    precision_km: float = 0.0  # how far the coordinates may be from the place, its extent included


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A place named in a text; ``place`` is None where a name was found and could not be resolved.

    ``start`` is -1 for a mention in the title. ``confidence`` is from 0 to 1.
    """

    start: int
    end: int
    place: Place | None
    confidence: float


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date or period named in a text, as days: both ISO 8601 and included."""

    start: int
    end: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Annotations:
    """What ingest found in one article; ``published`` is ISO 8601 or "", from the metadata or else from the text."""

    places: tuple[PlaceMention, ...] = ()
    dates: tuple[DateMention, ...] = ()
    published: str = ""


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts of articles, most first; months and days in order. Articles without the value are not counted."""

    months: tuple[tuple[str, int], ...] = ()  # 2015-08
    days: tuple[tuple[str, int], ...] = ()  # 2015-08-07
    places: tuple[tuple[str, int], ...] = ()  # the name in English, its province and country
    sources: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NearPlace:
    """Why a passage is near: the place it names that fits best. ``distance_km`` is to the asked place's centre."""

    name_en: str
    name_ar: str
    lat: float
    lon: float
    kind: str
    country: str
    distance_km: float
    precision_km: float
    start: int  # in the article's text; -1 for a mention in the title or elsewhere in the article
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Concept:
    """One question word as the weighted index terms that may stand for it (Darwish & Oard 2003).

    ``terms`` maps index terms to weights in (0, 1]; a plain BM25 term is ``{term: 1.0}``. tf and df of the
    concept are the weighted sums over its terms; ``weight`` scales its contribution to the score.
    """

    source: str  # the question word or phrase as typed
    terms: Mapping[str, float]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """For --explain: which question word met which form, and by which evidence."""

    source: str
    form: str
    weight: float
    evidence: str  # same | lexicon | phrase | nearest | sound | synonym | spelling


@dataclass(frozen=True, slots=True)
class LegScore:
    """For --explain: what one leg gave this passage. rank is None where the leg did not return it."""

    leg: Leg
    score: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as shown: text and offsets into its article, highlights, copies, and why it ranked."""

    rank: int
    score: float
    article_id: str
    docid: str
    title: str
    source: str
    published: str
    url: str
    language: str
    text: str
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()  # into the article's text, sorted, disjoint
    copies: tuple[str, ...] = ()  # article ids with exactly the same text
    sha256: str = ""  # of the article's text
    legs: tuple[LegScore, ...] = ()
    matches: tuple[Match, ...] = ()
    places: tuple[NearPlace, ...] = ()  # for each area asked, the place named here that fits it best
    dates: tuple[DateMention, ...] = ()  # days named here that lie in the asked period
    mentions: tuple[PlaceMention, ...] = ()  # for --explain and the map: every place named here
    near_copies: tuple[str, ...] = ()  # ids of other articles with nearly the same text, or nearly this passage


@dataclass(frozen=True, slots=True)
class Manifest:
    """How one published version of a collection was made, and of what it consists."""

    version: str
    collection: str
    created: str  # ISO 8601, UTC
    format: str
    recipe: Mapping[str, str]  # analyzer, encoder, dimension, chunker ... : id as text
    articles: int
    copies: int
    chunks: int
    size_bytes: int
    segments: tuple[Mapping[str, object], ...] = ()
    statistics: Mapping[str, float] = field(default_factory=dict)  # of BM25, see the backend's writer
    extra: Mapping[str, str] = field(default_factory=dict)  # carried from version to version


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search gives back. ``version`` names the index version that answered."""

    query: str
    language: Language
    passages: tuple[Passage, ...]
    collection: str
    version: str
    took_ms: float
    notices: tuple[str, ...] = ()  # e.g. a question word that no leg could use
    areas: tuple[str, ...] = ()  # how the question's places were read, e.g. "near Hawija (Kirkuk, Iraq)"
    period: tuple[str, str] = ("", "")  # how its dates were read: first and last day, "" for open
    facets: Facets | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did. ``added + updated + unchanged + copies + rejected`` is the number of records read."""

    added: int
    updated: int
    unchanged: int
    copies: int  # new ids whose text was already there: listed as copies
    rejected: int
    rejections: tuple[Rejection, ...]  # the first of them; ``rejected`` counts all
    version: str
    took_s: float
    notices: tuple[str, ...] = ()  # on the model and the cache of vectors


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that can be checked: ``article.text[start:end] == quote`` and ``sha256`` is of the article's UTF-8."""

    marker: int  # from 1
    article_id: str
    title: str
    source: str
    published: str
    url: str
    start: int
    end: int
    quote: str
    sha256: str
    copies: tuple[str, ...] = ()  # articles with the same text, or nearly the same passage
    language: str = ""  # of the quote
    gloss: str = ""  # English help for an Arabic quote, made by machine: never a source


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of an answer and the markers of what it rests on; of an extractive answer, the quote itself."""

    text: str
    markers: tuple[int, ...]
    supported: bool = True  # False only for a model's sentence that is shown although nothing cited supports it


@dataclass(frozen=True, slots=True)
class Figure:
    """What one report gives for the thing asked for, where reports differ."""

    text: str
    value: float
    marker: int
    source: str
    published: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose every sentence is cited, or an honest refusal: ``abstained`` with the nearest passages."""

    question: str
    language: Language
    abstained: bool
    confidence: float  # that the first citations hold the answer, 0 to 1, calibrated
    answer_type: str
    short_answer: str  # a slice of the first citation's quote, "" where the question asks for no such thing
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    figures: tuple[Figure, ...]  # two or more where independent reports differ, else none
    nearest: tuple[Passage, ...]  # of a refusal
    collection: str
    version: str
    took_ms: float
    model: str = ""  # name of the language model that wrote the sentences, "" for an extractive answer
    notices: tuple[str, ...] = ()
