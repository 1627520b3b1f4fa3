"""A version of a collection as one file: a tar archive, written and read as a stream, its checksums at the end.

rasad-backup.json       what it is: format, collection, version, created
version/manifest.json, version/deleted.json
segments/<segment>/...  every file that the manifest names
state.sqlite            the web service's state, where there was one
SHA256SUMS              of all of these, as sha256sum writes it: an archive without it was cut short
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from service.backends.embedded import descriptors, layout
from service.errors import IndexDamaged, StorageError
from service.records import Manifest

ARCHIVE = "rasad-backup-1"
HEADER, SUMS, STATE = "rasad-backup.json", "SHA256SUMS", "state.sqlite"
_TRIES = 5  # a version may be retired while its files are being opened


@dataclass(frozen=True, slots=True)
class Backup:
    """What an archive holds."""

    collection: str
    version: str
    created: str  # of the version
    articles: int
    files: int
    size_bytes: int
    state: bool


def pack(folder: Path, out: IO[bytes], state: Path | None = None) -> Backup:
    """Write the published version to a stream; a file that is not what the manifest says ends it with IndexDamaged.

    Writers may go on: the version is pinned by its open files. ``state``: an SQLite file to put beside it.
    """
    descriptors.raise_limit()  # all files of the version are open at once
    with descriptors.noticed(folder), contextlib.ExitStack() as stack:
        manifest, sources = _pinned(folder, stack)
        sums: dict[str, str] = {}
        head = {"archive": ARCHIVE, "collection": manifest.collection, "version": manifest.version,
                "created": manifest.created, "format": manifest.format, "articles": manifest.articles}  # fmt: skip
        archive = stack.enter_context(tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT))
        sums[HEADER] = _put(archive, HEADER, io.BytesIO(json.dumps(head).encode()))
        size = 0
        for name, (source, wanted) in sources.items():
            sums[name] = _put(archive, name, source)
            size += os.fstat(source.fileno()).st_size
            if wanted and sums[name] != wanted:
                raise IndexDamaged(f"{source.name} is not what its manifest says: {layout.REMEDY}")
        if state:
            sums[STATE] = _put(archive, STATE, stack.enter_context(_snapshot(state)))
        _put(archive, SUMS, io.BytesIO("".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode()))
    return Backup(
        manifest.collection, manifest.version, manifest.created, manifest.articles, len(sources), size, bool(state)
    )


def _pinned(folder: Path, stack: contextlib.ExitStack) -> tuple[Manifest, dict[str, tuple[IO[bytes], str]]]:
    """The published manifest and all its files, open: {member: (file, sha256 or "")}."""
    for attempt in range(_TRIES):
        manifest = layout.read_manifest(folder)
        version = folder / "versions" / manifest.version
        paths = {f"version/{name}": (version / name, "") for name in ("manifest.json", "deleted.json")}
        for entry in manifest.segments:
            files: Mapping[str, Any] = entry["files"]  # type: ignore[assignment]
            for name, wanted in files.items():
                member = f"segments/{entry['id']}/{name}"
                paths[member] = (folder / member, str(wanted["sha256"]))
        with contextlib.ExitStack() as opened:
            try:
                layout.read_deleted(folder, manifest.version)
                found: dict[str, tuple[IO[bytes], str]] = {}
                for member, (path, digest) in paths.items():
                    found[member] = opened.enter_context(path.open("rb")), digest
            except (FileNotFoundError, IndexDamaged) as error:
                if layout.published(folder) == manifest.version or attempt == _TRIES - 1:
                    raise IndexDamaged(
                        f"{getattr(error, 'filename', None) or error} is missing: {layout.REMEDY}"
                    ) from error
                continue
            stack.push(opened.pop_all())
            return manifest, found
    raise StorageError(f"{folder} changed too often while it was opened: run again")


@contextlib.contextmanager
def _snapshot(state: Path) -> Iterator[IO[bytes]]:
    """A consistent copy of an SQLite file that others may be writing to."""
    with tempfile.NamedTemporaryFile(suffix=".sqlite") as copy:
        try:
            with (
                contextlib.closing(sqlite3.connect(f"{state.resolve().as_uri()}?mode=ro", uri=True)) as source,
                contextlib.closing(sqlite3.connect(copy.name)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise StorageError(
                f"{state} is not an SQLite file that can be read ({error}): check RASAD_STATE"
            ) from error
        with Path(copy.name).open("rb") as file:
            yield file


def _put(archive: tarfile.TarFile, name: str, source: IO[bytes]) -> str:
    """Add a member; its SHA-256."""
    member = tarfile.TarInfo(name)
    member.size = source.seek(0, os.SEEK_END)
    member.mode = 0o644
    source.seek(0)
    reading = _Hashed(source)
    archive.addfile(member, reading)
    return reading.digest.hexdigest()


class _Hashed:
    """A file whose content is hashed as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.digest.update(block)
        return block
