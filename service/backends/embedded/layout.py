"""Where a collection's files lie, how a version is published, and how its manifest is read.

    <collection>/CURRENT                       name of the published version, and the CRC-32 of that name
    <collection>/versions/<version>/manifest.json, deleted.json, SHA256SUMS of these two
    <collection>/segments/<segment>/...        see segment.py; named by one or more manifests, never changed
    <collection>/staging/                      what is not published; emptied by the next writer
    <collection>/LOCK                          held by the one writer

A version that is open in any process is kept (see lease.py).
One is published by one rename of CURRENT; its manifest, written last, lists every file with size and sha256.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, TypeVar

from service.backends.embedded import descriptors
from service.complaints import both
from service.errors import CollectionNotFound, IndexDamaged, IndexMismatch, QueryError, StorageError
from service.records import Manifest

FORMAT = "rasad-segments-5"
REMEDY = "run rasad verify and rasad repair, or restore a backup"
SUMS = "SHA256SUMS"  # as sha256sum writes it
_FLUSHED_AT_ONCE = 16  # files
SEPARATOR = ","  # of the names of collections that are read as one, and of their versions
_TRIES = 20  # of opening what writers keep replacing
T = TypeVar("T")
_SUMMED = ("manifest.json", "deleted.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VERSION = re.compile(r"v(\d{6,})")


class Tombstones(TypedDict):
    """What a version leaves out of one segment."""

    articles: list[int]  # rows
    copies: list[str]  # ids


NOTHING: Tombstones = {"articles": [], "copies": []}


def collection_folder(indexes: Path, collection: str) -> Path:
    """The folder of a collection. Raises QueryError for a name that could leave ``indexes``."""
    if not _NAME.fullmatch(collection):
        raise QueryError(both("collection_name", name=collection))
    return indexes / collection


def collection_folders(indexes: Path, collections: str) -> list[Path]:
    """The folders of one collection, or of several with commas between them. Raises QueryError."""
    folders = [collection_folder(indexes, name) for name in collections.split(SEPARATOR)]
    if len({folder.name for folder in folders}) < len(folders):
        raise QueryError(both("collection_twice", found=collections))
    return folders


def published(folder: Path) -> str | None:
    """Name of the published version, None when there is none. Raises IndexDamaged where CURRENT names no version."""
    path = folder / "CURRENT"
    try:
        found = path.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        if newest(folder) > 1:  # the first alone may be of a writer that died before it was published
            raise IndexDamaged(f"{path} is missing: {REMEDY}") from None
        return None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}; check its permissions") from error
    name, _, check = found.partition(" ")
    if not _VERSION.fullmatch(name) or (check and found != pointer(name)):
        raise IndexDamaged(f"{path} should name a version such as v000001, found {found[:40]!r}: {REMEDY}")
    return name


def pointer(version: str) -> str:
    """What CURRENT says: a flipped bit must not name another version."""
    return f"{version} {zlib.crc32(version.encode()):08x}"


def point_to(folder: Path, version: str) -> None:
    """Switch CURRENT, durably, in one rename."""
    staged = folder / f".CURRENT.{os.getpid()}"
    _write(staged, pointer(version) + "\n")
    staged.replace(folder / "CURRENT")
    flush(folder)


def version_name(number: int) -> str:
    return f"v{number:06d}"


def version_number(name: str | None) -> int:
    """Versions count from 1; 0 for no version, or for what is not the name of one."""
    found = _VERSION.fullmatch(name or "")
    return int(found[1]) if found else 0


def of_published(folder: Path, look: Callable[[str | None], T]) -> T:
    """What ``look`` makes of the published version; again where writers retired it while it was being opened."""
    for _ in range(_TRIES):
        version = published(folder)
        try:
            return look(version)
        except IndexDamaged:
            if published(folder) == version:
                raise
    return look(published(folder))


def newest(folder: Path) -> int:
    """Number of the newest version that is there, published or not; 0 for none."""
    return max((version_number(path.name) for path in (folder / "versions").glob("v*")), default=0)


def read_manifest(folder: Path, version: str | None = None, any_format: bool = False) -> Manifest:
    """The manifest of a version, the published one by default; ``any_format``: also one of older code.

    Raises CollectionNotFound, IndexDamaged, IndexMismatch.
    """
    version = version or published(folder)
    if version is None:
        raise CollectionNotFound(both("collection_empty", name=folder.name))
    path = folder / "versions" / version / "manifest.json"
    summed = check_sums(path.parent)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT and not any_format:
            raise IndexMismatch(both("index_format", name=folder.name, found=raw["format"], wanted=FORMAT))
        if raw["format"] == FORMAT and not summed:
            raise IndexDamaged(f"{path.with_name(SUMS)} is missing: {REMEDY}")
        manifest = Manifest(**{**raw, "segments": tuple(raw["segments"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{path} is not a manifest that can be read ({error}): {REMEDY}") from error
    return manifest


def write_version(folder: Path, manifest: Manifest, deleted: Mapping[str, object]) -> None:
    """Make a version durable and switch CURRENT to it in one rename."""
    versions = folder / "versions"
    staged = versions / f".{manifest.version}.{os.getpid()}"
    for path in (staged, versions / manifest.version):
        if path.exists():  # of an attempt that failed
            discard(path)
    staged.mkdir(parents=True)
    _write(staged / "deleted.json", json.dumps(deleted, ensure_ascii=False))
    _write(staged / "manifest.json", json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    sums = {name: hashlib.sha256((staged / name).read_bytes()).hexdigest() for name in _SUMMED}
    _write(staged / SUMS, "".join(f"{value}  {name}\n" for name, value in sums.items()))
    flush(staged)
    staged.rename(versions / manifest.version)
    flush(versions)
    point_to(folder, manifest.version)


def read_deleted(folder: Path, version: str) -> dict[str, Tombstones]:
    """Tombstones of a version, by segment; a segment without any is not in it."""
    path = folder / "versions" / version / "deleted.json"
    check_sums(path.parent)
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} cannot be read ({error}): {REMEDY}") from error


def check_sums(version: Path) -> bool:
    """Raise IndexDamaged, naming the file, where one of a version's own files is not what was written.

    False where there is nothing to compare with.
    """
    try:
        lines = (version / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return False
    wanted = {name: value for value, _, name in (line.partition("  ") for line in lines)}
    for name in _SUMMED:
        try:
            found = hashlib.sha256((version / name).read_bytes()).hexdigest()
        except FileNotFoundError:
            raise IndexDamaged(f"{version / name} is missing: {REMEDY}") from None
        if found != wanted.get(name):
            raise IndexDamaged(f"{version / name} is not what {SUMS} beside it says: {REMEDY}")
    return True


def discard(version: Path) -> None:
    """Remove a version's folder: out of sight first, so that a kill leaves no half of it under its name."""
    gone = version.with_name(f".{version.name}.{os.getpid()}.gone")
    with contextlib.suppress(OSError):
        version.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


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
            raise IndexDamaged(f"{path} is missing: {REMEDY}") from None
        if size != wanted["size_bytes"]:
            raise IndexDamaged(f"{path} has {size} bytes, its manifest says {wanted['size_bytes']}: {REMEDY}")


def flush(path: Path) -> None:
    """fsync a file, or a folder and the files in it: these side by side, as the disk takes many at once."""
    if path.is_dir():
        files = [child for child in sorted(path.iterdir()) if child.is_file()]
        with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as hands:
            for _ in hands.map(flush, files):
                pass
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Errors of the disk, met by Python or by SQLite -> StorageError that says what to do."""
    try:
        with descriptors.noticed(folder):
            yield
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(
            f"cannot write to {folder}: {getattr(error, 'strerror', None) or error}; free some space or check "
            "permissions and run again, the last published version is untouched"
        ) from error


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
