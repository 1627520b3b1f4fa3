"""Search results and answers as files that can be checked elsewhere: CSV, JSON Lines, BibTeX, RIS."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from service.addresses import web_address
from service.provenance import Provenance
from service.records import Citation, Passage


class Format(StrEnum):
    """What a file of results is written as."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    BIBTEX = "bibtex"
    RIS = "ris"


MEDIA_TYPE = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON_LINES: "application/x-ndjson; charset=utf-8",
    Format.BIBTEX: "application/x-bibtex; charset=utf-8",
    Format.RIS: "application/x-research-info-systems; charset=utf-8",
}
SUFFIX = {Format.CSV: "csv", Format.JSON_LINES: "jsonl", Format.BIBTEX: "bib", Format.RIS: "ris"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet may run


@dataclass(frozen=True, slots=True)
class Row:
    """One passage or quote: ``article.text[start:end] == text``, and both texts' hashes are of their UTF-8."""

    number: int  # rank or marker
    kind: str  # passage | citation | nearest
    score: float | None
    article_id: str
    title: str
    source: str
    published: str
    url: str
    language: str
    start: int
    end: int
    text: str
    text_sha256: str
    article_sha256: str
    copies: tuple[str, ...]


def passage_row(passage: Passage, kind: str = "passage") -> Row:
    return Row(
        passage.rank, kind, passage.score, passage.article_id, passage.title, passage.source, passage.published,
        passage.url, passage.language, passage.start, passage.end, passage.text, _sha256(passage.text),
        passage.sha256, passage.copies,
    )  # fmt: skip


def citation_row(citation: Citation) -> Row:
    return Row(
        citation.marker, "citation", None, citation.article_id, citation.title, citation.source, citation.published,
        citation.url, citation.language, citation.start, citation.end, citation.quote, _sha256(citation.quote),
        citation.sha256, citation.copies,
    )  # fmt: skip


def write(rows: Sequence[Row], provenance: Provenance, kind: Format) -> str:
    """The file's text. JSON Lines is exact; the others change what their format or a spreadsheet would trip over."""
    return _WRITERS[kind](rows, provenance)


def _json_lines(rows: Sequence[Row], provenance: Provenance) -> str:
    made = asdict(provenance)
    return "".join(json.dumps({**asdict(row), "provenance": made}, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[Row], provenance: Provenance) -> str:
    """With a byte order mark, without which spreadsheets misread Arabic; formulas are made text by an apostrophe."""
    made = {name: _plain(value) for name, value in asdict(provenance).items()}
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    names = list(Row.__dataclass_fields__)
    writer.writerow([*names, *made])
    for row in rows:
        values = [*map(_plain, asdict(row).values()), *made.values()]
        writer.writerow([cell(value) for value in values])
    return out.getvalue()


def _plain(value: object) -> object:
    """Several values as JSON, where a format has but text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value


def cell(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it, also behind spaces and marks."""
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "\ufffd")
    return "'" + value if value.lstrip(" \u00a0\u200b\u200e\u200f\u061c\ufeff").startswith(_FORMULA) else value


def _bibtex(rows: Sequence[Row], provenance: Provenance) -> str:
    entries = []
    for row in rows:
        fields = {
            "title": row.title or row.article_id,
            "organization": row.source,
            "year": row.published[:4] if re.match(r"\d{4}", row.published) else "",
            "date": row.published[:10] if re.match(r"\d{4}-\d{2}-\d{2}", row.published) else "",
            "language": row.language,
            "abstract": row.text,
            "note": _note(row, provenance),
        }
        lines = [f"  {name} = {{{_tex(value)}}}," for name, value in fields.items() if value]
        if url := web_address(row.url):
            lines.append(f"  url = {{{url}}},")
        key = f"rasad-{row.article_sha256[:12] or row.number}-{row.start}-{row.end}"
        entries.append(f"@misc{{{key},\n" + "\n".join(lines) + "\n}\n")
    return "\n".join(entries)


_TEX = {
    "\\": r"{\textbackslash}", "{": r"{\textbraceleft}", "}": r"{\textbraceright}", "&": r"\&", "%": r"\%",
    "$": r"\$", "#": r"\#", "_": r"\_", "^": r"{\textasciicircum}", "~": r"{\textasciitilde}",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in _one_line(text))


def _ris(rows: Sequence[Row], provenance: Provenance) -> str:
    lines: list[tuple[str, str]] = []
    for row in rows:
        lines += [
            ("TY", "NEWS"),
            ("TI", row.title or row.article_id),
            ("PB", row.source),
            ("DA", _ris_date(row.published)),
            ("LA", row.language),
            ("UR", web_address(row.url)),
            ("AB", row.text),
            ("ID", row.article_id),
            ("N1", _note(row, provenance)),
            ("ER", ""),
        ]
    return "".join(f"{tag}  - {_one_line(value)}\r\n" for tag, value in lines if value or tag == "ER")


def _ris_date(published: str) -> str:
    try:
        return datetime.fromisoformat(published).strftime("%Y/%m/%d/")
    except ValueError:
        return ""


def _note(row: Row, provenance: Provenance) -> str:
    made = asdict(provenance)
    parts = {
        "article": row.article_id,
        "characters": f"{row.start}-{row.end}",
        "sha256 of the quote": row.text_sha256,
        "sha256 of the article": row.article_sha256,
        **{name: _plain(value) for name, value in made.items() if value},
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items())


def _one_line(text: str) -> str:
    """Runs of whitespace and control characters as one space: a line break would begin a field of a report's own."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_WRITERS: dict[Format, Callable[[Sequence[Row], Provenance], str]] = {
    Format.CSV: _csv,
    Format.JSON_LINES: _json_lines,
    Format.BIBTEX: _bibtex,
    Format.RIS: _ris,
}


def rows_of(passages: Iterable[Passage], citations: Iterable[Citation] = ()) -> list[Row]:
    """An answer's citations, then passages: those of a search, or the nearest ones of a refusal."""
    return [*map(citation_row, citations), *map(passage_row, passages)]
