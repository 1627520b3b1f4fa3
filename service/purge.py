"""Purge: articles whose text, titles, ids and terms are to be on no file of the collection any more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.backends.embedded import layout, publishing
from service.backends.embedded.locking import Lock
from service.backends.embedded.remake import Making, Remaking
from service.backends.embedded.segment import Segment
from service.backends.embedded.writer import check_recipe
from service.errors import ArticleNotFound, IndexDamaged, InputError
from service.records import Manifest


@dataclass(frozen=True, slots=True)
class _Held:
    """Where one id, or another id of the same text, lies: in rows that count and in deleted ones."""

    article_id: str
    sha256: str
    segment: str
    live: bool


def purge(folder: Path, article_ids: Sequence[str], making: Making) -> Manifest:
    """Publish a version without these articles and remove every older file that held them.

    Also of articles deleted before. Raises ArticleNotFound, and InputError where an id that stays has the same text;
    nothing is changed then.
    """
    layout.read_manifest(folder)
    with Lock(folder), layout.disk_errors(folder):
        base = layout.read_manifest(folder)
        deleted = layout.read_deleted(folder, base.version)
        check_recipe(base, making.names)
        remaking = Remaking(folder, base, deleted, making)  # empties what a dead writer left
        publishing.retire(folder)
        held = _held(folder, base, deleted)
        wanted = set(article_ids)
        for article_id in article_ids:
            if not any(one.article_id == article_id for one in held):
                raise ArticleNotFound(f"no article {article_id!r} in collection {folder.name!r}, nor a deleted one")
        texts = {one.sha256 for one in held if one.article_id in wanted} - {""}
        same = sorted({one.article_id for one in held if one.sha256 in texts and one.live} - wanted)
        if same:
            raise InputError(
                f"the same text is also kept under {', '.join(same[:20])}: name these ids too to purge it, or use "
                "rasad delete to take out only the id"
            )
        touched = {one.segment for one in held if one.sha256 in texts or one.article_id in wanted}
        for name in sorted(touched & {str(entry["id"]) for entry in base.segments}):
            remaking.without(name, wanted)
        if "sample_ids" in remaking.extra:
            left = [article_id for article_id in json.loads(remaking.extra["sample_ids"]) if article_id not in wanted]
            remaking.extra["sample_ids"] = json.dumps(left)
        manifest = remaking.publish()
        for path in (folder / "versions").iterdir():
            if path.name != manifest.version:
                shutil.rmtree(path)
        return manifest


def _held(folder: Path, base: Manifest, deleted: Mapping[str, layout.Tombstones]) -> list[_Held]:
    """Every id in every segment on disk, deleted ones and those of older versions included."""
    published = {str(entry["id"]) for entry in base.segments}
    found: list[_Held] = []
    text_of: dict[str, str] = {}
    copies: list[tuple[str, str, str, bool]] = []
    for path in sorted((folder / "segments").iterdir()):
        name, counts = path.name, path.name in published
        marks = deleted.get(name, layout.NOTHING)
        dead, gone = set(marks["articles"]), set(marks["copies"])
        try:
            segment = Segment(path)
        except IndexDamaged:
            if counts:
                raise
            continue  # goes with the old versions
        for row, article_id, digest in segment.texts():
            found.append(_Held(article_id, digest, name, counts and row not in dead))
            if counts and row not in dead:
                text_of[article_id] = digest
        copies += [(copy, original, name, counts and copy not in gone) for copy, original in segment.copies()]
        segment.close()
    found += [_Held(copy, text_of.get(original, ""), name, live) for copy, original, name, live in copies]
    return found
