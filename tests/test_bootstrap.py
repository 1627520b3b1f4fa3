"""The first run: what is made, what is remade, who waits, and what is said when it cannot be done. No network.

Real are the scripts, Python and venv; pip and the service are stand-ins that PYTHONPATH puts before the real ones.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parent.parent
PIP = """
import os, pathlib, sys, time
with open(os.environ["PIP_CALLS"], "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
log = pathlib.Path(sys.argv[sys.argv.index("--log") + 1])
log.write_text(os.environ.get("PIP_SAYS", "").replace("|", "\\n"))
time.sleep(float(os.environ.get("PIP_SLEEPS", "0")))
print("pip's progress")
sys.exit(int(os.environ.get("PIP_STATUS", "0")))
"""
CLI = "import os, sys\nprint('service.cli', *sys.argv[1:], 'in', os.getcwd())\n"


class Checkout:
    """A copy of the scripts in a folder with a space in its name, and the stand-ins."""

    first: SimpleNamespace

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.venv = self.root / ".venv"
        self.calls = folder / "calls"
        self.calls.touch()
        shutil.copytree(
            ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("results", "__pycache__")
        )
        for name in ("pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.root)
        fakes = folder / "fakes"
        for module, code in {"pip/__main__.py": PIP, "service/cli.py": CLI, "pytest/__main__.py": CLI}.items():
            (fakes / module).parent.mkdir(parents=True)
            (fakes / module).write_text(code)
            (fakes / module).with_name("__init__.py").touch()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.environ = {**kept, "PYTHONPATH": str(fakes), "PIP_CALLS": str(self.calls), "PYTHON": sys.executable}

    def start(self, *command: str | Path, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(part) for part in command],
            env={**self.environ, **environ},
            cwd=self.root.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def query(self, **environ: str) -> SimpleNamespace:
        process = self.start(self.root / "scripts" / "query", "two words", "-k", "3", **environ)
        out, err = process.communicate(timeout=60)
        return SimpleNamespace(status=process.returncode, out=out, err=err)

    def installs(self) -> list[str]:
        return self.calls.read_text().splitlines()

    @property
    def answer(self) -> str:
        return f"service.cli query two words -k 3 in {self.root.parent}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after its first run, which is kept in ``first``; tests leave it ready."""
    checkout = Checkout(tmp_path_factory.mktemp("made"))
    checkout.first = checkout.query(RASAD_TORCH_INDEX_URL="ADDRESS", RASAD_PIP_ARGS="--cert 'a file'")
    assert checkout.first.status == 0, checkout.first.err
    return checkout


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("_bootstrap", ROOT / "scripts" / "_bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


def test_first_run_installs_the_pins_and_later_runs_nothing(made: Checkout) -> None:
    assert made.first.out == made.answer
    assert all(said in made.first.err for said in ("first run", "pip's progress", "ready after"))
    call, *others = made.installs()
    wanted = f"-c {made.root}/constraints.txt -e {made.root} --extra-index-url ADDRESS --cert a file"
    assert call.endswith(f"install {wanted}")

    later = made.query(PYTHON="/nonexistent")  # not even looked for
    assert (later.status, later.out, later.err) == (0, made.answer, "")
    assert made.installs() == [call, *others]


def test_works_through_a_symbolic_link(made: Checkout) -> None:
    link = made.root.parent / "rasad-query"
    link.symlink_to(made.root / "scripts" / "query")
    out, err = made.start(link, "two words", "-k", "3").communicate(timeout=60)
    assert (out, err) == (made.answer, "")


def test_changed_pins_are_installed_into_the_same_venv(made: Checkout) -> None:
    mark = made.venv / "kept"
    mark.touch()
    before = len(made.installs())
    with (made.root / "constraints.txt").open("a") as pins:
        pins.write("another==1.0\n")
    assert made.query().out == made.answer
    assert len(made.installs()) == before + 1
    assert mark.exists()


def test_tests_are_installed_once_and_paths_stay_the_users(made: Checkout) -> None:
    test = made.root / "scripts" / "test"
    (made.root.parent / "mine.py").touch()
    before = len(made.installs())
    for _ in range(2):
        out, _err = made.start(test, "mine.py::test_it", "-k", "word").communicate(timeout=60)
        assert out == f"service.cli {made.root.parent}/mine.py::test_it -k word in {made.root}\n"
    assert len(made.installs()) == before + 1
    assert made.installs()[-1].endswith(f"-e {made.root}[dev]")


def test_failed_update_keeps_the_old_venv_and_is_tried_again(made: Checkout) -> None:
    mark = made.venv / "kept-too"
    mark.touch()
    with (made.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    says = "t   Installing collected packages: setuptools|t WARNING: Retrying after NewConnectionError|t ERROR: No x"
    failed = made.query(PIP_STATUS="1", PIP_SAYS=says)
    assert (failed.status, failed.out) == (2, "")
    assert "the package registry cannot be reached" in failed.err and "pip said: No x" in failed.err
    assert made.query().out == made.answer
    assert mark.exists()


def test_install_that_failed_half_way_is_made_again(made: Checkout) -> None:
    mark = made.venv / "kept-not"
    mark.touch()
    with (made.root / "pyproject.toml").open("a") as project:
        project.write("# changed again\n")
    failed = made.query(
        PIP_STATUS="1", PIP_SAYS="t Installing collected packages: numpy, rasad|t ERROR: No space left on device"
    )
    assert failed.status == 2 and "the disk is full" in failed.err
    assert made.query().out == made.answer
    assert not mark.exists()


def test_only_a_sound_venv_is_updated(bootstrap: ModuleType, fresh: Checkout) -> None:
    env = bootstrap.Environment(fresh.root)
    stamp = env.stamps["run"]
    assert not env.can_be_updated()  # there is none
    venv.create(env.folder, symlinks=True)
    assert not env.can_be_updated()  # made by hand, without pip
    stamp.write_bytes(env.wanted() + b"another==1.0\n")
    assert env.can_be_updated()
    stamp.write_bytes(b"/elsewhere\n" + env.wanted().partition(b"\n")[2])
    assert not env.can_be_updated()  # the checkout has moved: its scripts and the package point to the old place
    stamp.write_bytes(env.wanted().replace(b"Python 3.", b"Python 2.", 1))
    assert not env.can_be_updated()  # the system's Python has been replaced
    stamp.write_bytes(env.wanted())
    env.begun.touch()
    assert not env.can_be_updated()  # an install was cut short
    env.begun.unlink()
    env.python.unlink()
    assert not env.can_be_updated()
    assert not env.is_ready("run")


def test_killed_first_run_is_made_again(fresh: Checkout) -> None:
    killed = fresh.start(fresh.root / "scripts" / "query", "x", PIP_SLEEPS="30")
    deadline = time.monotonic() + 30
    while not fresh.installs() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=30)
    assert (fresh.venv / "rasad-begun").exists()
    again = fresh.query()
    assert (again.status, again.out) == (0, fresh.answer), again.err
    assert "making it again" in again.err


def test_two_first_runs_install_once(fresh: Checkout) -> None:
    script = fresh.root / "scripts" / "query"
    both = [fresh.start(script, "two words", "-k", "3", PIP_SLEEPS="1") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [out for out, _ in said] == [fresh.answer, fresh.answer]
    assert sum("waiting for it" in err for _, err in said) == 1
    assert len(fresh.installs()) == 1


def stub(folder: Path, version: str, modules: bool) -> Path:
    """A Python that tells its version and may lack venv and ensurepip."""
    path = folder / "python3"
    path.write_text(f'#!/bin/sh\ncase $2 in *ensurepip*) exit {int(not modules)} ;; *) echo "{version}" ;; esac\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "modules", "found", "step"),
    [
        ("3 9", True, "python3 is Python 3.9", "install Python 3.11 or 3.12"),
        ("2 7", True, "python3 is Python 2.7", "install Python 3.11 or 3.12"),
        ("3 12", False, "is Python 3.12 without its venv and ensurepip modules", "apt install python3.12-venv"),
    ],
)
def test_unfit_python_is_explained(fresh: Checkout, version: str, modules: bool, found: str, step: str) -> None:
    result = fresh.query(PYTHON=str(stub(fresh.root.parent, version, modules)))
    assert (result.status, result.out) == (2, "")
    assert "wanted: Python 3.11 or newer" in result.err and found in result.err and step in result.err
    assert not fresh.venv.exists()


def test_python_is_looked_for_on_the_path(fresh: Checkout) -> None:
    tools = fresh.root.parent / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink", "cat"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    assert "found: no Python" in fresh.query(PATH=str(tools), PYTHON="").err
    stub(tools, "3 10", True)
    assert "found: python3 is Python 3.10" in fresh.query(PATH=str(tools), PYTHON="").err


@pytest.mark.parametrize(
    ("says", "found"),
    [
        (
            "t ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "the disk is full",
        ),
        ("t SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate is not trusted"),
        ("t WARNING: after connection broken by 'NewConnectionError(...)|t ERROR: No matching", "cannot be reached"),
        ("t error: command '/usr/bin/x86_64-linux-gnu-g++' failed: No such file", "could not be compiled"),
        ("t ERROR: No matching distribution found for torch==2.13.0", "has no fitting version"),
        ("t ERROR: something new", "pip failed"),
    ],
)
def test_failed_install_is_explained(bootstrap: ModuleType, says: str, found: str) -> None:
    message = str(bootstrap.explain(1, says, Path("rasad-pip.log")))
    assert found in message.splitlines()[1]
    assert [line.split(":")[0].strip() for line in message.splitlines()] == [
        *("wanted", "found", "pip said", "next", "log"),
    ]


def test_too_small_a_disk_is_explained(bootstrap: ModuleType, fresh: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _path: SimpleNamespace(free=500_000_000))
    with pytest.raises(bootstrap.Failure, match=r"found: 0\.5 GB free"):
        bootstrap.create(bootstrap.Environment(fresh.root), 0)
    assert not fresh.venv.exists()


def test_folder_that_cannot_be_written_is_explained(fresh: Checkout) -> None:
    (fresh.root / ".venv.lock").mkdir()  # as good as read-only, also for root
    result = fresh.query()
    assert (result.status, result.out) == (2, "")
    assert "wanted: to write the environment" in result.err and "Traceback" not in result.err
