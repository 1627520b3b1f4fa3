"""The fields of a record, under their various names -> Article, or Unfit with the reason."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import datetime

from service.corpus import language, published
from service.corpus.entry import Entry, Source, Unfit, shown
from service.records import Article

ALIASES = {
    "text": ("text", "body", "content"),
    "id": ("id", "_id", "guid", "doc_id"),
    "title": ("title",),
    "source": ("source", "publisher"),
    "published": ("published", "date", "pubdate"),
    "url": ("url", "link"),
    "language": ("language", "lang"),
}
NAMES = frozenset(name for names in ALIASES.values() for name in names)
MAX_ID_CHARS = 512
MAX_METADATA_CHARS = 10_000  # the title is indexed with every chunk of its article


def to_article(entry: Entry, source: Source, now: datetime) -> Article:
    """Checked, with id, hash, ISO date and language; the text itself is untouched."""
    values = {name.strip().casefold(): value for name, value in entry.fields.items()}
    text = _text(values)
    data = _utf8("text", text)
    if len(data) > source.max_text_bytes:
        raise Unfit(f"the text has {len(data):,} bytes, at most {source.max_text_bytes:,} are taken: split the article")
    sha256 = hashlib.sha256(data).hexdigest()
    return Article(
        article_id=_article_id(values) or sha256[:16],
        text=text,
        sha256=sha256,
        title=_metadata(values, "title"),
        source=_metadata(values, "source"),
        published=published.to_iso(_metadata(values, "published"), now),
        url=_metadata(values, "url"),
        language=language.declared(_metadata(values, "language")) or language.detected(text),
        origin=f"{source.origin}:{entry.line}" if entry.line else source.origin,
        origin_sha256=source.sha256,
    )


def _text(values: Mapping[str, object]) -> str:
    name, text = _first(values, "text")
    if text is None:
        found = ", ".join(values) or "none"
        raise Unfit(f"no text: one of {', '.join(ALIASES['text'])} is wanted, the fields found are {shown(found)}")
    if not isinstance(text, str):
        raise Unfit(f"{name} is {_kind(text)}, a string is wanted: correct or remove the record")
    if "\0" in text:
        raise Unfit(f"{name} has a NUL character at {text.index(chr(0))}, as binary data has: convert it to text first")
    if not any(map(str.isalnum, text)):
        raise Unfit(f"empty text: {name} is {shown(text)}, with no letter or digit: remove the record or fill it")
    return text


def _article_id(values: Mapping[str, object]) -> str:
    article_id = _metadata(values, "id")
    if len(article_id) > MAX_ID_CHARS:
        raise Unfit(f"the id has {len(article_id):,} characters, at most {MAX_ID_CHARS} are taken: shorten it")
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in article_id):
        raise Unfit(f"the id {shown(article_id)} has control characters or line breaks: remove them")
    return article_id


def _metadata(values: Mapping[str, object], field: str) -> str:
    """The field as received, a number as its digits, "" where there is none."""
    name, value = _first(values, field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"{name} is {_kind(value)}, a string is wanted: correct or remove it")
    text = str(value)
    if len(text) > MAX_METADATA_CHARS:
        raise Unfit(f"{name} has {len(text):,} characters, at most {MAX_METADATA_CHARS:,} are taken: shorten it")
    if "\0" in text:
        raise Unfit(f"{name} has a NUL character: remove it from {shown(text)}")
    _utf8(name, text)
    return text


def _first(values: Mapping[str, object], field: str) -> tuple[str, object]:
    """The first alias with something in it, else the first that is there at all; None where there is none."""
    there = [(name, values[name]) for name in ALIASES[field] if values.get(name) is not None]
    filled = [(name, value) for name, value in there if not isinstance(value, str) or value.strip()]
    if filled:
        return filled[0]
    return there[0] if there and field == "text" else ("", None)


def _utf8(name: str, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unfit(
            f"{name} has half a surrogate pair (\\u{ord(text[error.start]):04x}) at {error.start}: correct this escape"
        ) from error


def _kind(value: object) -> str:
    names = {bool: "true or false", list: "a list", dict: "an object", int: "a number", float: "a number"}
    return f"{names.get(type(value), type(value).__name__)} ({shown(value)})"
