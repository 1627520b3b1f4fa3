from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from service import terminal
from service.records import Leg, LegScore, Manifest, Match, Passage
from service.terminal import Style

PIPE, PLAIN, COLOUR = Style(False, False), Style(True, False), Style(True, True)
FSI, PDI = "\u2068", "\u2069"
FOUND = Passage(
    rank=1,
    score=0.5,
    article_id="a1",
    docid="a1#2",
    title="غارة near Hawija",
    source="وكالة",
    published="2020-05-14",
    url="https://example.org/1",
    language="ar",
    text="نفذ التحالف غارات.\r\n\r\nJets struck.",
    start=100,
    end=134,
    highlights=((112, 117), (127, 133)),
    copies=("b1", "b2"),
    sha256="0" * 64,
    legs=(LegScore(Leg.BM25, 2.5, 1), LegScore(Leg.DENSE, None, None)),
    matches=(Match("strikes", "غار", 0.75, "lexicon"),),
)


def test_in_a_pipe_there_are_no_control_marks() -> None:
    assert terminal.passage(FOUND, PIPE) == (
        "[1] غارة near Hawija\n"
        "    وكالة · 2020-05-14 · https://example.org/1 · a1 100-134\n"
        "    and 2 with the same text: b1, b2\n"
        "    نفذ التحالف غارات.\n"
        "    Jets struck.\n"
        "    bm25: score 2.5000, rank 1\n"
        "    dense: not in this leg\n"
        "    strikes -> غار (lexicon, 0.75)\n"
    )


def test_on_a_terminal_directions_are_isolated_and_matches_marked_without_colour() -> None:
    lines = terminal.passage(FOUND, PLAIN).splitlines()
    assert lines[0] == f"[1] {FSI}غارة near Hawija{PDI}"
    assert lines[3:5] == [f"    {FSI}نفذ التحالف *غارات*.{PDI}", f"    {FSI}Jets *struck*.{PDI}"]
    assert all(line.count(FSI) == line.count(PDI) for line in lines)


def test_with_colour_matches_are_bold_and_underlined() -> None:
    assert "\x1b[1;4mغارات\x1b[0m" in terminal.passage(FOUND, COLOUR)


@pytest.mark.parametrize("style", [PIPE, PLAIN, COLOUR])
@pytest.mark.parametrize("field", ["title", "source", "published", "url", "text", "article_id"])
def test_an_article_cannot_drive_the_terminal(style: Style, field: str) -> None:
    evil = "x\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\u2069y"
    harmless = terminal.passage(replace(FOUND, highlights=(), **{field: "xy"}), style)
    shown = terminal.passage(replace(FOUND, highlights=(), **{field: evil}), style)
    marks = "\u202e\u2069" if style is PIPE else ""
    assert shown == harmless.replace("xy", f"x]0;pwned[2J31m{marks}y")


def test_a_title_of_several_lines_is_shown_in_one() -> None:
    assert terminal.passage(replace(FOUND, title=" a\n\tb "), PIPE).startswith("[1] a b\n")


def test_an_article_without_a_title_is_named_by_its_id() -> None:
    assert terminal.passage(replace(FOUND, title=""), PIPE).startswith("[1] a1\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "stream, environ, expected",
    [
        (io.StringIO(), {}, PIPE),
        (Terminal(), {}, COLOUR),
        (Terminal(), {"NO_COLOR": "1"}, PLAIN),
        (Terminal(), {"NO_COLOR": ""}, COLOUR),
        (Terminal(), {"TERM": "dumb"}, PLAIN),
    ],
)
def test_style_follows_the_stream(
    stream: io.StringIO, environ: dict[str, str], expected: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Style.of(stream) == expected


def test_json_has_the_fields_of_the_interface() -> None:
    plain = terminal.as_json(FOUND, explain=False)
    names = (
        "rank score article_id docid title source published url language text start end highlights copies near_copies "
        "places dates"
    )
    assert " ".join(plain) == names
    assert plain["highlights"] == [[112, 117], [127, 133]] and plain["copies"] == ["b1", "b2"]
    explained = terminal.as_json(FOUND, explain=True)
    assert explained == {
        **plain,
        "legs": {"bm25": {"score": 2.5, "rank": 1}, "dense": {"score": None, "rank": None}},
        "matches": [{"source": "strikes", "form": "غار", "weight": 0.75, "evidence": "lexicon"}],
    }


def test_status_names_version_counts_size_and_recipe() -> None:
    manifest = Manifest(
        "v000002", "news", "2026-11-20T10:00:00+00:00", "f-1", {"encoder": "e-1"}, 1234, 5, 6789, 2_500_000,
        ({"id": "s000001-0", "files": {"a": 1}},),
    )  # fmt: skip
    text = terminal.status(manifest)
    assert text.startswith("news: 1,234 articles, 5 exact copies, 6,789 passages, 2.5 MB\n")
    assert all(part in text for part in ("version v000002 of 2026-11-20T10:00:00", "1 segments", "f-1", "encoder e-1"))
    fields = json.loads(terminal.status_json(manifest))
    assert (fields["version"], fields["articles"], fields["segments"]) == ("v000002", 1234, [{"id": "s000001-0"}])


def test_progress_is_for_terminals_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.progress(100, 1)
    terminal.progress_done()
    assert capsys.readouterr() == ("", "")
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(terminal, "_last", [0.0])
    for read in (100, 101):  # the second comes at once after the first
        terminal.progress(read, 1)
    terminal.progress_done()
    assert stream.getvalue() == "\rrasad: 100 records read, 1 rejected\r\x1b[K"
