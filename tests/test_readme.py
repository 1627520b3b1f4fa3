"""README.md is run: its ```sh commands that read and search, in order, over a collection folder of their own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from itertools import takewhile
from pathlib import Path

import pytest

from service.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = {"query", "ask", "ingest", "status", "verify", "collections"}


def commands(text: str) -> list[list[str]]:
    """Arguments for rasad, of each line of a ```sh block that calls one of COMMANDS by script or as rasad.

    A prompt, variables set before the command, a comment, and what follows a pipe or a redirection are left out.
    """
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
            words = list(takewhile(lambda word: not set(word) <= set("|&;<>"), lexer))
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words[:1] == ["rasad"] and len(words) > 1:
                words.pop(0)
            if words and (name := words[0].removeprefix("./scripts/")) in COMMANDS:
                found.append([name, *words[1:]])
    return found


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "RASAD_INDEXES": str(tmp_path_factory.mktemp("indexes"))}


def test_commands_are_found_in_any_dress() -> None:
    text = (
        "```sh\n$ A=1 ./scripts/query 'a b' -k 3 | head  # why\n./scripts/test\nrasad query \\\n  \"-word\" > x\n```\n"
    )
    assert commands(text) == [["query", "a b", "-k", "3"], ["query", "-word"]]


def test_the_first_two_commands_are_the_promised_ones() -> None:
    first, second = re.findall(r"^```sh\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)[:2]
    assert (first, second) == ('./scripts/query "strikes near Hawija"', "./scripts/test")
    assert {"strikes near Hawija", "غارات قرب الحويجة"} <= {word for command in commands(README) for word in command}


@pytest.mark.parametrize("command", commands(README), ids=shlex.join)
def test_command_runs(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *command], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or command[0] != "query"


def test_settings_are_those_of_the_program() -> None:
    known = {f"RASAD_{spec.name.upper()}" for spec in fields(Settings)}
    set_up = {"RASAD_PIP_ARGS", "RASAD_TORCH_INDEX_URL"}
    assert set(re.findall(r"RASAD_[A-Z_]+", README)) <= known | set_up


def test_files_it_names_exist() -> None:
    named = re.findall(r"`((?:service|scripts|seeds|tests|indexes)/[\w./-]*)`|\b([A-Z]+\.md|LICENSE|NOTICE)\b", README)
    missing = [name for pair in named for name in pair if name and not (ROOT / name).exists()]
    assert missing == []
