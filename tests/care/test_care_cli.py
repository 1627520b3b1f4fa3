"""The commands that care for the archive, as their users' scripts meet them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service import cli
from service.engine import Engine

from .conftest import flip


@pytest.fixture
def rasad(care: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    for name in [name for name in os.environ if name.startswith("RASAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RASAD_INDEXES", str(care.indexes))
    return lambda *arguments: cli.main([str(argument) for argument in arguments])


def test_verify_names_the_file_on_stdout_and_repair_ends_it(
    rasad: Callable[..., int], care: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rasad("verify") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "c v000003: " in captured.err and captured.err.rstrip().endswith("whole")
    path = care.indexes / "c" / "segments" / "s000001-0" / "terms.rows.npy"
    flip(path)
    assert rasad("verify", "--collection", "c") == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{path}: has SHA-256 ")
    assert "run rasad repair --collection c" in captured.err
    assert rasad("repair", "--collection", "c") == 0
    assert "c is at v000004, 1 segments made again" in capsys.readouterr().err
    assert rasad("verify") == 0


def test_a_collection_that_cannot_be_opened_does_not_hide_the_others(
    rasad: Callable[..., int], care: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = care.indexes / "a-broken"
    broken.mkdir()
    (broken / "CURRENT").write_text("x")
    assert rasad("verify") == 1
    captured = capsys.readouterr()
    assert str(broken / "CURRENT") in captured.err and "c v000003" in captured.err
    assert rasad("collections", "--json") == 2
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["collection"], row["recipe"]) for row in rows] == [("a-broken", "unreadable"), ("c", "ok")]


def test_collections_are_a_table_or_json(
    rasad: Callable[..., int], care: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rasad("collections") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["collection", "articles", "copies", "passages", "size_mb", "version", "created", "recipe"]
    assert row.split()[:4] == ["c", "7", "1", "7"]
    assert row.split()[5:6] + row.split()[7:] == ["v000003", "ok"]
    monkeypatch.setenv("RASAD_CHUNK_WORDS", "60")
    assert rasad("collections", "--json") == 2
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["recipe"], found["articles"]) == ("other", 7)
    assert "chunker" in found["problem"] and "chunker" in captured.err


def test_backup_and_restore_by_file_and_by_pipe(
    rasad: Callable[..., int], care: Engine, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "c.tar"
    assert rasad("backup", file, "--collection", "c") == 0
    assert rasad("backup", file, "--collection", "c") == 2, "what is there is not replaced"
    assert b"is there already" in capsysbinary.readouterr().err
    assert rasad("backup", file, "--collection", "c", "--overwrite") == 0
    assert rasad("backup", tmp_path / "none" / "c.tar", "--collection", "c") == 2
    assert rasad("restore", file) == 2
    assert rasad("restore", file, "--collection", "d") == 0
    assert rasad("restore", tmp_path / "none.tar") == 2
    capsysbinary.readouterr()
    assert rasad("backup", "-", "--collection", "c") == 0
    assert capsysbinary.readouterr().out == file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.tar", "indexes", "reports.jsonl"]
    assert care.verify("d").damages == ()


def test_purge_says_what_may_still_hold_it(
    rasad: Callable[..., int], care: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rasad("purge", "r2", "--collection", "c") == 0
    said = capsys.readouterr().err
    assert "1 purged from c, now at v000004" in said and "Backups" in said
    assert rasad("purge", "r0", "--collection", "c") == 2
    assert "copy-of-r0" in capsys.readouterr().err
