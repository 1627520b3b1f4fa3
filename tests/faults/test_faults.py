"""A few rounds of every fault; scripts/faults does hundreds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_kinds import KINDS
from fault_rounds import child_of, dying_at

HERE = Path(__file__).parent
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In an interpreter of its own: the rounds fork, and this one may have threads that hold a lock."""
    environ = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent.parent)]),
    }
    command = [sys.executable, "-P", *arguments] if not program else [sys.executable, "-P", "-c", program]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=400, check=False)


def test_a_few_rounds_of_every_fault_lose_nothing() -> None:
    """What scripts/faults does hundreds of times."""
    done = run("", str(HERE / "faults.py"), "--kills", "15", "--others", "4", "--seed", "7")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[0].startswith("kill -9: 15 rounds (") and "0 lost, 0 half-visible" in lines[0]
    assert len(lines) == 1 + len(KINDS)
    assert not any("FAILED" in line for line in lines)


def test_the_kill_is_real(tmp_path: Path) -> None:
    """A child that is to die at its second call to the file system leaves one file, and no word."""

    def work() -> None:
        for name in "abc":
            (tmp_path / name).mkdir()

    pid, pipe = child_of(dying_at(1, work))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -9
    assert (os.read(pipe, 1), sorted(path.name for path in tmp_path.iterdir())) == (b"", ["a"])
    os.close(pipe)


LYING = """
import sys, tempfile
from pathlib import Path
from fault_rounds import Failed, kill_rounds
from service.backends.embedded import layout
layout.point_to = lambda folder, version: None
with tempfile.TemporaryDirectory() as folder:
    try:
        kill_rounds(Path(folder), 10, seed=7)
    except Failed as error:
        print(error)
"""


def test_a_loss_would_be_seen() -> None:
    """A writer that acknowledges before it publishes is found out."""
    done = run(LYING)
    assert done.stdout.startswith("round ") and "hangs" not in done.stdout, done.stdout + done.stderr
