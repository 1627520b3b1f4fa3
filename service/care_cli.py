"""The commands that care for the archive: verify, repair, backup, restore, collections, purge."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.engine import Engine
from service.errors import IndexStateError, InputError, StorageError
from service.records import Manifest

DONE, DAMAGED, ERROR = 0, 1, 2
_SHOWN = 50
Command = Callable[[str, Callable[[Engine, argparse.Namespace], int], str], argparse.ArgumentParser]


def add_commands(command: Command) -> None:
    """``command`` makes the parser of a subcommand: name, what runs it, what it is about."""
    command("verify", verify, "Compare every file of the collections with its checksum, and the files with each other.")

    again = command("repair", repair, "Make damaged files of a collection again from the stored texts.")
    again.add_argument("--all", action="store_true", help="make everything again, damaged or not")
    again.add_argument("--drop-lost", action="store_true", help="leave out articles whose stored text is lost")
    again.add_argument("--previous", action="store_true", help="go back to the newest version whose manifest is whole")

    pack = command("backup", backup, "Write one version of a collection to a single file.")
    pack.add_argument("file", metavar="FILE", help="- is standard output")
    pack.add_argument("--overwrite", action="store_true", help="replace FILE")

    unpack = command("restore", restore, "Make a collection of a backup, once its checksums agree.")
    unpack.add_argument("file", metavar="FILE", help="- is standard input")
    unpack.add_argument("--overwrite", action="store_true", help="replace what the collection holds")

    unpack.add_argument("--state", action="store_true", help="replace the web service's keys and saved searches")

    table = command("collections", collections, "All collections, one a line.")
    table.add_argument("--json", action="store_true", help="one JSON object a line")

    gone = command("purge", purge, "Take articles out and leave no trace of them in the collection's files.")
    gone.add_argument("ids", nargs="+", metavar="ID")


def verify(engine: Engine, options: argparse.Namespace) -> int:
    """1 where something is damaged; damaged files on stdout, one a line."""
    names = [options.collection] if options.collection else engine.collections()
    code = DONE
    for name in names:
        try:
            found = engine.verify(name)
        except IndexStateError as error:  # of this collection: the others are looked at all the same
            print(f"rasad: {error}", file=sys.stderr)
            code = DAMAGED
            continue
        for damage in found.damages:
            print(f"{damage.path}: {damage.what}")
        _show_lost([(one.article_id, one.segment, one.reason) for one in found.lost])
        if found.damages:
            code = DAMAGED
        state = f"{len(found.damages):,} damaged" if found.damages else "whole"
        print(
            f"rasad: {name} {found.version}: {found.files:,} files, {found.size_bytes / 1e6:,.1f} MB: {state}"
            + (f"; run rasad repair --collection {name}" if found.damages else ""),
            file=sys.stderr,
        )
    return code


def repair(engine: Engine, options: argparse.Namespace) -> int:
    done = engine.repair(options.collection, options.all, options.drop_lost, options.previous)
    for notice in done.notices:
        print(f"rasad: {notice}", file=sys.stderr)
    _show_lost([(one.article_id, one.segment, one.reason) for one in done.lost])
    print(f"rasad: {options.collection} is at {done.version}, {len(done.remade)} segments made again", file=sys.stderr)
    if done.lost and not done.dropped:
        print(
            f"rasad: {len(done.lost):,} lost, their segments are left as they are: restore a backup, or run rasad "
            "repair --drop-lost to leave them out, and ingest them again",
            file=sys.stderr,
        )
        return ERROR
    return DONE


def backup(engine: Engine, options: argparse.Namespace) -> int:
    if options.file == "-":
        made = engine.backup(options.collection, sys.stdout.buffer)
    else:
        path = Path(options.file)
        if path.exists() and not options.overwrite:
            raise InputError(f"{path} is there already: name another file, or use --overwrite to replace it")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("xb") as out:
                made = engine.backup(options.collection, out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}; free some space or name another") from error
        finally:
            with suppress(OSError):
                part.unlink()
    print(
        f"rasad: {made.collection} {made.version} of {made.created}: {made.articles:,} articles, "
        f"{made.size_bytes / 1e6:,.1f} MB{', with the state of the web service' if made.state else ''}",
        file=sys.stderr,
    )
    return DONE


def restore(engine: Engine, options: argparse.Namespace) -> int:
    if options.file == "-":
        made = engine.restore(sys.stdin.buffer, options.collection, options.overwrite, options.state)
    else:
        try:
            with Path(options.file).open("rb") as source:
                made = engine.restore(source, options.collection, options.overwrite, options.state)
        except OSError as error:
            raise InputError(f"cannot read {options.file}: {error.strerror}") from error
    print(
        f"rasad: restored {made.collection} at {made.version}: {made.articles:,} articles"
        + (", with the state of the web service" if made.state else ""),
        file=sys.stderr,
    )
    return DONE


def collections(engine: Engine, options: argparse.Namespace) -> int:
    """2 where one cannot be read or searched."""
    rows = [_row(engine, name) for name in engine.collections()]
    if options.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    elif rows:
        columns = ["collection", "articles", "copies", "passages", "size_mb", "version", "created", "recipe"]
        table = [columns, *([_shown(row[column]) for column in columns] for row in rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(columns))]
        for line in table:
            cells = [c.rjust(w) if 0 < i < 5 else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))]
            print("  ".join(cells).rstrip())
    else:
        print(f"rasad: no collection in {engine.place} yet: run rasad ingest PATH", file=sys.stderr)
    for row in rows:
        if row["problem"]:
            print(f"rasad: {row['problem']}", file=sys.stderr)
    return ERROR if any(row["problem"] for row in rows) else DONE


def purge(engine: Engine, options: argparse.Namespace) -> int:
    manifest = engine.purge(options.collection, options.ids)
    print(
        f"rasad: {len(set(options.ids)):,} purged from {options.collection}, now at {manifest.version}. Backups, open "
        "readers until they look again, the files it was ingested from, the web service's state and the file system's "
        "own snapshots may still hold them",
        file=sys.stderr,
    )
    return DONE


def _row(engine: Engine, name: str) -> dict[str, Any]:
    """A collection as shown; with a ``problem`` where it cannot be searched."""
    row: dict[str, Any] = dict.fromkeys(
        ("articles", "copies", "passages", "size_mb", "version", "created", "recipe", "problem"), ""
    )
    try:
        manifest: Manifest = engine.status(name)
        row |= {"articles": manifest.articles, "copies": manifest.copies, "passages": manifest.chunks,
                "size_mb": round(manifest.size_bytes / 1e6, 1), "version": manifest.version,
                "created": manifest.created, "recipe": "ok"}  # fmt: skip
        engine.check_recipe(manifest)
    except IndexStateError as error:
        row |= {"recipe": "other" if row["version"] else "unreadable", "problem": str(error)}
    return {"collection": name, **row}


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _show_lost(lost: list[tuple[str, str, str]]) -> None:
    for article_id, segment, reason in lost[:_SHOWN]:
        print(f"rasad: lost: {article_id} in {segment}: {reason}", file=sys.stderr)
    if len(lost) > _SHOWN:
        print(f"rasad: ... and {len(lost) - _SHOWN:,} more lost", file=sys.stderr)
