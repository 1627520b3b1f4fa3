"""A backup archive (see archive.py) becomes a collection again: staged, compared with its checksums, published."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from service.backends.embedded import layout, publishing
from service.backends.embedded.archive import ARCHIVE, HEADER, STATE, SUMS, Backup
from service.backends.embedded.layout import Tombstones
from service.backends.embedded.locking import Lock
from service.backends.embedded.shared import Segments
from service.errors import IndexMismatch, InputError
from service.records import Manifest

_MEMBER = re.compile(r"version/(manifest|deleted)\.json|segments/[A-Za-z0-9-]+/[A-Za-z0-9._-]+|state\.sqlite")
_BLOCK = 1 << 20


def unpack(source: IO[bytes], indexes: Path, collection: str | None, overwrite: bool, state: Path | None) -> Backup:
    """Restore an archive as a collection, under its own name without another, and publish it.

    Nothing is visible before every checksum agrees. Raises InputError for an archive that is cut short or no archive,
    or a collection that is there already, unless ``overwrite``. ``state``: where the web service's goes, if anywhere.
    """
    try:
        with tarfile.open(fileobj=source, mode="r|*") as archive:
            members = iter(archive)
            head, digest = _head(members, archive)
            folder = layout.collection_folder(indexes, collection or str(head["collection"]))
            refuse_overwriting(folder, overwrite)
            with Lock(folder), layout.disk_errors(folder):
                refuse_overwriting(folder, overwrite)
                staging = folder / "staging"
                shutil.rmtree(staging, ignore_errors=True)
                staging.mkdir()
                try:
                    _extract(members, archive, staging, {HEADER: digest})
                    has_state = (staging / STATE).is_file()
                    manifest = _publish(folder, staging)
                    if has_state and state:
                        _place(staging / STATE, state)
                finally:
                    shutil.rmtree(staging, ignore_errors=True)
    except tarfile.TarError as error:
        raise InputError(f"this is not a whole backup ({error}): make or fetch it again") from error
    files = sum(len(entry["files"]) for entry in manifest.segments)  # type: ignore[arg-type, misc]
    return Backup(
        manifest.collection, manifest.version, manifest.created, manifest.articles, files, manifest.size_bytes,
        has_state and state is not None,
    )  # fmt: skip


def refuse_overwriting(folder: Path, overwrite: bool) -> None:
    if layout.newest(folder) and not overwrite:
        raise InputError(
            f"collection {folder.name!r} is there already: restore under another name with --collection, or use "
            "--overwrite to replace what it holds"
        )


def _head(members: Iterator[tarfile.TarInfo], archive: tarfile.TarFile) -> tuple[dict[str, Any], str]:
    """What an archive says of itself. Raises InputError, IndexMismatch."""
    first = next(members, None)
    content = archive.extractfile(first) if first and first.name == HEADER and first.size < 10_000 else None
    if content is None:
        raise InputError("this is not a backup of Rasad: name a file that rasad backup wrote")
    raw = content.read()
    head: dict[str, Any] = json.loads(raw)
    if head.get("archive") != ARCHIVE or head.get("format") != layout.FORMAT:
        raise IndexMismatch(
            f"this backup holds index format {head.get('format')} ({head.get('archive')}), this code reads "
            f"{layout.FORMAT} ({ARCHIVE}): restore it with the Rasad that wrote it, then run rasad repair with this one"
        )
    return head, hashlib.sha256(raw).hexdigest()


def _extract(members: Iterator[tarfile.TarInfo], archive: tarfile.TarFile, staging: Path, sums: dict[str, str]) -> None:
    """Every member to its place, then all checksums compared. Raises InputError, naming the first wrong member."""
    for member in members:
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or not (member.name == SUMS or _MEMBER.fullmatch(member.name)):
            raise InputError(f"this backup has a member {member.name!r} that does not belong there: fetch it again")
        if member.name == SUMS:
            lines = (line.partition("  ") for line in content.read().decode("utf-8", "replace").splitlines())
            wanted = {name: digest for digest, _, name in lines}
            for name in sorted(wanted.keys() | sums.keys()):
                if wanted.get(name) != sums.get(name):
                    raise InputError(f"{name} in this backup is not what its {SUMS} says: make or fetch it again")
            return
        path = staging / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            sums[member.name] = _copy(content, file)
    raise InputError("this backup ends before its checksums: it was cut short, make or fetch it again")


def _publish(folder: Path, staging: Path) -> Manifest:
    """The staged version as the next one, its segments under new names."""
    raw = json.loads((staging / "version" / "manifest.json").read_text("utf-8"))
    old = Manifest(**{**raw, "segments": tuple(raw["segments"])})
    deleted: dict[str, Tombstones] = json.loads((staging / "version" / "deleted.json").read_text("utf-8"))
    number = max(layout.newest(folder) + 1, layout.version_number(old.version))
    entries, marks, segments = [], {}, Segments()
    for i, entry in enumerate(old.segments):
        name = f"s{number:06d}-{i}"
        taken = publishing.take_segment(folder, staging / "segments" / str(entry["id"]), name, segments)
        if taken["files"] != entry["files"]:
            raise InputError(
                f"segment {entry['id']} in this backup is not what its manifest says: make or fetch it again"
            )
        entries.append({**entry, "id": name})
        if found := deleted.get(str(entry["id"])):
            marks[name] = found
    version = layout.version_name(number)
    manifest = replace(old, version=version, collection=folder.name, segments=tuple(entries))
    layout.write_version(folder, manifest, marks)
    publishing.retire(folder)
    return manifest


def _place(staged: Path, state: Path) -> None:
    """Move the state file to its place in one rename; SQLite's own side files of the old one must not be replayed."""
    state.parent.mkdir(parents=True, exist_ok=True)
    new = state.with_name(f".{state.name}.{os.getpid()}")
    shutil.copyfile(staged, new)
    layout.flush(new)
    for side in ("-wal", "-shm", "-journal"):
        state.with_name(state.name + side).unlink(missing_ok=True)
    new.replace(state)
    layout.flush(state.parent)


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()
