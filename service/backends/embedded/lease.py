"""A reader's hold on a version: a shared lock on its manifest, which the system takes back when the process ends.

The writer removes an old version only when it gets that lock for itself; so a version that is being opened, or is open
in any process, keeps its files until it is let go. Where the file system has no locks (some network file systems), the
last two versions are still kept.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from service.backends.embedded import layout
from service.complaints import both
from service.errors import CollectionNotFound, IndexDamaged

_TRIES = 20  # versions that may be retired, one after the other, between reading their name and locking them


class Lease:
    """Of one version, named by ``version``; held until ``close``, or until nobody knows it any more."""

    def __init__(self, folder: Path, version: str | None = None) -> None:
        """The published version, or the one asked for. Raises CollectionNotFound, IndexDamaged."""
        for attempt in range(_TRIES):
            wanted = version or layout.published(folder)
            if wanted is None:
                raise CollectionNotFound(both("collection_empty", name=folder.name))
            path = folder / "versions" / wanted / "manifest.json"
            self.version, self._handle = wanted, _locked(path, exclusive=False)
            if self._handle >= 0:
                return
            if version or (attempt and layout.published(folder) == wanted):
                raise IndexDamaged(f"{path} is missing: {layout.REMEDY}")
        raise IndexDamaged(f"{folder} changes faster than it can be opened: stop what writes to it, and try again")

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        if getattr(self, "_handle", -1) >= 0:
            self.close()


@contextlib.contextmanager
def unused(version: Path) -> Iterator[bool]:
    """Whether no reader holds this version's folder; if so, none can come to hold it inside this context."""
    handle = _locked(version / "manifest.json", exclusive=True)
    try:
        yield handle != _TAKEN
    finally:
        if handle >= 0:
            os.close(handle)


_GONE, _TAKEN = -1, -2


def _locked(path: Path, exclusive: bool) -> int:
    """A handle that holds the lock, _GONE where there is no such file (any more), _TAKEN where others hold the lock."""
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return _GONE
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}: {layout.REMEDY}") from error
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX | fcntl.LOCK_NB) if exclusive else fcntl.LOCK_SH)
    except BlockingIOError:
        os.close(handle)
        return _TAKEN
    except OSError:  # no locks on this file system
        pass
    try:
        same = os.path.samestat(os.stat(path), os.fstat(handle))
    except OSError:
        same = False
    if not same:  # it was removed before it was locked
        os.close(handle)
        return _GONE
    return handle
