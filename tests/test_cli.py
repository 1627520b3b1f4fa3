"""The command as users and their scripts meet it: what goes where, what it ends with, and what it says."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from service import __version__, cli
from service.engine import Engine
from service.errors import IndexStateError

ROOT = Path(__file__).parent.parent
FIELDS = ["rank", "score", "article_id", "docid", "title", "source", "published", "url", "language", "text", "start",
          "end", "highlights", "copies", "near_copies", "places", "dates"]  # fmt: skip
Reports = Callable[..., Path]


class Rasad:
    """Runs the command in this process; ``out`` and ``err`` are what the last run printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str | Path) -> int:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:  # as argparse ends
            code = int(ended.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def objects(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, indexes: Path) -> None:
    for name in [name for name in os.environ if name.startswith("RASAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RASAD_INDEXES", str(indexes))


@pytest.fixture
def rasad(capsys: pytest.CaptureFixture[str]) -> Rasad:
    return Rasad(capsys)


@pytest.fixture
def over_seeds(rasad: Rasad, seeds: Engine, monkeypatch: pytest.MonkeyPatch) -> Rasad:
    """Over the sample collection, built already."""
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))
    return rasad


def environ(seeds: Engine) -> dict[str, str]:
    return {**os.environ, "RASAD_INDEXES": str(seeds.indexes), "PYTHONWARNINGS": "error"}


def start(seeds: Engine, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ(seeds), **options)  # type: ignore[call-overload,no-any-return]


# query


def test_found_is_zero_and_only_results_are_on_stdout(over_seeds: Rasad) -> None:
    assert over_seeds("query", "strikes near Hawija", "-k", "3") == 0
    assert re.findall(r"^\[(\d+)\] ", over_seeds.out, re.MULTILINE) == ["1", "2", "3"]
    assert over_seeds.err.splitlines()[-1] == "rasad: looking near Hawija (Kirkuk, Iraq)"
    assert not re.search("[\x1b\u2066-\u2069]", over_seeds.out), "no control marks in a pipe"


def test_nothing_found_is_one_and_said_on_stderr(over_seeds: Rasad, reports: Reports) -> None:
    assert over_seeds("query", "strikes source:nobody") == 1
    assert over_seeds.out == ""
    assert over_seeds.err.endswith(
        "rasad: nothing found for 'strikes source:nobody' in collection 'seeds': try fewer or other words\n"
    )
    assert over_seeds("query", "strikes source:nobody", "--json") == 1 and over_seeds.out == ""


@pytest.mark.parametrize("question", ["strikes near Hawija", "غارات قرب الحويجة"])
def test_json_is_one_unescaped_object_a_line_with_the_fields_promised(over_seeds: Rasad, question: str) -> None:
    assert over_seeds("query", question, "--json", "-k", "4") == 0
    assert [list(found) for found in over_seeds.objects] == [FIELDS] * 4
    assert re.search("[\u0621-\u064a]", over_seeds.out) and "\\u" not in over_seeds.out
    assert [found["rank"] for found in over_seeds.objects] == [1, 2, 3, 4]
    for found in over_seeds.objects:
        assert len(str(found["text"])) == int(str(found["end"])) - int(str(found["start"]))
        assert all(isinstance(part, int) for span in found["highlights"] for part in span)  # type: ignore[attr-defined]


def test_json_of_explain_adds_legs_and_matches(over_seeds: Rasad) -> None:
    assert over_seeds("query", "strikes near Hawija", "--json", "--explain", "-k", "1") == 0
    (found,) = over_seeds.objects
    assert list(found) == [*FIELDS, "legs", "matches"]
    assert {"bm25", "cross", "dense"} <= set(found["legs"])  # type: ignore[call-overload]
    assert {"source": "Hawija", "form": "hawija", "weight": 1.0, "evidence": "same"} in found["matches"]  # type: ignore[operator]


def test_explain_is_readable(over_seeds: Rasad) -> None:
    assert over_seeds("query", "strikes near Hawija", "--explain", "-k", "1") == 0
    assert re.search(r"^    bm25: score \d+\.\d{4}, rank 1$", over_seeds.out, re.MULTILINE)
    assert "    Hawija -> hawija (same, 1.00)\n" in over_seeds.out


def test_words_need_no_quotes_around_them(over_seeds: Rasad) -> None:
    over_seeds("query", "strikes", "near", "Hawija", "--json")
    first = over_seeds.out
    over_seeds("query", "--json", "strikes near Hawija")
    assert over_seeds.out == first != ""


def test_copies_are_listed(rasad: Rasad, reports: Reports) -> None:
    rasad("ingest", reports({"id": "a", "text": "Jets."}, {"id": "b", "text": "Jets."}), "--collection", "mine")
    assert rasad("query", "jets", "--json", "--collection", "mine") == 0
    assert [(found["article_id"], found["copies"]) for found in rasad.objects] == [("a", ["b"])]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["query", ""], "the question is empty: type some words"),
        (["query", " \n"], "the question is empty"),
        (["query", 'strikes "near Hawija'], "a quotation mark opens at character 9 and does not close"),
        (["query", "x" * 100_000], "the question has 100,000 characters, at most 1,000 are taken"),
        (["query", "title: Hawija"], "'title:' stands without a word after it"),
        (["query", "--", "-Hawija"], "only what to leave out"),
        (["query", "a\udcffb"], "not valid UTF-8"),
        (["query"], "the following arguments are required: TEXT: see rasad query --help"),
        (["query", "x", "-k", "0"], "argument -k: wanted a whole number from 1 to 100, found '0'"),
        (["query", "x", "-k", "101"], "wanted a whole number from 1 to 100, found '101'"),
        (["query", "x", "-k", "ten"], "wanted a whole number from 1 to 100, found 'ten'"),
        (["query", "x", "--jsno"], "unrecognized arguments: --jsno: see rasad"),
        (["query", "x", "--js"], "unrecognized arguments: --js"),
        (["query", "x", "--collection", "../up"], "collection's name"),
        (["query", "x", "--collection", "news"], "'news' has nothing in it: run rasad ingest PATH --collection news"),
        (["find", "x"], "invalid choice: 'find'"),
        ([], "COMMAND"),
        (["ingest", "no/such/file", "--collection", "mine"], "no/such/file"),
        (["ingest", str(ROOT / "README.md"), "--encoding", "klingon", "--collection", "mine"], "klingon"),
        (["delete", "a", "--collection", "news"], "'news' has nothing in it"),
        (["status", "--collection", "news"], "'news' has nothing in it"),
        (["serve", "--port", "99999"], "wanted a whole number from 0 to 65535, found '99999'"),
    ],
)
def test_an_error_is_two_and_explained_on_stderr(over_seeds: Rasad, arguments: list[str], said: str) -> None:
    assert over_seeds(*arguments) == 2
    assert over_seeds.out == ""
    assert over_seeds.err.startswith("rasad: ") and said in over_seeds.err
    assert over_seeds.err.count("\n") == 1, "no usage, no traceback"


def test_settings_from_the_environment_hold_and_are_checked(over_seeds: Rasad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASAD_K", "2")
    assert over_seeds("query", "strikes", "--json") == 0 and len(over_seeds.objects) == 2
    assert over_seeds("query", "strikes", "--json", "-k", "3") == 0 and len(over_seeds.objects) == 3
    monkeypatch.setenv("RASAD_COLLECTION", "mine")
    assert over_seeds("query", "strikes") == 2 and "'mine' has nothing in it" in over_seeds.err
    monkeypatch.setenv("RASAD_K", "many")
    assert over_seeds("query", "strikes") == 2
    assert over_seeds.err == "rasad: RASAD_K must be a whole number of at least 1, found 'many': correct or unset it\n"


def test_the_first_query_builds_the_sample_and_says_so(rasad: Rasad) -> None:
    assert rasad("query", "strikes near Hawija") == 0
    assert re.match(r"rasad: built the sample collection: \d+ reports \(\d+\.\d s\)\n", rasad.err)
    assert rasad("query", "strikes near Hawija") == 0 and "built" not in rasad.err


# ingest, status, delete, --version


def test_ingest_sums_up_on_stderr(rasad: Rasad, reports: Reports) -> None:
    path = reports({"id": "a", "text": "Jets."}, {"id": "b", "text": ""}, {"id": "d", "text": "Jets."})
    assert rasad("ingest", path, "--collection", "mine") == 0
    assert rasad.out == ""
    rejected, summed = rasad.err.splitlines()
    assert rejected.startswith(f"rasad: rejected {path}:2: ")
    assert re.fullmatch(r"rasad: 1 added, 1 copies, 1 rejected; collection mine is at v000001 \(\d+\.\d s\)", summed), (
        summed
    )
    assert rasad("ingest", path, "--collection", "mine", "--strict") == 2, "a rejection counts with --strict"
    assert rasad.err.splitlines()[1].startswith(
        "rasad: 0 added, 2 unchanged, 1 rejected; collection mine is at v000001"
    )


def test_strict_is_zero_without_a_rejection(rasad: Rasad, reports: Reports) -> None:
    assert rasad("ingest", reports({"text": "Jets."}), "--collection", "mine", "--strict") == 0


def test_only_the_first_rejections_are_shown(rasad: Rasad, reports: Reports) -> None:
    assert rasad("ingest", reports(*[{"text": ""}] * 1234), "--collection", "mine") == 0
    lines = rasad.err.splitlines()
    assert len(lines) == 22 and lines[20] == "rasad: ... and 1,214 more rejected"


def test_update_replaces(rasad: Rasad, reports: Reports) -> None:
    rasad("ingest", reports({"id": "a", "text": "Jets."}), "--collection", "mine")
    changed = reports({"id": "a", "text": "Tanks."})
    assert rasad("ingest", changed, "--collection", "mine") == 0 and "1 rejected" in rasad.err
    assert rasad("ingest", changed, "--collection", "mine", "--update") == 0 and "1 updated" in rasad.err
    assert rasad("query", "tanks", "--json", "--collection", "mine") == 0 and rasad.objects[0]["text"] == "Tanks."


def test_standard_input_is_read(rasad: Rasad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO('{"id": "a", "text": "غارة"}\n'.encode())))
    assert rasad("ingest", "-", "--collection", "mine") == 0
    assert rasad("query", "غارات", "--collection", "mine", "--json") == 0
    assert [found["article_id"] for found in rasad.objects] == ["a"]


def test_own_reports_join_the_sample_without_displacing_it(rasad: Rasad, reports: Reports) -> None:
    assert rasad("ingest", reports({"id": "own", "text": "Strikes near Hawija again."})) == 0
    assert "built the sample collection" in rasad.err and "1 added" in rasad.err
    assert rasad("query", "strikes near Hawija", "--json", "-k", "50") == 0
    assert {"own", "seed-005"} <= {found["article_id"] for found in rasad.objects}
    assert "built" not in rasad.err, "and the next query does not build it again"


def test_status_shows_versions_counts_sizes_and_model(rasad: Rasad, reports: Reports) -> None:
    assert rasad("status") == 0
    assert rasad.out == "" and "no collection in" in rasad.err
    for name in ("mine", "yours"):
        rasad("ingest", reports({"id": "a", "text": "Jets."}), "--collection", name)
    assert rasad("status") == 0
    assert [line.split(":")[0] for line in rasad.out.splitlines() if not line.startswith(" ")] == ["mine", "yours"]
    assert all(part in rasad.out for part in ("1 articles, 0 exact copies, 1 passages", "version v000001", "encoder "))
    assert rasad("status", "--json", "--collection", "yours") == 0
    (found,) = rasad.objects
    assert (found["collection"], found["version"], found["articles"]) == ("yours", "v000001", 1)
    assert set(found["recipe"]) == {"analyzer", "chunker", "encoder", "dimension", "facts", "near_copies"}  # type: ignore[call-overload]


def test_status_of_a_damaged_collection_does_not_hide_the_others(rasad: Rasad, reports: Reports, indexes: Path) -> None:
    for name in ("broken", "whole"):
        rasad("ingest", reports({"id": "a", "text": "Jets."}), "--collection", name)
    (indexes / "broken" / "CURRENT").write_text("x")
    assert rasad("status") == 2
    assert rasad.out.startswith("whole: 1 articles") and "should name a version" in rasad.err


def test_delete_takes_out_all_or_nothing(rasad: Rasad, reports: Reports) -> None:
    rasad("ingest", reports({"id": "a", "text": "Jets."}, {"id": "b", "text": "Tanks."}), "--collection", "mine")
    assert rasad("delete", "a", "x", "--collection", "mine") == 2 and "no article 'x'" in rasad.err
    assert rasad("query", "jets", "--collection", "mine") == 0
    assert rasad("delete", "a", "a", "--collection", "mine") == 0
    assert (rasad.out, rasad.err) == ("", "rasad: 1 deleted from mine\n")
    assert rasad("query", '"jets"', "--collection", "mine") == 1


def test_version(rasad: Rasad) -> None:
    assert rasad("--version") == 0
    assert (rasad.out, rasad.err) == (f"rasad {__version__}\n", "")


def test_an_index_of_another_make_is_refused_with_both_values(
    rasad: Rasad, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    rasad("ingest", reports({"text": "Jets."}), "--collection", "mine")
    monkeypatch.setenv("RASAD_CHUNK_WORDS", "60")
    assert rasad("query", "jets", "--collection", "mine") == 2
    assert re.search(r"built with chunker \S+/120/1, this code has \S+/60/1", rasad.err)


def test_stopped_by_the_user(rasad: Rasad, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "collections", stop)
    assert rasad("status") == 130
    assert rasad.err == "rasad: stopped; what was published before is untouched\n"


def test_a_mistake_of_ours_is_not_hidden(rasad: Rasad, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Engine, "collections", fail)
    with pytest.raises(ZeroDivisionError):
        rasad("status")
    assert not issubclass(ZeroDivisionError, IndexStateError)


# What only a process of its own can show


def test_a_query_imports_nothing_heavy(seeds: Engine) -> None:
    code = (
        "import sys; from service.cli import main; code = main(['query', 'strikes in Hawija, Iraq', '-k', '1']); "
        "print(*sorted({name.split('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ(seeds), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "rasad: looking in Hawija (Kirkuk, Iraq)\n")
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {"torch", "sentence_transformers", "transformers", "trafilatura", "ir_measures", "litestar", "uvicorn",
             "feedparser", "pypdf", "docx", "pandas", "scipy", "sklearn", "rank_bm25", "requests", "httpx"}  # fmt: skip
    assert loaded & heavy == set()
    assert {"numpy", "faiss", "service"} <= loaded


def test_a_closed_pipe_is_no_error(seeds: Engine) -> None:
    process = start(
        seeds, "query", "Iraq", "-k", "100", "--json", "--explain", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout and process.stderr
    assert json.loads(process.stdout.readline())["rank"] == 1
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What a query shows there."""
    master, slave = os.openpty()
    shown = io.BytesIO()

    def read() -> None:
        while not shown.getvalue().endswith(b"\0"):
            shown.write(os.read(master, 1024))

    reading = threading.Thread(target=read)
    reading.start()
    with os.fdopen(slave, "w", encoding="utf-8") as stream, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", stream)
        patched.setenv("TERM", "xterm")
        assert cli.main(["query", *arguments]) == 0
        print(end="\0", flush=True)
        reading.join(10)
    os.close(master)
    return shown.getvalue().decode().removesuffix("\0").replace("\r\n", "\n")


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_directions_are_isolated_and_matches_stand_out(
    over_seeds: Rasad, monkeypatch: pytest.MonkeyPatch, colour: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", "" if colour else "1")
    shown = on_a_terminal(monkeypatch, "غارات قرب الحويجة", "-k", "2")
    assert shown.count("\u2068") == shown.count("\u2069") > 4
    assert ("\x1b[1;4m" in shown) is colour and ("\x1b" in shown) is colour
    assert bool(re.search(r"\*\w*حويجة\*", shown)) is not colour


def test_json_has_no_control_marks_even_on_a_terminal(over_seeds: Rasad, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_a_terminal(monkeypatch, "غارات قرب الحويجة", "-k", "2", "--json")
    assert not re.search("[\x1b\u2066-\u2069]", shown)
    assert [list(json.loads(line)) for line in shown.splitlines()] == [FIELDS] * 2
