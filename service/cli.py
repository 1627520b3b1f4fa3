"""The `rasad` command: results on stdout, everything else on stderr, exit codes that scripts can rely on."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, NoReturn

from service import __version__, answer_json, batch_cli, care_cli, keys_cli, terminal, watch_cli, where_cli
from service.backends.embedded import descriptors
from service.engine import SAMPLE, Engine
from service.errors import IndexStateError, ServiceError
from service.records import AnswerSentence, Backends, Rejection
from service.settings import Settings

FOUND, NOTHING, ERROR, INTERRUPTED = 0, 1, 2, 130
_REJECTIONS_SHOWN = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: query 0 found, 1 nothing found; ask 0 answered, 1 not; everything 2 on an error; 0 otherwise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where the user closed it
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    descriptors.raise_limit()
    try:
        try:
            return _run(list(sys.argv[1:] if argv is None else argv))
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except ServiceError as error:
        print(f"rasad: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("rasad: stopped; what was published before is untouched", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["evaluate"]:
        from service import evaluate_cli  # a query does without it

        return evaluate_cli.main(arguments[1:])
    options = _parser(Settings.from_env()).parse_args(arguments)
    command: Callable[[Engine, argparse.Namespace], int] = options.command
    with closing(Engine(_settings(options))) as engine:
        return command(engine, options)


def _query(engine: Engine, options: argparse.Namespace) -> int:
    many = batch_cli.check(options)
    _prepare(engine, options.collection)
    if many:
        return batch_cli.run(engine, options)
    text = " ".join(options.text)
    result = engine.retriever(options.collection).search(text, options.k, options.explain, where_cli.filters(options))
    for notice in result.notices:
        print(f"rasad: {notice}", file=sys.stderr)
    if result.areas or any(result.period):
        print(f"rasad: {terminal.where_and_when(result)}", file=sys.stderr)
    for passage in result.passages:
        if options.json:
            print(json.dumps(terminal.as_json(passage, options.explain), ensure_ascii=False))
        else:
            print(terminal.passage(passage, terminal.Style.of(sys.stdout)))
    if result.facets:
        print(
            terminal.facets_json(result.facets)
            if options.json
            else terminal.facets(result.facets, terminal.Style.of(sys.stdout))
        )
    if not result.passages:
        print(
            f"rasad: nothing found for {text!r} in collection {options.collection!r}: try fewer or other words",
            file=sys.stderr,
        )
    return FOUND if result.passages else NOTHING


def _ask(engine: Engine, options: argparse.Namespace) -> int:
    _prepare(engine, options.collection)
    text, style = " ".join(options.text), terminal.Style.of(sys.stdout)
    shown = 0
    for part in engine.answerer(options.collection).stream(text, where_cli.filters(options)):
        if isinstance(part, AnswerSentence):
            if not options.json:
                print(terminal.sentence(part, style), flush=True)
                shown += 1
            continue
        for notice in part.notices:
            print(f"rasad: {notice}", file=sys.stderr)
        if options.json:
            print(json.dumps(answer_json.as_json(part), ensure_ascii=False))
        else:
            print(terminal.answer(part, style, shown if part.model else 0))
        answered = not part.abstained
    return FOUND if answered else NOTHING


def _ingest(engine: Engine, options: argparse.Namespace) -> int:
    if options.collection == SAMPLE:
        _prepare(engine, SAMPLE)
    try:
        report = engine.ingest(options.collection, options.paths, options.update, options.encoding, terminal.progress)
    finally:
        terminal.progress_done()
    _show_rejections(report.rejections, report.rejected)
    for notice in report.notices:
        print(f"rasad: {notice}", file=sys.stderr)
    parts = [
        f"{getattr(report, name):,} {name}" for name in ("added", "updated", "unchanged", "copies", "rejected")
        if getattr(report, name) or name == "added"
    ]  # fmt: skip
    print(
        f"rasad: {', '.join(parts)}; collection {options.collection} is at {report.version} ({report.took_s:.1f} s)",
        file=sys.stderr,
    )
    return ERROR if options.strict and report.rejected else FOUND


def _delete(engine: Engine, options: argparse.Namespace) -> int:
    count = engine.delete(options.collection, options.ids)
    print(f"rasad: {count:,} deleted from {options.collection}", file=sys.stderr)
    return FOUND


def _status(engine: Engine, options: argparse.Namespace) -> int:
    names = [options.collection] if options.collection else engine.collections()
    if not names:
        print(f"rasad: no collection in {engine.place} yet: run rasad ingest PATH", file=sys.stderr)
    code = FOUND
    for name in names:
        try:
            manifest = engine.status(name)
        except IndexStateError as error:  # of this collection: the others are shown all the same
            print(f"rasad: {error}", file=sys.stderr)
            code = ERROR
            continue
        print(terminal.status_json(manifest) if options.json else terminal.status(manifest))
    return code


def _serve(engine: Engine, options: argparse.Namespace) -> int:
    from service.web.server import serve

    _prepare(engine, options.collection or engine.settings.collection)
    serve(engine.settings, options.host, options.port, options.workers)
    return FOUND


def _mcp(engine: Engine, options: argparse.Namespace) -> int:
    from service import mcp_cli  # with packages that nothing else needs

    _prepare(engine, options.collection)
    return mcp_cli.run(engine, options.http, options.collection)


def _prepare(engine: Engine, collection: str) -> None:
    """The sample collection builds itself; a collection of the user's own never does."""
    if SAMPLE not in collection.split(","):
        return
    report = engine.prepare_sample()
    if report:
        _show_rejections(report.rejections, report.rejected)
        print(f"rasad: built the sample collection: {report.added} reports ({report.took_s:.1f} s)", file=sys.stderr)


def _show_rejections(rejections: Sequence[Rejection], count: int) -> None:
    for rejection in rejections[:_REJECTIONS_SHOWN]:
        where = f"{rejection.origin}:{rejection.line}" if rejection.line else rejection.origin
        print(f"rasad: rejected {where}: {rejection.reason}", file=sys.stderr)
    if count > _REJECTIONS_SHOWN:
        print(f"rasad: ... and {count - _REJECTIONS_SHOWN:,} more rejected", file=sys.stderr)


def _settings(options: argparse.Namespace) -> Settings:
    environ = dict(os.environ)
    if getattr(options, "model", None):
        environ["RASAD_MODEL"] = options.model
    for name in ("backend", "uri"):
        if getattr(options, name, None):
            environ[f"RASAD_{name.upper()}"] = getattr(options, name)
    if getattr(options, "gazetteer", None):
        environ["RASAD_GAZETTEER"] = options.gazetteer
    if getattr(options, "ray", None):
        environ["RASAD_RAY"] = options.ray
    return Settings.from_env(environ)


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = _Parser(prog="rasad", description="Search reports in Arabic and English; passages that can be checked.")
    parser.add_argument("--version", action="version", version=f"rasad {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[Engine, argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(command=run)
        default = None if name in ("status", "verify", "restore", "collections") else settings.collection
        several = ", or several as one: a,b" if name in ("query", "ask", "mcp") else ""
        which = f"collection{several} (default: {default or 'all'})"
        added.add_argument("--collection", default=default, metavar="NAME", help=which)
        added.add_argument("--model", metavar="NAME", help="sentence-transformers model, name or folder")
        added.add_argument("--backend", choices=[kind.value for kind in Backends], help="what keeps the collections")
        added.add_argument("--uri", metavar="URI", help="of the milvus backend: http(s)://HOST:PORT or a .db file")
        if name in ("query", "ask", "ingest", "serve", "repair", "purge", "watch"):
            added.add_argument("--gazetteer", metavar="FILE", help="TSV of your own places (README, Places and dates)")
        return added

    query = command("query", _query, "Search, and print cited passages.")
    query.add_argument("text", nargs="*", metavar="TEXT", help='words; "phrase", -word, OR, title:word, source:word')
    query.add_argument("-k", type=_count(1, settings.max_k), default=settings.k, metavar="N", help="passages to print")
    query.add_argument("--json", action="store_true", help="one JSON object a line")
    query.add_argument("--explain", action="store_true", help="scores and ranks of each leg, and what matched what")

    where_cli.add_options(query)
    batch_cli.add_options(query)

    ask = command("ask", _ask, "Answer a question with quotes that can be checked, or say that the reports do not.")
    ask.add_argument("text", nargs="+", metavar="QUESTION", help="in English or Arabic")
    ask.add_argument("--json", action="store_true", help="one JSON object")
    where_cli.add_options(ask, facets=False)

    ingest = command("ingest", _ingest, "Take files into a collection; - is standard input.")
    ingest.add_argument("paths", nargs="+", metavar="PATH")
    ingest.add_argument("--update", action="store_true", help="replace articles whose id is there with another text")
    ingest.add_argument("--strict", action="store_true", help="exit with 2 when a record was rejected")
    ingest.add_argument("--encoding", metavar="NAME", help="encoding of all files, when it cannot be found out")
    ingest.add_argument("--ray", metavar="ADDRESS", help="Ray cluster that prepares them: auto, HOST:PORT or local")

    delete = command("delete", _delete, "Take articles out of a collection.")
    delete.add_argument("ids", nargs="+", metavar="ID")

    status = command("status", _status, "Versions, counts, sizes and model of the collections.")
    status.add_argument("--json", action="store_true", help="one JSON object a line")

    mcp = command("mcp", _mcp, "Tools of the Model Context Protocol, for a program on this machine.")
    mcp.add_argument("--http", type=_count(0, 65535), metavar="PORT", help="at 127.0.0.1:PORT/mcp, not standard input")

    keys = command("keys", keys_cli.run, "Keys to the web service: add, list, revoke.")
    keys_cli.add_options(keys)
    care_cli.add_commands(command)
    watch_cli.add_command(command, settings.watch_interval_s)

    serve = command("serve", _serve, "Serve the web page and the API.")
    serve.add_argument("--host", default=settings.host, metavar="ADDRESS", help=f"(default: {settings.host})")
    serve.add_argument(
        "--port", type=_count(0, 65535), default=settings.port, metavar="N", help=f"(default: {settings.port})"
    )
    serve.add_argument("--workers", type=_count(1, 64), default=settings.workers, metavar="N", help="processes")
    return parser


class _Parser(argparse.ArgumentParser):
    """Options are spelt out; wrong ones end with what was found and the next step, without the whole usage."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(ERROR, f"rasad: {message}: see {self.prog} --help\n")


def _count(low: int, high: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"wanted a whole number from {low} to {high}, found {text!r}")
        return value

    return count


if __name__ == "__main__":
    sys.exit(main())
