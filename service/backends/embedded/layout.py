"""Where a collection's files lie, how a version is published, and how its manifest is read.

    <collection>/CURRENT                       name of the published version
    <collection>/versions/<version>/manifest.json, deleted.json
    <collection>/segments/<segment>/...        see segment.py; named by one or more manifests, never changed
    <collection>/staging/                      what is not published; emptied by the next writer
    <collection>/LOCK                          held by the one writer

A version is published by one rename of CURRENT; its manifest, written last, lists every file with size and sha256.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from service.errors import CollectionNotFound, IndexDamaged, IndexMismatch, QueryError, StorageError
from service.records import Manifest

FORMAT = "rasad-segments-2"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def collection_folder(indexes: Path, collection: str) -> Path:
    """The folder of a collection. Raises QueryError for a name that could leave ``indexes``."""
    if not _NAME.fullmatch(collection):
        raise QueryError(
            f"a collection's name is 1 to 64 letters, digits, '.', '_' or '-' and starts with a letter or digit, found {collection!r}"
        )
    return indexes / collection


def published(folder: Path) -> str | None:
    """Name of the published version, None when there is none."""
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise StorageError(f"{folder / 'CURRENT'} cannot be read: {error.strerror}; check its permissions") from error


def read_manifest(folder: Path, version: str | None = None) -> Manifest:
    """The manifest of a version, the published one by default. Raises CollectionNotFound, IndexDamaged, IndexMismatch."""
    version = version or published(folder)
    if version is None:
        raise CollectionNotFound(
            f"collection {folder.name!r} has nothing in it: run rasad ingest PATH --collection {folder.name}"
        )
    path = folder / "versions" / version / "manifest.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise IndexMismatch(
                f"collection {folder.name!r} has index format {raw['format']}, this code reads {FORMAT}: "
                "delete its folder and ingest again"
            )
        manifest = Manifest(**{**raw, "segments": tuple(raw["segments"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{path} is not a manifest that can be read ({error}): ingest the collection again") from error
    return manifest


def write_version(folder: Path, manifest: Manifest, deleted: Mapping[str, object]) -> None:
    """Make a version durable and switch CURRENT to it in one rename."""
    versions = folder / "versions"
    staged = versions / f".{manifest.version}.{os.getpid()}"
    staged.mkdir(parents=True)
    _write(staged / "deleted.json", json.dumps(deleted, ensure_ascii=False))
    _write(staged / "manifest.json", json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    flush(staged)
    staged.rename(versions / manifest.version)
    flush(versions)
    pointer = folder / f".CURRENT.{os.getpid()}"
    _write(pointer, manifest.version + "\n")
    pointer.replace(folder / "CURRENT")
    flush(folder)


def read_deleted(folder: Path, version: str) -> dict[str, dict[str, list]]:  # type: ignore[type-arg]
    """Tombstones of a version: {segment: {"articles": [row], "copies": [id]}}."""
    path = folder / "versions" / version / "deleted.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}): ingest the collection again") from error


def checksums(folder: Path) -> dict[str, dict[str, object]]:
    """{file: {"size_bytes", "sha256"}} of a folder, read back from disk."""
    found: dict[str, dict[str, object]] = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            found[path.name] = {
                "size_bytes": path.stat().st_size,
                "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            }
    return found


def check_sizes(folder: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    """Raise IndexDamaged when a file is missing or has another size than the manifest says."""
    for name, wanted in files.items():
        path = folder / name
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise IndexDamaged(f"{path} is missing: restore it from a backup or ingest the collection again") from None
        if size != wanted["size_bytes"]:
            raise IndexDamaged(
                f"{path} has {size} bytes, its manifest says {wanted['size_bytes']}: "
                "restore it from a backup or ingest the collection again"
            )


def flush(path: Path) -> None:
    """fsync a file, or a folder and the files in it."""
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.is_file():
                flush(child)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """OSError from the disk -> StorageError that says what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write to {folder}: {error.strerror or error}; free some space or check permissions and run again, "
            "the last published version is untouched"
        ) from error


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
