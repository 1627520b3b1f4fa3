"""rasad ask: output, JSON fields, exit codes, and a model's sentences as they come."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from service import cli
from service.engine import Engine

from .conftest import Endpoint, breaks_off, streams

ANSWERED = "How many ISIS fighters were killed in the coalition strike near al-Rashad?"
REFUSED = "Who won the Nobel Peace Prize of 2015?"
FIELDS = ["marker", "article_id", "title", "source", "published", "url", "start", "end", "quote", "sha256", "copies"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(seeds: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))

    def ask(*arguments: str, **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        code = cli.main(["ask", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ask


def test_an_answer_exits_with_0_and_shows_where_it_is_from(run: Run) -> None:
    code, out, _ = run(ANSWERED)
    assert code == 0
    assert "[1]" in out and "sha256" in out and "confidence" in out
    assert "seed-028" in out or "seed-029" in out


def test_a_refusal_exits_with_1_and_lists_the_nearest(run: Run) -> None:
    code, out, _ = run(REFUSED)
    assert code == 1
    assert out.startswith("The reports do not say.") and "which do not answer" in out and "sha256" not in out


def test_an_answer_keeps_to_the_options(run: Run) -> None:
    code, out, _ = run("كم مسلحا قتل في قصف التحالف قرب الرشاد؟", "--json", "--language", "ar", "--from", "2010")
    assert code == 0
    assert {citation["language"] for citation in json.loads(out)["citations"]} == {"ar"}

    code, out, _ = run(ANSWERED, "--json", "--source", "nobody", "--source", "nobody else")
    assert code == 1
    assert json.loads(out)["nearest"] == []


def test_errors_exit_with_2(run: Run) -> None:
    assert run(" ")[0] == 2
    code, out, err = run("Who?", "--collection", "nothing-here")
    assert (code, out) == (2, "") and "nothing-here" in err


def test_json_fields(run: Run) -> None:
    code, out, _ = run(ANSWERED, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["abstained"] is False
    for name in ("confidence", "short_answer", "sentences", "citations", "nearest", "figures", "notices"):
        assert name in answer
    assert all(list(citation)[: len(FIELDS)] == FIELDS for citation in answer["citations"])
    code, out, _ = run(REFUSED, "--json")
    assert code == 1 and json.loads(out)["abstained"] is True and json.loads(out)["nearest"]


def test_a_models_sentences_are_printed_once(run: Run, endpoint: Endpoint) -> None:
    sentence = "Coalition aircraft killed fifteen ISIS fighters near Rashad"
    endpoint.behaviour = streams(f"{sentence} [1].")
    code, out, _ = run(ANSWERED, RASAD_LLM_URL=endpoint.url, RASAD_LLM_MODEL="small-one")
    assert code == 0
    assert out.startswith(sentence) and out.count(sentence) == 1
    assert "written by small-one" in out


def test_a_model_that_fails_is_named_on_stderr(run: Run, endpoint: Endpoint) -> None:
    endpoint.behaviour = breaks_off("The")
    code, out, err = run(ANSWERED, RASAD_LLM_URL=endpoint.url, RASAD_LLM_MODEL="small-one")
    assert code == 0 and "broke off" in err and "written by" not in out and "sha256" in out


def test_an_article_cannot_drive_the_terminal(run: Run) -> None:
    assert "\x1b" not in run(ANSWERED)[1]
