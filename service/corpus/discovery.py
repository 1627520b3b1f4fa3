"""Paths and folders -> the files to read, in an order that does not depend on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.corpus import remote
from service.corpus.found import Found
from service.errors import InputError
from service.records import Rejection

STDIN = "-"


def check_paths(paths: Sequence[str | Path]) -> None:
    """What the user named must be there; what lies inside folders may come and go."""
    for path in paths:
        if str(path) == STDIN:
            continue
        if remote.is_remote(path):
            remote.check(str(path))
            continue
        try:
            os.stat(path)
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) else error
            raise InputError(
                f"cannot read {_origin(Path(path))} ({cause}): name what exists, or - for standard input"
            ) from error


def discover(paths: Sequence[str | Path]) -> Iterator[Found | Rejection]:
    """Files in the order given, folders depth-first by name; hidden files and folders inside folders are left out."""
    for given in paths:
        if remote.is_remote(given):
            yield from remote.copies(str(given))
            continue
        path = Path(given)
        if str(path) != STDIN and os.path.isdir(path):
            found = False
            for item in _walk(path):
                found = True
                yield item
            if not found:
                yield Rejection(_origin(path), 0, "this folder holds no files: name the folder that holds the articles")
        else:
            yield _file(path)


def _walk(folder: Path) -> Iterator[Found | Rejection]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        yield Rejection(_origin(folder), 0, f"cannot list this folder ({error.strerror}): check its permissions")
        return
    for name, is_dir in inside:
        path = folder / name
        if name.startswith("."):
            continue
        if is_dir:
            yield from _walk(path)
        elif os.path.isdir(path):
            # Following links to folders could read files twice or for ever.
            yield Rejection(_origin(path), 0, "a link to a folder is not followed: name its target as well")
        else:
            yield _file(path)


def _file(path: Path) -> Found | Rejection:
    if str(path) == STDIN:
        return Found(path, STDIN)
    if os.path.exists(path) and not os.path.isfile(path):
        # Opening a named pipe or a device could wait for ever.
        return Rejection(_origin(path), 0, "not a regular file: send its content to standard input and name - instead")
    return Found(path, _origin(path))


def _origin(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
