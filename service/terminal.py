"""How results look: as JSON lines, and on a terminal, where mixed directions are isolated and matches stand out."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from service.isolates import isolated
from service.notices import say
from service.records import Answer, AnswerSentence, Citation, Facets, Language, Manifest, Passage, SearchResult

_FACETS_SHOWN = 10  # of each kind
_CONTROLS = {code: None for code in range(32) if code not in (9, 10)} | {0x7F: None} | dict.fromkeys(range(0x80, 0xA0))
_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])  # embeddings, overrides, isolates


@dataclass(frozen=True, slots=True)
class Style:
    """What the output can show: isolates on a terminal, colour where it is wanted, neither in a pipe."""

    isolates: bool
    colour: bool

    @classmethod
    def of(cls, stream: TextIO) -> Style:
        terminal = stream.isatty()
        return cls(terminal, terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb")


def as_json(passage: Passage, explain: bool) -> dict[str, Any]:
    """The fields of a result, in the order the README gives them."""
    fields: dict[str, Any] = {
        "rank": passage.rank,
        "score": passage.score,
        "article_id": passage.article_id,
        "docid": passage.docid,
        "title": passage.title,
        "source": passage.source,
        "published": passage.published,
        "url": passage.url,
        "language": passage.language,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "highlights": [list(span) for span in passage.highlights],
        "copies": list(passage.copies),
        "near_copies": list(passage.near_copies),
        "places": [asdict(place) for place in passage.places],
        "dates": [asdict(day) for day in passage.dates],
    }
    if explain:
        fields["legs"] = {s.leg.value: {"score": s.score, "rank": s.rank} for s in passage.legs}
        fields["matches"] = [asdict(match) for match in passage.matches]
    return fields


def one_line(text: str) -> str:
    """A text of others, such as an address, fit to stand in a message on stderr."""
    return _one_line(text, Style.of(sys.stderr))


def passage(found: Passage, style: Style) -> str:
    """A passage for reading: a line on where it is from, the text with its matches marked, and why it ranked."""
    place = f"{found.article_id} {found.start}-{found.end}"
    where = [_one_line(part, style) for part in (found.source, found.published, found.url, place) if part]
    lines = [
        _bold(f"[{found.rank}] {_one_line(found.title or found.article_id, style)}", style),
        "    " + " · ".join(where),
    ]
    if found.copies:
        copies = ", ".join(_one_line(copy, style) for copy in found.copies)
        lines.append(f"    and {len(found.copies)} with the same text: {copies}")
    lines += ["    " + _isolated(line, style) for line in _marked(found, style).splitlines() if line.strip()]
    for near in found.places:
        name = near.name_ar if found.language == "ar" and near.name_ar else near.name_en
        where_exactly = f"{near.distance_km:g} km (±{near.precision_km:g}), {near.lat:.4f}, {near.lon:.4f}"
        lines.append(f"    {_one_line(name, style)}: {where_exactly}")
    for score in found.legs:
        value = "not in this leg" if score.score is None else f"score {score.score:.4f}, rank {score.rank}"
        lines.append(f"    {score.leg.value}: {value}")
    for match in found.matches:
        met = f"{_one_line(match.source, style)} -> {_one_line(match.form, style)}"
        lines.append(f"    {met} ({match.evidence}, {match.weight:.2f})")
    return "\n".join(lines) + "\n"


def where_and_when(result: SearchResult) -> str:
    """How the question's places and dates were read."""
    (first, last), language = result.period, result.language
    days = say(language, "between_days", first=first or "...", last=last or "...") if first != last else first
    what = [*result.areas, *([days] if first or last else [])]
    return say(language, "looking", what=("؛ " if language is Language.ARABIC else "; ").join(what))


def facets(found: Facets, style: Style) -> str:
    """The counts, a line for each kind."""
    rows = (("month", found.months), ("place", found.places), ("source", found.sources), ("language", found.languages))
    return "\n".join(
        f"{name}: " + ", ".join(f"{_one_line(value, style)} {count:,}" for value, count in counts[:_FACETS_SHOWN])
        for name, counts in rows
        if counts
    )


def facets_json(found: Facets) -> str:
    """One line, told from the passages by its only field."""
    counts = {name: [{"value": value, "count": n} for value, n in pairs] for name, pairs in asdict(found).items()}
    return json.dumps({"facets": counts}, ensure_ascii=False)


def answer(found: Answer, style: Style, shown: int = 0) -> str:
    """An answer for reading: the short answer, the sentences with their markers, and where each marker points.

    ``shown`` sentences stand above already.
    """
    lines: list[str] = []
    if found.abstained:
        lines = [_bold("The reports do not say.", style), f"    confidence {found.confidence:.2f}"]
        if found.nearest:
            lines += ["", "Nearest passages, which do not answer the question:"]
    else:
        lines = [_bold(_isolated(found.short_answer, style), style)] if found.short_answer else []
        lines += [sentence(s, style) for s in found.sentences[shown:]]
        lines += ["", f"    confidence {found.confidence:.2f}" + (f", written by {found.model}" if found.model else "")]
    if found.figures:
        lines += ["", "The reports differ:"]
        for figure in found.figures:
            origin = ", ".join(part for part in (figure.source, figure.published) if part)
            lines.append(
                f"    {_isolated(figure.text, style)} [{figure.marker}]"
                + (f" ({_isolated(origin, style)})" if origin else "")
            )
    for citation in found.citations:
        lines += ["", *_citation(citation, style, quoted=not found.model)]
    for passage in found.nearest:
        where = [part for part in (passage.source, passage.published, passage.article_id) if part]
        lines.append(
            f"    - {_isolated(passage.title or passage.article_id, style)} · "
            + " · ".join(_isolated(w, style) for w in where)
        )
    return "\n".join(lines) + "\n"


def sentence(found: AnswerSentence, style: Style) -> str:
    """A sentence and its markers, on one line."""
    markers = "".join(f" [{marker}]" for marker in found.markers)
    return f"{_isolated(' '.join(found.text.split()), style)}{markers}" + (
        "" if found.supported else " (not supported by what it cites)"
    )


def _citation(found: Citation, style: Style, quoted: bool) -> list[str]:
    """Where a quote is from; the quote itself unless it is ``quoted`` above."""
    where = [part for part in (found.source, found.published, found.url) if part]
    lines = [
        f"[{found.marker}] {_isolated(found.title or found.article_id, style)}",
        "    "
        + " · ".join(_isolated(part, style) for part in [*where, f"{found.article_id} {found.start}-{found.end}"]),
    ]
    if not quoted:
        lines += ["    " + _isolated(line, style) for line in found.quote.splitlines() if line.strip()]
    if found.gloss:
        lines.append("    (machine gloss, not a source) " + _isolated(found.gloss, style))
    if found.copies:
        lines.append(
            f"    and {len(found.copies)} {'copy' if len(found.copies) == 1 else 'copies'}: {', '.join(found.copies)}"
        )
    return [*lines, f"    sha256 {found.sha256}"]


def status(manifest: Manifest) -> str:
    recipe = ", ".join(f"{part} {value}" for part, value in manifest.recipe.items())
    return (
        f"{manifest.collection}: {manifest.articles:,} articles, {manifest.copies:,} exact copies, {manifest.chunks:,} "
        f"passages, {manifest.size_bytes / 1e6:,.1f} MB\n"
        f"    version {manifest.version} of {manifest.created}, {len(manifest.segments)} segments, "
        f"format {manifest.format}\n    {recipe}"
    )


def status_json(manifest: Manifest) -> str:
    fields = asdict(manifest)
    segments = [{name: value for name, value in s.items() if name != "files"} for s in fields.pop("segments")]
    return json.dumps({**fields, "segments": segments}, ensure_ascii=False)


def progress(read: int, rejected: int) -> None:
    """One line on stderr, rewritten at most ten times a second; nothing where stderr is no terminal."""
    now = time.monotonic()
    if sys.stderr.isatty() and now - _last[0] >= 0.1:
        _last[0] = now
        print(f"\rrasad: {read:,} records read, {rejected:,} rejected", end="", file=sys.stderr, flush=True)


def progress_done() -> None:
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


_last = [0.0]


def _marked(found: Passage, style: Style) -> str:
    pieces, position = [], found.start
    for start, end in found.highlights:
        pieces.append(_plain(found.text[position - found.start : start - found.start], style))
        word = _plain(found.text[start - found.start : end - found.start], style)
        pieces.append(f"\x1b[1;4m{word}\x1b[0m" if style.colour else f"*{word}*" if style.isolates else word)
        position = end
    return "".join([*pieces, _plain(found.text[position - found.start :], style)])


def _plain(text: str, style: Style) -> str:
    """Without controls, nor marks that end our isolates: an article must not drive the terminal."""
    return text.translate(_CONTROLS | _DIRECTIONS if style.isolates else _CONTROLS)


def _one_line(text: str, style: Style) -> str:
    return _isolated(" ".join(_plain(text, style).split()), style)


def _isolated(text: str, style: Style) -> str:
    return isolated(text) if style.isolates else text


def _bold(text: str, style: Style) -> str:
    return f"\x1b[1m{text}\x1b[0m" if style.colour else text
