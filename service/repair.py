"""Repair: what follows from the stored texts is made again; a text that is lost is named, never dropped silently."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from service.backends.embedded import layout, verify
from service.backends.embedded.locking import Lock
from service.backends.embedded.remake import Making, Remaking
from service.backends.embedded.stored import Lost, Store
from service.errors import CollectionNotFound, IndexDamaged
from service.records import Manifest


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did. ``lost`` was left as it is, in a segment still damaged, or ``dropped``."""

    version: str
    remade: tuple[str, ...]  # segments
    lost: tuple[Lost, ...]
    dropped: bool
    notices: tuple[str, ...]


def repair(
    folder: Path, making: Making, everything: bool = False, drop_lost: bool = False, previous: bool = False
) -> Repaired:
    """Make damaged segments again; all of them with ``everything``, or where this code would make them otherwise.

    ``drop_lost``: leave out what cannot be read. ``previous``: where the published version's own files are damaged, go
    back to the newest whole one. Raises CollectionNotFound, IndexDamaged, IndexLocked, StorageError.
    """
    if not folder.is_dir():
        raise CollectionNotFound(f"no collection {folder.name!r} in {folder.parent}")
    with Lock(folder), layout.disk_errors(folder):
        base, notices = _base(folder, previous)
        deleted = layout.read_deleted(folder, base.version)
        renewed = base.format != layout.FORMAT or any(base.recipe.get(k) != v for k, v in making.names.items())
        if renewed:
            notices.append("it was made by other code or with other settings: all of it is made again")
        damages, lost = ([], _unread(folder, base, deleted)) if renewed else verify.examine(folder, base, deleted)
        harmed = {damage.segment for damage in damages}
        if everything or renewed or "" in harmed:
            harmed = {str(entry["id"]) for entry in base.segments}
        remaking = Remaking(folder, base, deleted, making)
        without: set[str] = set()
        if drop_lost:
            orphans = _copies_of(folder, base, {one.article_id for one in lost})
            lost += orphans
            without = {one.article_id for one in orphans}
            harmed |= {one.segment for one in orphans}
        else:
            harmed -= {one.segment for one in lost}
        if renewed and len(harmed) < len(base.segments):
            return Repaired(base.version, (), tuple(lost), False, ("nothing was made again, as texts are lost",))
        if not harmed and not notices:
            return Repaired(base.version, (), tuple(lost), False, ())
        for name in sorted(harmed):
            remaking.again(name, without)
        manifest = remaking.publish()
        return Repaired(manifest.version, tuple(sorted(harmed)), tuple(lost), drop_lost, tuple(notices))


def _base(folder: Path, previous: bool) -> tuple[Manifest, list[str]]:
    """The version to start from, and what is to be said of that choice."""
    whole, wrong = _whole_versions(folder)
    try:
        name = layout.published(folder)
        why = "" if name else "CURRENT is missing"
    except IndexDamaged as error:
        name, why = None, str(error)
    if name is None:
        if not whole:
            raise (
                IndexDamaged(why + "; no version can be read: restore a backup")
                if wrong
                else CollectionNotFound(f"collection {folder.name!r} has nothing in it")
            )
        return whole[0], [f"{why.split(': ')[0]}: {whole[0].version} of {whole[0].created} is the newest version"]
    for manifest in whole:
        if manifest.version == name:
            return manifest, []
    older = [manifest for manifest in whole if layout.version_number(manifest.version) < layout.version_number(name)]
    if not older:
        raise IndexDamaged(f"{wrong.get(name, name + ' is missing')}; no older version can be read: restore a backup")
    if not previous:
        raise IndexDamaged(
            f"{wrong.get(name, name + ' is missing')}; rasad repair --previous goes back to {older[0].version} of "
            f"{older[0].created}, without what was committed after it"
        )
    return older[0], [f"{name} is damaged: went back to {older[0].version} of {older[0].created}"]


def _whole_versions(folder: Path) -> tuple[list[Manifest], dict[str, str]]:
    """The versions whose own files can be read, newest first, and what is wrong with the others."""
    found, wrong = [], {}
    for number in range(layout.newest(folder), 0, -1):
        version = layout.version_name(number)
        if (folder / "versions" / version).is_dir():
            try:
                manifest = layout.read_manifest(folder, version, any_format=True)
                layout.read_deleted(folder, version)
                found.append(manifest)
            except IndexDamaged as error:
                wrong[version] = str(error)
    return found, wrong


def _unread(folder: Path, base: Manifest, deleted: dict[str, layout.Tombstones]) -> list[Lost]:
    """What cannot be read of a version whose files are of no interest beyond the texts."""
    nothing: layout.Tombstones = {"articles": [], "copies": []}
    return [
        one for entry in base.segments for one in verify.lost_in(folder, entry, deleted.get(str(entry["id"]), nothing))
    ]


def _copies_of(folder: Path, base: Manifest, ids: Collection[str]) -> list[Lost]:
    """The copies of lost articles: their text is lost too."""
    return [
        Lost(copy.article_id, str(entry["id"]), f"its text was that of {original!r}")
        for entry in base.segments
        for copy, original in Store.of(folder, entry).copies()
        if original in ids
    ]
