"""Files in an object store or another file system that fsspec knows: s3://..., gs://..., memory://...

Each is copied to this machine while it is read, one at a time: the readers look at a file twice, for its hash and for
its text. What fsspec would fetch from the web is refused: rasad watch fetches pages and feeds, under its own bounds.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from service.corpus.found import Found
from service.errors import InputError
from service.records import Rejection

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_WEB = {"http", "https", "ftp", "ftps"}


def is_remote(path: str | Path) -> bool:
    """Whether this is an address for fsspec, not a path of this machine."""
    return isinstance(path, str) and _SCHEME.match(path) is not None


def check(address: str) -> None:
    """Raise InputError where there is nothing, or no way to it."""
    system, path = _system(address)
    try:
        there = system.exists(path)
    except Exception as error:  # each store has errors of its own
        why = _first_line(error)
        raise InputError(f"cannot read {address} ({why}): check the address and the credentials") from error
    if not there:
        raise InputError(f"cannot read {address} (nothing is there): name a file or a folder that exists")


def copies(address: str) -> Iterator[Found | Rejection]:
    """Each file, on this machine until the next one is asked for; folders whole, in the order of names.

    Hidden files and folders inside folders are left out.
    """
    system, path = _system(address)
    scheme = address.partition("://")[0]
    with tempfile.TemporaryDirectory(prefix="rasad-") as folder:
        try:
            names = [path] if system.isfile(path) else list(_inside(system, path))
        except Exception as error:
            names = []
            yield Rejection(address, 0, f"cannot be listed ({_first_line(error)}): run again, nothing is read twice")
        for name in names:
            copy, origin = Path(folder, PurePosixPath(name).name), f"{scheme}://{name}"
            try:
                system.get_file(name, str(copy))
            except Exception as error:
                yield Rejection(origin, 0, f"cannot be read ({_first_line(error)}): run again, nothing is read twice")
                continue
            yield Found(copy, origin)
            copy.unlink(missing_ok=True)


def _inside(system: Any, path: str) -> Iterator[str]:
    for name in sorted(system.find(path)):
        if not any(part.startswith(".") for part in PurePosixPath(name[len(path) :]).parts):
            yield name


def _system(address: str) -> tuple[Any, str]:
    """The file system, and the path in it."""
    import fsspec

    scheme = address.partition("://")[0].lower()
    if scheme in _WEB:
        raise InputError(f"cannot ingest {address}: rasad watch takes feeds; save a page as a file and ingest that")
    try:
        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise InputError(f"cannot read {address}: {_first_line(error)}") from error
    except Exception as error:
        why = _first_line(error)
        raise InputError(f"cannot read {address} ({why}): name a path, or an address that fsspec knows") from error
    return system, str(path)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
