"""Many questions from a file, and their results into one: CSV or JSON Lines, by the files' names."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from service.errors import InputError, StorageError
from service.export import cell
from service.records import Passage, SearchResult

QUERY = ("query", "question", "text", "q")
COLUMNS = ["line", "id", "query", "collection", "version", "rank", "score", "article_id", "docid", "title", "source",
           "published", "url", "language", "start", "end", "sha256", "text", "copies", "error"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A row of a file of questions; one with a ``problem`` is not searched, and listed among the results."""

    line: int  # from 1, where the row begins
    name: str  # its id, "" without one
    query: str
    k: int | None = None
    problem: str = ""


Results = Iterator[tuple[Asked, SearchResult | None, str]]  # the problem, where there is no result


def read(path: Path) -> Iterator[Asked]:
    """The questions in their order. Raises InputError for a file that is no list of questions at all."""
    try:
        whole = path.read_bytes()
        text = whole.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = whole.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} is not UTF-8 in line {line}: save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if kind(path) == ".jsonl":
        return _json_lines(text)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"{path} has no header in its first line: {error}") from error
    if not set(QUERY) & set(names):
        raise InputError(f"{path} has no column named {', '.join(QUERY)}: its first line names the columns")
    return _rows(reader, names)


def kind(path: Path) -> str:
    """.csv or .jsonl. Raises InputError."""
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise InputError(f"{path} should end in .csv or .jsonl, which says how it is written")
    return path.suffix.lower()


def write(path: Path, results: Results, fields: Callable[[Passage], dict[str, Any]]) -> None:
    """All results into a file that appears, or is replaced, in one step. ``fields``: a passage in JSON."""
    writing = _write_csv if kind(path) == ".csv" else _write_json_lines
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as out:
            writing(out, results, fields)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}; free some space or name another file") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _rows(reader: Any, names: Sequence[str]) -> Iterator[Asked]:
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Asked(line, "", "", problem=f"broken CSV ({error}): correct the quotes from this line on")
            continue
        if len(row) > len(names):
            yield Asked(line, "", "", problem=f"{len(row)} cells under {len(names)} columns: quote cells with commas")
        elif row:
            yield _asked(line, dict(zip(names, row, strict=False)))


def _json_lines(text: str) -> Iterator[Asked]:
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            given = json.loads(content)
        except ValueError as error:
            yield Asked(line, "", "", problem=f"broken JSON: {error}")
            continue
        if not isinstance(given, dict):
            yield Asked(line, "", "", problem="no JSON object")
        else:
            yield _asked(line, {str(name).lower(): value for name, value in given.items()})


def _asked(line: int, given: Mapping[str, object]) -> Asked:
    query = next((given[name] for name in QUERY if given.get(name)), "")
    name, k = given.get("id"), given.get("k")
    shown = str(name) if name is not None else ""
    if not isinstance(query, str) or not query.strip():
        return Asked(line, shown, "", problem=f"no question under {', '.join(QUERY)}")
    if k is None or k == "":
        return Asked(line, shown, query)
    try:
        wanted = int(str(k))
    except ValueError:
        wanted = 0
    if wanted < 1:
        return Asked(line, shown, query, problem=f"k should be a whole number from 1, found {k!r}")
    return Asked(line, shown, query, wanted)


def _write_csv(out: IO[str], results: Results, fields: Callable[[Passage], dict[str, Any]]) -> None:
    """One row a passage, at least one a question; formulas are made text, as in service/export.py."""
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for asked, result, problem in results:
        head = {"line": asked.line, "id": asked.name, "query": asked.query, "error": problem}
        if result:
            head |= {"collection": result.collection, "version": result.version}
        for passage in result.passages if result and result.passages else [None]:
            row = {**fields(passage), "sha256": passage.sha256, **head} if passage else head
            row["copies"] = json.dumps(row.get("copies", []), ensure_ascii=False) if passage else ""
            writer.writerow([cell(row.get(name, "")) for name in COLUMNS])


def _write_json_lines(out: IO[str], results: Results, fields: Callable[[Passage], dict[str, Any]]) -> None:
    """One object a question."""
    for asked, result, problem in results:
        found: dict[str, Any] = {"line": asked.line, "id": asked.name, "query": asked.query}
        if result:
            passages = [{**fields(passage), "sha256": passage.sha256} for passage in result.passages]
            found |= {"collection": result.collection, "version": result.version, "notices": list(result.notices),
                      "passages": passages}  # fmt: skip
        else:
            found["error"] = problem
        out.write(json.dumps(found, ensure_ascii=False) + "\n")
