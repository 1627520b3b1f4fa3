"""`rasad query --file QUERIES --out RESULTS`: many questions at once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from service import batch, terminal, where_cli
from service.engine import Engine
from service.errors import InputError, QueryError

DONE, ERROR = 0, 2
_SHOWN = 20


def add_options(query: argparse.ArgumentParser) -> None:
    many = query.add_argument_group("many questions", "instead of TEXT")
    many.add_argument("--file", metavar="QUERIES", help=".csv or .jsonl with query and, if wanted, id and k")
    many.add_argument("--out", metavar="RESULTS", help=".csv or .jsonl; replaced in one step when all are done")


def check(options: argparse.Namespace) -> bool:
    """Whether many questions are asked. Raises InputError for half of it."""
    if not (options.file or options.out or options.text):
        raise InputError("the following arguments are required: TEXT: see rasad query --help")
    if bool(options.file) != bool(options.out) or bool(options.file) == bool(options.text):
        raise InputError("give either TEXT, or --file QUERIES and --out RESULTS: see rasad query --help")
    return bool(options.file)


def run(engine: Engine, options: argparse.Namespace) -> int:
    """2 where a row could not be searched; it is listed among the results, and the others are searched all the same."""
    out = Path(options.out)
    batch.kind(out)
    questions = batch.read(Path(options.file))
    filters, retriever = where_cli.filters(options), engine.retriever(options.collection)
    counts = {"asked": 0, "answered": 0, "bad": 0}

    def results() -> batch.Results:
        for asked in questions:
            counts["asked"] += 1
            problem, result = asked.problem, None
            if asked.k and asked.k > engine.settings.max_k:
                problem = f"k should be at most {engine.settings.max_k}, found {asked.k}"
            if not problem:
                try:
                    result = retriever.search(asked.query, asked.k or options.k, options.explain, filters)
                    counts["answered"] += bool(result.passages)
                except QueryError as error:
                    problem = str(error)
            if problem:
                counts["bad"] += 1
                if counts["bad"] <= _SHOWN:
                    print(f"rasad: {options.file}:{asked.line}: {problem}", file=sys.stderr)
            yield asked, result, problem

    batch.write(out, results(), lambda passage: terminal.as_json(passage, options.explain))
    print(
        f"rasad: {counts['asked']:,} questions, {counts['answered']:,} found something, {counts['bad']:,} could not be "
        f"searched: {out}",
        file=sys.stderr,
    )
    return ERROR if counts["bad"] else DONE
