"""How staged segments become a version: moved to their place, counted, named by a manifest; old versions retired."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.backends.embedded import layout
from service.backends.embedded.layout import NOTHING, Tombstones
from service.backends.embedded.lease import unused
from service.backends.embedded.postings import mean_idf
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.errors import IndexStateError
from service.records import Manifest

KEPT_VERSIONS = 2  # at least: the published one and the one before it


def take_segment(folder: Path, staged: Path, name: str, segments: Segments) -> dict[str, object]:
    """Flush a staged segment and move it to its place; its entry in a manifest. No version names it yet."""
    home = folder / "segments" / name
    home.parent.mkdir(exist_ok=True)
    shutil.rmtree(home, ignore_errors=True)  # left by a writer that died before CURRENT was switched
    layout.flush(staged)
    staged.rename(home)
    layout.flush(home.parent)
    files = layout.checksums(home)
    segment = segments.open(home, files)  # which is the check that it can be read
    counts = {"articles": len(segment.ids), "copies": len(segment.copies()), "chunks": len(segment)}
    return {"id": name, **counts, "vectors": segment.vectors.how, "files": files}


def is_empty(entry: Mapping[str, object], deleted: Mapping[str, Tombstones]) -> bool:
    """Whether a version's tombstones leave nothing of a segment."""
    marks = deleted.get(str(entry["id"]), NOTHING)
    return len(marks["articles"]) == entry["articles"] and len(marks["copies"]) == entry["copies"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What of a segment is live under its tombstones, for the statistics of a version."""

    rows: int
    length: int  # terms of all rows
    articles: int
    copies: int
    size_bytes: int
    hashes: npt.NDArray[np.uint64]  # of its terms, sorted
    df: npt.NDArray[np.int64]  # of each


def counted(segment: Segment, marks: Tombstones) -> Counted:
    """Worked out once for a segment and its tombstones; without tombstones not even the postings are touched."""
    of, known = segment.worked_out.get("counted", (None, None))
    if of == marks and isinstance(known, Counted):
        return known
    df, lengths = np.diff(segment.terms.offsets), segment.lengths
    if marks["articles"]:
        live = ~np.isin(segment.chunk_article, np.array(marks["articles"], np.int32))
        lengths = lengths[live]
        if len(df):
            df = np.add.reduceat(live[segment.terms.rows].astype(np.int64), segment.terms.offsets[:-1])
    hashes, order = segment.terms.terms.hashed
    found = Counted(
        len(lengths), int(lengths.sum()), len(segment.ids) - len(marks["articles"]),
        len(segment.copies()) - len(marks["copies"]),
        sum(path.stat().st_size for path in segment.folder.iterdir()), np.array(hashes), df[order],
    )  # fmt: skip
    segment.worked_out["counted"] = marks, found
    return found


def manifest_of(
    folder: Path, version: str, entries: Sequence[Mapping[str, object]], deleted: Mapping[str, Tombstones],
    recipe: Mapping[str, str], extra: Mapping[str, str], segments: Segments,
) -> Manifest:  # fmt: skip
    """The manifest with BM25's statistics, exact over all live rows of all segments."""
    parts = [counted(segments.of(folder, entry), deleted.get(str(entry["id"]), NOTHING)) for entry in entries]
    created = datetime.now(UTC).isoformat(timespec="seconds")
    articles, copies, rows, size = (
        sum(getattr(part, name) for part in parts) for name in ("articles", "copies", "rows", "size_bytes")
    )
    return Manifest(
        version, folder.name, created, layout.FORMAT, recipe, articles, copies, rows, size,
        tuple(entries), statistics_of(parts), extra,
    )  # fmt: skip


def statistics_of(parts: Sequence[Counted]) -> dict[str, float]:
    """What BM25 needs to know, exact over all live rows."""
    rows, length = sum(part.rows for part in parts), sum(part.length for part in parts)
    articles = sum(part.articles for part in parts)
    return {
        "rows": rows,
        "mean_length": length / rows if rows else 0.0,
        "articles": articles,
        "mean_article_length": length / articles if articles else 0.0,
        "mean_idf": mean_idf(rows, _frequencies(parts)),
    }


def _frequencies(parts: Sequence[Counted]) -> npt.NDArray[np.int64]:
    """Document frequencies of all terms: one that stands in several segments is known by its hash."""
    if len(parts) < 2:
        return parts[0].df if parts else np.zeros(0, np.int64)
    hashes = np.concatenate([part.hashes for part in parts])
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.diff(hashes[order], prepend=~hashes[order[:1]]))
    df = np.concatenate([part.df for part in parts])[order]
    return np.add.reduceat(df, starts) if len(df) else df


def revise(
    folder: Path, base: Manifest, deleted: Mapping[str, Tombstones], replaced: Mapping[str, Path | None],
    recipe: Mapping[str, str], extra: Mapping[str, str],
) -> Manifest:  # fmt: skip
    """Publish a version in which some segments of ``base`` give way to staged ones (None: to nothing).

    The tombstones of a replaced segment end with it.
    """
    number, segments = 1 + layout.newest(folder), Segments()
    entries: list[Mapping[str, object]] = []
    marks: dict[str, Tombstones] = {}
    for i, entry in enumerate(base.segments):
        name = str(entry["id"])
        if name not in replaced:
            entries.append(entry)
            if name in deleted:
                marks[name] = deleted[name]
        elif staged := replaced[name]:
            entries.append(take_segment(folder, staged, f"s{number:06d}-{i}", segments))
    manifest = manifest_of(folder, layout.version_name(number), entries, marks, recipe, extra, segments)
    layout.write_version(folder, manifest, marks)
    return manifest


def retire(folder: Path, kept: int = KEPT_VERSIONS, forced: bool = False, coming: Collection[str] = ()) -> None:
    """Remove versions before the last ``kept`` that no reader holds, and segments that no version names any more.

    ``forced``: though readers hold them; what they have opened stays readable to them. ``coming``: segments that a
    version will name.
    """
    versions = sorted((folder / "versions").glob("v*"), key=lambda path: layout.version_number(path.name))
    used = set(coming)
    for path in versions[:-kept]:
        with unused(path) as is_unused:
            if is_unused or forced:
                layout.discard(path)
    for path in (path for path in versions if path.exists()):
        try:
            used |= {str(entry["id"]) for entry in layout.read_manifest(folder, path.name).segments}
        except IndexStateError:  # of another format, or damaged: nobody can open it
            layout.discard(path)
    for path in (folder / "segments").glob("*"):
        if path.name not in used:
            shutil.rmtree(path, ignore_errors=True)
