"""A few rounds of every fault; scripts/faults does hundreds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fault_kinds import KINDS
from fault_rounds import Failed, child_of, dying_at, kill_rounds

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_a_killed_writer_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    tally = kill_rounds(tmp_path, 15, seed=7)
    assert sum(tally.rounds.values()) == 15 == sum(tally.ends.values())
    assert any(end.startswith("killed") for end in tally.ends)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_other_fault_is_met(tmp_path: Path, name: str) -> None:
    assert KINDS[name](tmp_path, 4, 7)


def test_the_kill_is_real(tmp_path: Path) -> None:
    """A child that is to die at its second call to the file system leaves one file, and no word."""

    def work() -> None:
        for name in "abc":
            (tmp_path / name).mkdir()

    pid, pipe = child_of(dying_at(1, work))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
    assert (os.read(pipe, 1), sorted(path.name for path in tmp_path.iterdir())) == (b"", ["a"])
    os.close(pipe)


def test_a_loss_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that acknowledges before it publishes is found out."""
    monkeypatch.setattr("service.backends.embedded.layout.point_to", lambda folder, version: None)
    with pytest.raises(Failed):
        kill_rounds(tmp_path, 10, seed=7)
