"""Open files: how many a process may have, and what is said when they run out.

A collection holds two for its version and one for each segment (its store); arrays are mapped, and hold none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from service.complaints import both
from service.errors import IndexDamaged, StorageError

_ENOUGH = 65_536  # where the hard limit is none at all
_OUT = {errno.EMFILE, errno.ENFILE}


def raise_limit() -> int:
    """Let this process, and those that it starts, open as many files as the system allows it; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@contextlib.contextmanager
def noticed(folder: Path) -> Iterator[None]:
    """A collection that cannot be opened or written for want of open files is not damaged: StorageError says so."""
    try:
        yield
    except (OSError, sqlite3.Error, IndexDamaged, StorageError) as error:
        if not ran_out(error):
            raise
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        raise StorageError(both("files_open", name=folder.name, limit=limit)) from error


def ran_out(error: BaseException) -> bool:
    """Whether an error, or what it came from, is that no more files can be opened; SQLite and FAISS do not say so."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _OUT:
            return True
        cause = cause.__cause__
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as refused:
        return refused.errno in _OUT
    return False
