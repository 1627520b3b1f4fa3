"""Whether a collection is what was written: every file against its checksum, and the files against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from service.backends.embedded import consistency, layout
from service.backends.embedded.stored import Lost, Store
from service.errors import IndexDamaged, IndexStateError
from service.records import Manifest

Entry = Mapping[str, Any]  # of a segment, in a manifest


@dataclass(frozen=True, slots=True)
class Damage:
    """A file or folder that is not what it should be."""

    path: Path
    what: str
    segment: str = ""  # "" for what belongs to a version


@dataclass(frozen=True, slots=True)
class Checkup:
    """What looking through a collection found; it is whole where there are no ``damages``."""

    collection: str
    version: str
    files: int
    size_bytes: int
    damages: tuple[Damage, ...]
    lost: tuple[Lost, ...]  # live articles and copies of the published version


def verify(folder: Path) -> Checkup:
    """Every version that can still be opened. Raises CollectionNotFound, IndexDamaged, IndexMismatch."""
    while True:
        found = layout.of_published(folder, lambda version: _verified(folder, version))
        if not found.damages or layout.published(folder) == found.version:
            return found  # else a writer may have taken away what was being read


def _verified(folder: Path, version: str | None) -> Checkup:
    published = layout.read_manifest(folder, version)
    marks = layout.read_deleted(folder, published.version)
    entries, damages = _versions(folder, layout.version_number(published.version))
    for name in set(entries) - {str(entry["id"]) for entry in published.segments}:
        damages += damaged_files(folder, entries[name])
    found, lost = examine(folder, published, marks)
    files: list[Entry] = [file for entry in entries.values() for file in entry["files"].values()]
    size = sum(int(file["size_bytes"]) for file in files)
    return Checkup(folder.name, published.version, len(files), size, (*damages, *found), tuple(lost))


def examine(
    folder: Path, manifest: Manifest, deleted: Mapping[str, layout.Tombstones]
) -> tuple[list[Damage], list[Lost]]:
    """What is damaged of one version's segments, and which live articles and copies cannot be read whole."""
    damages: list[Damage] = []
    lost: list[Lost] = []
    for entry in manifest.segments:
        name, home = str(entry["id"]), folder / "segments" / str(entry["id"])
        dead = deleted.get(name, layout.NOTHING)
        harmed = list(damaged_files(folder, entry))
        gone = lost_in(folder, entry, dead)
        if gone and not any(damage.path.name == "store.sqlite" for damage in harmed):
            harmed.append(Damage(home / "store.sqlite", "has texts that cannot be read", name))
        if not harmed:
            found = consistency.inside(home, entry, dead, int(manifest.recipe["dimension"]))
            harmed = [Damage(home / file, what, name) for file, what in found]
        damages, lost = damages + harmed, lost + gone
    if not damages:
        path = folder / "versions" / manifest.version / "manifest.json"
        damages = [Damage(path, what) for what in consistency.between(folder, manifest, deleted)]
    return damages, lost


def _versions(folder: Path, newest: int) -> tuple[dict[str, Entry], list[Damage]]:
    """The segments named by any version up to the published one, and the versions that cannot be read."""
    entries: dict[str, Entry] = {}
    damages = []
    for path in sorted((folder / "versions").glob("v*")):
        if layout.version_number(path.name) > newest:
            continue  # never published, left by a writer that died
        try:
            manifest = layout.read_manifest(folder, path.name)
            layout.read_deleted(folder, path.name)
        except IndexDamaged as error:
            damages.append(Damage(path, str(error)))
        except IndexStateError:
            continue  # left from before an upgrade: nobody opens it
        else:
            entries.update({str(entry["id"]): entry for entry in manifest.segments})
    return entries, damages


def damaged_files(folder: Path, entry: Entry) -> Iterator[Damage]:
    """The files of a segment that are missing, of another size or of another content than its entry says."""
    segment = str(entry["id"])
    for name, wanted in entry["files"].items():
        path = folder / "segments" / segment / name
        try:
            with path.open("rb") as file:
                size, digest = path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield Damage(path, "is missing" if isinstance(error, FileNotFoundError) else str(error), segment)
            continue
        if size != wanted["size_bytes"]:
            yield Damage(path, f"has {size:,} bytes, its manifest says {wanted['size_bytes']:,}", segment)
        elif digest != wanted["sha256"]:
            yield Damage(path, f"has SHA-256 {digest[:12]}..., its manifest says {wanted['sha256'][:12]}...", segment)


def lost_in(folder: Path, entry: Entry, dead: layout.Tombstones) -> list[Lost]:
    """The live articles and copies of a segment that cannot be read whole."""
    store = Store.of(folder, entry)
    for _ in chain(store.articles(frozenset(dead["articles"])), store.copies()):
        pass
    return store.lost
