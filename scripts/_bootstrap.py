"""Make .venv what pyproject.toml and constraints.txt ask for. Called by _start.sh; standard library only.

The one argument is the purpose: "run", or "dev" with what the tests need as well.

A stamp is written last, so an install that was cut short never counts as done. The file "rasad-begun" stands in .venv
while pip may be changing it: found by a later run, it means that .venv is half-made, and it is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MIN_FREE_BYTES = 2_000_000_000  # a new .venv with torch's CPU build; with CUDA it is about three times that
REASONS = (  # what pip's log shows -> (what happened, next step)
    (
        r"No space left on device|Disk quota exceeded|Errno 28\b|Errno 122\b",
        "the disk is full",
        "free about 2 GB (about 9 GB for torch with CUDA) where the checkout, the temporary folder (TMPDIR) and pip's "
        "cache (PIP_CACHE_DIR) lie, then run the same command again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "the package registry's certificate is not trusted here",
        "name the file with your network's certificates in PIP_CERT, then run the same command again",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Max retries exceeded"
        r"|Network is unreachable|Connection refused|Connection reset|name resolution|RemoteDisconnected",
        "the package registry cannot be reached",
        "connect to the network (behind a proxy set HTTPS_PROXY, for a registry of your own PIP_INDEX_URL), then run "
        "the same command again",
    ),
    (
        r"command '[^']*(?:cc|\+\+|clang)[^']*' failed|Failed building wheel|failed-wheel-build"
        r"|metadata-generation-failed",
        "a package without a ready build for this Python and system could not be compiled",
        "use Python 3.11 or 3.12 (PYTHON=python3.11), or install a C and C++ compiler, then run the same command again",
    ),
    (
        r"No matching distribution found|ResolutionImpossible",
        "the registry has no fitting version of a package for this Python and system",
        "use Python 3.11 or 3.12 on 64-bit Linux or macOS, and look at PIP_* and RASAD_PIP_ARGS if you set them",
    ),
)


class Failure(Exception):
    """The environment cannot be made; the message is for the user."""


class Environment:
    """The .venv of one checkout and the marks that tell its state."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.begun = self.folder / "rasad-begun"
        self.log = self.folder / "rasad-pip.log"
        self.stamps = {purpose: self.folder / f"rasad-ready-{purpose}" for purpose in ("run", "dev")}

    def is_ready(self, purpose: str) -> bool:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            return self.stamps[purpose].read_bytes() == self.wanted()
        return False

    def wanted(self) -> bytes:
        """Content of a valid stamp: folder, Python version, both requirement files. _start.sh compares the same."""
        version = subprocess.run([self.python, "-V"], capture_output=True, check=True).stdout
        requirements = [(self.root / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
        return b"".join([os.fsencode(self.root), b"\n", version, *requirements])

    def can_be_updated(self) -> bool:
        """Whether pip may go on in it: not half-made, not moved, and its Python is still the one it was made with."""
        if self.begun.exists() or not self.folder.exists():
            return False
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            if self.stamps["run"].exists():
                return self.stamps["run"].read_bytes().split(b"\n")[:2] == self.wanted().split(b"\n")[:2]
            probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"  # made by hand: welcome if it will do
            return subprocess.run([self.python, "-I", "-c", probe], capture_output=True).returncode == 0
        return False


def prepare(env: Environment, purpose: str, lock: int) -> None:
    """Create or update the environment; returns with the stamp in place. Raises Failure."""
    if env.is_ready(purpose) and not env.begun.exists():
        return
    started = time.monotonic()
    if not env.can_be_updated():
        create(env, lock)
    for stamp in env.stamps.values():
        if stamp.exists() and stamp.read_bytes() != env.wanted():
            stamp.unlink()
    install(env, purpose, lock)
    for name in ("run", purpose):
        partial = env.folder / "rasad-partial"
        partial.write_bytes(env.wanted())
        partial.replace(env.stamps[name])
    say(f"ready after {time.monotonic() - started:.0f} s")


def create(env: Environment, lock: int) -> None:
    if env.folder.is_symlink() or env.folder.exists():
        say("found a .venv that is unfinished, moved or unusable: making it again")
        env.folder.unlink() if env.folder.is_symlink() else shutil.rmtree(env.folder)
    free = shutil.disk_usage(env.root).free
    if free < MIN_FREE_BYTES:
        raise Failure(
            f"wanted: at least {MIN_FREE_BYTES / 1e9:.0f} GB of free disk for .venv (about 9 GB for torch with CUDA)\n"
            f"found: {free / 1e9:.1f} GB free in {env.root}\nnext: free some space, then run the same command again"
        )
    say(f"first run: making .venv with Python {sys.version.split()[0]}; this happens once, see README.md")
    env.folder.mkdir()
    env.begun.touch()
    made = run([sys.executable, "-m", "venv", str(env.folder)], lock)
    if made:
        shutil.rmtree(env.folder, ignore_errors=True)
        raise Failure(
            f"wanted: a virtual environment in {env.folder}\nfound: {sys.executable} -m venv failed (see above)\n"
            "next: install Python's venv module (on Debian and Ubuntu: apt install python3-venv), "
            "or name another Python: PYTHON=/path/to/python3.11"
        )


def install(env: Environment, purpose: str, lock: int) -> None:
    say("installing the pinned dependencies" + (" and what the tests need" if purpose == "dev" else ""))
    env.begun.touch()
    env.log.unlink(missing_ok=True)
    command = [str(env.python), "-m", "pip", "--no-input", "--log", str(env.log), "install"]
    command += ["-c", str(env.root / "constraints.txt"), "-e", str(env.root) + ("[dev]" if purpose == "dev" else "")]
    if index := os.environ.get("RASAD_TORCH_INDEX_URL"):
        command += ["--extra-index-url", index]
    command += shlex.split(os.environ.get("RASAD_PIP_ARGS", ""))
    status = run(command, lock)
    log = env.log.read_text("utf-8", "replace") if env.log.exists() else ""
    touched = re.search(r"Installing collected packages:.*\brasad\b", log)  # other such lines are of a build, elsewhere
    if status == 0 or (status > 0 and not touched):
        env.begun.unlink()
    if status:
        raise explain(status, log, env.log)
    env.log.unlink(missing_ok=True)  # tens of MB that nobody needs


def explain(status: int, log: str, path: Path) -> Failure:
    """What went wrong, from pip's own words."""
    errors = re.findall(r"^\S+ +ERROR: (?:\[present-rich\] )?(.*)", log, re.MULTILINE)
    happened, step = "pip failed", "read the lines above, then run the same command again"
    for pattern, reason, remedy in REASONS:
        if re.search(pattern, log):
            happened, step = reason, remedy
            break
    return Failure(
        f"wanted: the packages pinned in constraints.txt\nfound: {happened}\n"
        f"pip said: {errors[-1] if errors else f'nothing, status {status}'}\nnext: {step}\nlog: {path}"
    )


def run(command: list[str], lock: int) -> int:
    """Exit status. All output goes to stderr. The child holds the lock too: a new run waits for it if we are killed."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), pass_fds=[lock]).returncode


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """One setup at a time in a checkout; the system drops the lock of a process that died."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is setting up .venv: waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def say(message: str) -> None:
    for line in message.splitlines():
        print(f"rasad: {line}", file=sys.stderr, flush=True)


def stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def main(argv: list[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    root = Path(__file__).resolve().parent.parent
    try:
        with locked(root / ".venv.lock") as lock:
            prepare(Environment(root), argv[0], lock)
    except Failure as failure:
        say(str(failure))
        return 2
    except KeyboardInterrupt:
        say("interrupted; run the same command again to go on")
        return 130
    except OSError as error:
        say(f"wanted: to write the environment in {root / '.venv'}\nfound: {error}")
        say("next: see that the folder is writable and the disk has room, then run the same command again")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
