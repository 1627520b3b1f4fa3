"""Articles and passages as rows of the server's collections: terms weighted, places and days coded, texts packed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.backends.embedded.details import details
from service.backends.embedded.kinship import Kinship
from service.backends.embedded.rows import Rows
from service.backends.milvus import bags, facts, periods
from service.backends.milvus.schema import FOREVER, cut, key_of
from service.dates.calendars import iso_day
from service.records import Article

PART = 60_000  # characters of a text's part
LONGEST_DATE = 31  # days; what a passage names as a period longer than this is not looked up by day
_NEVER = {2**32 - 2: 1.0}  # the vector of what no question finds: a number that no term has
_IDS = 1024  # bytes


@dataclass(frozen=True, slots=True)
class Bm25:
    """What the weights in the vectors are made with; the mean lengths are frozen for as long as the vectors are."""

    k1: float
    b: float
    mean_length: float
    mean_article_length: float

    def saturation(self, lengths: npt.NDArray[Any], articles: bool = False) -> npt.NDArray[np.float64]:
        mean = self.mean_article_length if articles else self.mean_length
        found: npt.NDArray[np.float64] = self.k1 * (1 - self.b + self.b * lengths.astype(np.float64) / max(mean, 1e-9))
        return found


@dataclass(frozen=True, slots=True)
class Numbered:
    """Where rows come to stand."""

    passage: int  # number of the first
    article: int
    version: int


class Entities:
    """Of one batch; ``near`` is settled already, with the batch's articles and passages in order."""

    def __init__(
        self, rows: Rows, numbers: Mapping[str, int], bm25: Bm25, where: Numbered, near: tuple[Kinship, Kinship]
    ) -> None:
        self._rows, self._bm25, self._where, self._near = rows, bm25, where, near
        bag = rows.terms
        self._numbers = np.array([numbers[name] for name in bag.names], np.uint32)
        self._starts = np.searchsorted(bag.rows, np.arange(bag.size + 1))
        self._homes = rows.chunks[:, 0].astype(np.int64)
        self._fields = _lists(rows.fields.rows, rows.fields.ids, rows.fields.size)
        self._field_keys = [key_of(name) for name in rows.fields.names]
        places = [facts.number_of(place) for place in rows.found.places]
        table = np.array([*places, facts.UNRESOLVED], np.int64)
        mentions = rows.found.mentions.astype(np.int64)
        mentions[:, 1] = table[mentions[:, 1]]
        self._mentions = mentions[np.argsort(mentions[:, 0], kind="stable")]
        dates = rows.found.dates.astype(np.int64)
        self._dates = dates[np.argsort(dates[:, 0], kind="stable")]

    def passages(self) -> Iterator[dict[str, Any]]:
        rows, where = self._rows, self._where
        weights = self._weights(rows.terms.counts, self._bm25.saturation(rows.chunks[:, 4])[rows.terms.rows])
        numbers = self._numbers[rows.terms.ids]
        article_near = self._near[0].labels
        titled = [self._named(article, titles=True) for article in range(len(rows.ids))]
        for row, chunk in enumerate(rows.chunks.tolist()):
            article, ordinal, start, stop, length, arabic = chunk
            span = slice(self._starts[row], self._starts[row + 1])
            mentions, dates = self._of(self._mentions, row), self._of(self._dates, row)
            named = {int(number) for number in mentions[:, 0] if number >= 0} | titled[article]
            docid = f"{rows.ids[article]}#{ordinal}"
            yield {
                "id": where.passage + row, **self._shared(article, self._near[1], row),
                "sparse": _vector(numbers[span], weights[span]),
                "bag": bags.pack(numbers[span], rows.terms.counts[span]),
                "dense": rows.vectors[row].astype(np.float32), "days": self._days(dates),
                "places": sorted(named)[:4096], "facts": facts.pack(mentions, dates), "length": length,
                "home": where.article + article, "ordinal": ordinal, "start": start, "stop": stop, "arabic": arabic,
                "terms": [int(number) for number in numbers[span]][:4096],
                "near_article": _signed(article_near[article]), "docid": docid if len(docid.encode()) <= _IDS else "",
            }  # fmt: skip

    def articles(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Each row, and the parts of its text that did not fit into it."""
        rows = self._rows
        owner = self._homes[rows.terms.rows]
        pairs, which = np.unique(owner * 2**32 + self._numbers[rows.terms.ids], return_inverse=True)
        counts = np.bincount(which, rows.terms.counts, minlength=len(pairs))
        owners, numbers = (pairs >> 32), (pairs & 0xFFFFFFFF).astype(np.uint32)
        lengths = np.bincount(self._homes, rows.chunks[:, 4], minlength=len(rows.ids))
        weights = self._weights(counts, self._bm25.saturation(lengths, articles=True)[owners])
        starts = np.searchsorted(owners, np.arange(len(rows.ids) + 1))
        first_passages = self._where.passage + np.searchsorted(self._homes, np.arange(len(rows.ids) + 1))
        for article, article_id in enumerate(rows.ids):
            span = slice(starts[article], starts[article + 1])
            *told, sha256, packed, _ = rows.stored[article]
            first, rest = blob([*told, sha256], packed)
            mentions = self._all(article)
            dates = self._of_article(self._dates, article)
            yield {
                "id": self._where.article + article, **self._shared(article, self._near[0], article),
                "sparse": _vector(numbers[span], weights[span]),
                "bag": bags.pack(numbers[span], np.minimum(counts[span], 65_535).astype(np.uint16)),
                "days": self._days(dates), "places": sorted(self._named(article))[:4096],
                "facts": facts.pack(_best(mentions), np.zeros((0, 4), np.int64)), "length": int(lengths[article]),
                "article_id": article_id if len(article_id.encode()) <= _IDS else "",
                "article_key": key_of(article_id), "text_key": key_of(str(sha256)), "copy": 0, "original_key": 0,
                "blob": first, "parts": 1 + len(rest), "first": int(first_passages[article]),
                "passages": int(first_passages[article + 1] - first_passages[article]),
            }, rest  # fmt: skip

    def _shared(self, article: int, near: Kinship, row: int) -> dict[str, Any]:
        """Fields that passages and articles both have."""
        rows = self._rows
        day, source, language = rows.found.articles[article].tolist()
        source_name, language_name = rows.found.sources[source], rows.found.languages[language]
        keys = np.ascontiguousarray(near.keys[:, row])
        return {
            "born": self._where.version, "died": FOREVER, "published": day, "source_id": key_of(source_name),
            "language_id": key_of(language_name), "source": cut(source_name), "language": cut(language_name),
            "fields": sorted(self._field_keys[i] for i in self._fields[article])[:4096],
            "near": _signed(near.labels[row]), "bands": band_codes(keys),
            "kin": base64.b64encode(keys.astype("<u4").tobytes()).decode(),
        }  # fmt: skip

    def _weights(self, counts: npt.NDArray[Any], saturation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        frequency = counts.astype(np.float64)
        found: npt.NDArray[np.float64] = frequency * (self._bm25.k1 + 1) / (frequency + saturation)
        return found

    def _of(self, table: npt.NDArray[np.int64], row: int) -> npt.NDArray[np.int64]:
        first, last = np.searchsorted(table[:, 0], [row, row + 1])
        return table[first:last, 1:]

    def _of_article(self, table: npt.NDArray[np.int64], article: int) -> npt.NDArray[np.int64]:
        first, last = np.searchsorted(self._homes, [article, article + 1])
        begin, end = np.searchsorted(table[:, 0], [first, last])
        return table[begin:end, 1:]

    def _all(self, article: int) -> npt.NDArray[np.int64]:
        return self._of_article(self._mentions, article)

    def _named(self, article: int, titles: bool = False) -> set[int]:
        found = self._all(article)
        if titles:
            found = found[found[:, 1] < 0]
        return {int(number) for number in found[:, 0] if number >= 0}

    def _days(self, dates: npt.NDArray[np.int64]) -> list[int]:
        short = [(first, last) for first, last, *_ in dates.tolist() if 0 < first <= last <= first + LONGEST_DATE]
        return periods.codes(short)[:4096]


def copy_row(number: int, version: int, article: Article, original: str) -> tuple[dict[str, Any], list[str]]:
    """A further id of a text; it comes without that text."""
    first, rest = blob([*details(article), article.sha256], b"")
    day = iso_day(article.published)
    return {
        "id": number, "born": version, "died": FOREVER,
        "published": day.toordinal() if day else 0, "source_id": key_of(article.source),
        "language_id": key_of(article.language), "source": cut(article.source), "language": cut(article.language),
        "fields": [], "near": 0, "bands": [], "kin": "", "sparse": dict(_NEVER), "bag": "", "days": [], "places": [],
        "facts": "", "length": 0, "article_key": key_of(article.article_id), "text_key": key_of(article.sha256),
        "article_id": article.article_id if len(article.article_id.encode()) <= _IDS else "", "copy": 1,
        "original_key": key_of(original), "blob": first, "parts": 1 + len(rest), "first": 0, "passages": 0,
    }, rest  # fmt: skip


def blob(told: Sequence[object], text: object) -> tuple[str, list[str]]:
    """Metadata and compressed text as one string, and what of it did not fit."""
    packed = text if isinstance(text, bytes) else b""
    head = zlib.compress(json.dumps(list(told), ensure_ascii=False).encode(), 6)
    raw = len(head).to_bytes(4, "little") + head + packed
    whole = base64.b64encode(raw).decode()
    parts = [whole[i : i + PART] for i in range(0, len(whole), PART)]
    return parts[0], parts[1:]


def article_of(whole: str) -> tuple[Article, bytes]:
    """The article without its text, and the text as it was packed (empty for a copy)."""
    raw = base64.b64decode(whole)
    size = int.from_bytes(raw[:4], "little")
    article_id, title, source, published, url, language, origin, origin_sha256, sha256 = json.loads(
        zlib.decompress(raw[4 : 4 + size])
    )
    told = Article(article_id, "", sha256, title, source, published, url, language, origin, origin_sha256)
    return told, raw[4 + size :]


def band_codes(keys: npt.NDArray[np.uint32]) -> list[int]:
    return [(band << 32) | int(key) for band, key in enumerate(keys)]


def _best(mentions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Each place once, with how sure its surest mention is."""
    best: dict[int, int] = {}
    for number, _, _, sure in mentions.tolist():
        if number >= 0:
            best[number] = max(sure, best.get(number, 0))
    return np.array([(number, 0, 0, sure) for number, sure in sorted(best.items())], np.int64).reshape(-1, 4)


def _vector(numbers: npt.NDArray[np.uint32], weights: npt.NDArray[np.float64]) -> dict[int, float]:
    return dict(zip(numbers.tolist(), weights.tolist(), strict=True)) or dict(_NEVER)


def _signed(label: np.uint64) -> int:
    """The same 64 bits, as servers keep numbers."""
    return int(np.uint64(label).astype(np.int64))


def _lists(rows: npt.NDArray[Any], ids: npt.NDArray[Any], size: int) -> list[list[int]]:
    starts = np.searchsorted(rows, np.arange(size + 1))
    return [ids[starts[i] : starts[i + 1]].tolist() for i in range(size)]
