"""What the cluster is made of, fetched into a folder: Milvus 2.3.5 and its client from PyPI, etcd from Debian."""

from __future__ import annotations

import lzma
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("milvus==2.3.5", "pymilvus==2.6.17", "confluent-kafka==2.16.1", "setuptools<81")


@dataclass(frozen=True)
class Programs:
    """Where things are after they were fetched."""

    milvus: Path  # folder of the program and its libraries
    etcd: Path
    template: Path  # settings that came with Milvus
    python: Path  # folder of Python packages


def fetch(folder: Path) -> Programs:
    """Downloads what is not there yet, and says so first. Raises RuntimeError with the next step."""
    python, binaries, etcd = folder / "python", folder / "milvus", folder / "etcd-server"
    package = python / "milvus" / "data"
    stamp, wanted = python / "packages", "\n".join(PACKAGES)
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"downloading into {folder}, about 150 MB: {', '.join(PACKAGES)} with what they need")
        shutil.rmtree(python, ignore_errors=True)
        _run([sys.executable, "-m", "pip", "install", "-q", "--target", str(python), *PACKAGES], folder)
        stamp.write_text(wanted)
    if not (binaries / "milvus").exists():
        binaries.mkdir(exist_ok=True)
        for packed in sorted((package / "bin").glob("*.lzma"), key=lambda path: path.name == "milvus.lzma"):
            unpacked = binaries / packed.stem
            unpacked.write_bytes(lzma.decompress(packed.read_bytes()))
            unpacked.chmod(0o755)
    program = Path(shutil.which("etcd") or etcd / "usr" / "bin" / "etcd")
    if not program.exists():
        say("downloading etcd-server from Debian (apt-get download; nothing is installed)")
        _run(["apt-get", "download", "-q", "etcd-server"], folder)
        _run(["dpkg", "-x", str(next(folder.glob("etcd-server_*.deb"))), str(etcd)], folder)
    return Programs(binaries, program, package / "config.yaml.template", python)


def say(text: str) -> None:
    print(f"cluster-test: {text}", file=sys.stderr, flush=True)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        done = subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not there")
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).splitlines()[-5:])
        raise RuntimeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{said}\nneeded: Debian's apt-get and dpkg (or etcd on "
            "the path), and a registry that pip reaches"
        )
