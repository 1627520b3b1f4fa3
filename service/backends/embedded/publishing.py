"""How staged segments become a version: moved to their place, counted, named by a manifest; old versions retired."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from service.backends.embedded import layout
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.postings import mean_idf
from service.backends.embedded.segment import Segment
from service.errors import IndexStateError
from service.records import Manifest

NOTHING: Tombstones = {"articles": [], "copies": []}
KEPT_VERSIONS = 2  # the published one and the one before it, for readers that are just opening


def take_segment(folder: Path, staged: Path, name: str) -> dict[str, object]:
    """Flush a staged segment and move it to its place; its entry in a manifest. No version names it yet."""
    home = folder / "segments" / name
    home.parent.mkdir(exist_ok=True)
    shutil.rmtree(home, ignore_errors=True)  # left by a writer that died before CURRENT was switched
    layout.flush(staged)
    staged.rename(home)
    layout.flush(home.parent)
    segment = Segment(home)  # opening it again is the check that it can be read
    counts = {"articles": len(segment.ids), "copies": len(segment.copies()), "chunks": len(segment)}
    segment.close()
    return {"id": name, **counts, "vectors": segment.vectors.how, "files": layout.checksums(home)}


def is_empty(entry: Mapping[str, object], deleted: Mapping[str, Tombstones]) -> bool:
    """Whether a version's tombstones leave nothing of a segment."""
    marks = deleted.get(str(entry["id"]), NOTHING)
    return len(marks["articles"]) == entry["articles"] and len(marks["copies"]) == entry["copies"]


def manifest_of(
    folder: Path, version: str, entries: Sequence[Mapping[str, object]], deleted: Mapping[str, Tombstones],
    recipe: Mapping[str, str], extra: Mapping[str, str],
) -> Manifest:  # fmt: skip
    """The manifest with BM25's statistics, exact over all live rows of all segments."""
    frequencies: Counter[str] = Counter()
    df = np.zeros(0, np.int64)
    rows = total = articles = copies = size = 0
    for entry in entries:
        segment = Segment(folder / "segments" / str(entry["id"]))
        marks = deleted.get(str(entry["id"]), NOTHING)
        live = ~np.isin(segment.chunk_article, np.array(marks["articles"], np.int32))
        rows += int(live.sum())
        total += int(segment.lengths[live].sum())
        articles += len(segment.ids) - len(marks["articles"])
        copies += len(segment.copies()) - len(marks["copies"])
        size += sum(path.stat().st_size for path in segment.folder.iterdir())
        starts = segment.terms.offsets[:-1]
        df = np.add.reduceat(live[segment.terms.rows].astype(np.int64), starts) if len(starts) else df[:0]
        if len(entries) > 1:  # a term may stand in several segments
            frequencies.update(dict(zip(segment.terms.terms, df.tolist(), strict=True)))
        segment.close()
    if len(entries) > 1:
        df = np.fromiter(frequencies.values(), np.int64)
    statistics = {
        "rows": rows,
        "mean_length": total / rows if rows else 0.0,
        "articles": articles,
        "mean_article_length": total / articles if articles else 0.0,
        "mean_idf": mean_idf(rows, df),
    }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(
        version, folder.name, created, layout.FORMAT, recipe, articles, copies, rows, size,
        tuple(entries), statistics, extra,
    )  # fmt: skip


def retire(folder: Path, kept: int = KEPT_VERSIONS) -> None:
    """Remove versions before the last ``kept``, and segments that only they name. Open readers keep their files."""
    versions = sorted((folder / "versions").glob("v*"), key=lambda path: layout.version_number(path.name))
    used: set[str] = set()
    for path in versions[-kept:]:
        try:
            used |= {str(entry["id"]) for entry in layout.read_manifest(folder, path.name).segments}
        except IndexStateError:  # of another format, or damaged: nobody can open it
            shutil.rmtree(path, ignore_errors=True)
    for path in versions[:-kept]:
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder / "segments").glob("*"):
        if path.name not in used:
            shutil.rmtree(path, ignore_errors=True)
