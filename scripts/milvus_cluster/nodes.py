"""The processes of one cluster: etcd, a broker, coordinators, a proxy, query nodes, a data node and an index node.

Each is a process group of its own with its own settings and ports, and dies with this process. Milvus 2.3.5 listens on
all interfaces, without a password: behind a firewall only.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import yaml

READY_S = 120.0
ROLES: Mapping[str, Sequence[str]] = {
    "coordinators": ("mixture", "-rootcoord", "-querycoord", "-datacoord", "-indexcoord"),
    "data-node": ("datanode",),
    "index-node": ("indexnode",),
    "query-node-1": ("querynode", "--alias=qn1"),
    "query-node-2": ("querynode", "--alias=qn2"),
    "proxy": ("proxy",),
}


class Cluster:
    """Processes by name. All methods are called from the main thread: a process dies with the thread that made it."""

    def __init__(self, folder: Path, milvus: Path, etcd: Path, template: Path) -> None:
        """``milvus``: folder of the program and its libraries; ``template``: its settings, from the same package."""
        self.folder, self.logs = folder, folder / "logs"
        self._milvus, self._etcd, self._template = milvus, etcd, template
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = free_ports()
        self._where: dict[str, Any] = {}
        self._health: dict[str, int] = {}
        self.uri = ""

    def start(self) -> None:
        """Everything, ready to be asked. Raises RuntimeError with the end of a log."""
        self.logs.mkdir(parents=True, exist_ok=True)
        client, peer = next(self._ports), next(self._ports)
        address, other = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        self._run("etcd", [
            str(self._etcd), "--data-dir", str(self.folder / "etcd"), "--listen-client-urls", address,
            "--advertise-client-urls", address, "--listen-peer-urls", other, "--initial-advertise-peer-urls", other,
            "--initial-cluster", f"default={other}",
        ])  # fmt: skip
        self._run("broker", [sys.executable, "-P", str(Path(__file__).with_name("broker.py"))])
        broker = self._first_line("broker")
        ports = {role: next(self._ports) for role in ("rootCoord", "queryCoord", "dataCoord", "proxy", "internal")}
        self._where = settings(self._template.read_text("utf-8"), self.folder, f"127.0.0.1:{client}", broker, ports)
        for role in ROLES:
            self.restart(role)
        for role in ROLES:
            self.wait(role)
        self.uri = f"http://127.0.0.1:{ports['proxy']}"

    def restart(self, role: str) -> None:
        """Start a role that is not running, with new ports where it has no fixed ones."""
        home = self.folder / "settings" / role
        home.mkdir(parents=True, exist_ok=True)
        made = {**self._where}
        for section in ("queryNode", "dataNode", "indexNode"):
            made[section] = {**made[section], "port": next(self._ports)}
        made["log"] = {**made["log"], "file": {**made["log"]["file"], "rootPath": ""}}
        (home / "milvus.yaml").write_text(yaml.safe_dump(made), "utf-8")
        (home / "glog.conf").write_bytes(self._template.with_name("glog.conf").read_bytes())
        self._health[role] = next(self._ports)
        self._run(role, [str(self._milvus / "milvus"), "run", *ROLES[role]], {
            "LD_LIBRARY_PATH": str(self._milvus), "MILVUSCONF": str(home), "METRICS_PORT": str(self._health[role]),
            "MILVUS_RUN_DIR": str(home), "DEPLOY_MODE": "DISTRIBUTED", "GOMAXPROCS": "2",
        })  # fmt: skip

    def kill(self, role: str) -> None:
        """kill -9 of its whole group."""
        found = self._running.pop(role)
        os.killpg(found.pid, signal.SIGKILL)
        found.wait()

    def wait(self, role: str) -> None:
        """Until a role says that it is well."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self._running[role].poll() is not None:
                break
            with suppress(OSError), urllib.request.urlopen(
                f"http://127.0.0.1:{self._health[role]}/healthz", timeout=2
            ) as answer:  # fmt: skip
                if b"OK" in answer.read():
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{role} did not come up within {READY_S:g} s; the end of its log:\n{self.tail(role)}")

    def tail(self, name: str, lines: int = 12) -> str:
        return "\n".join((self.logs / f"{name}.log").read_text("utf-8", "replace").splitlines()[-lines:])

    def rss_bytes(self) -> int:
        found = 0
        for child in self._running.values():
            with suppress(OSError):
                pages = int(Path(f"/proc/{child.pid}/statm").read_text().split()[1])
                found += pages * os.sysconf("SC_PAGE_SIZE")
        return found

    def close(self) -> None:
        for name in [*self._running][::-1]:
            with suppress(ProcessLookupError):
                self.kill(name)

    def _run(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        with (self.logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})}, cwd=self.folder, start_new_session=True,
            )  # fmt: skip

    def _first_line(self, name: str) -> str:
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self._running[name].poll() is None:
            lines = (self.logs / f"{name}.log").read_text("utf-8", "replace").splitlines(keepends=True)
            if lines and lines[0].endswith("\n"):
                return lines[0].strip()
            time.sleep(0.1)
        raise RuntimeError(f"{name} did not come up; the end of its log:\n{self.tail(name)}")


def settings(template: str, folder: Path, etcd: str, broker: str, ports: Mapping[str, int]) -> dict[str, Any]:
    """The package's settings for one process, as those of a cluster."""
    text = re.sub(r"\{\{\s*\w+(?:\(\w+\))?(?::\s*([^}]*?))?\s*\}\}", lambda found: found[1] or "", template)
    made: dict[str, Any] = yaml.safe_load(text)
    made["etcd"] |= {"endpoints": etcd, "use": {"embed": False}}
    del made["pulsar"], made["rocksmq"], made["natsmq"]
    made["mq"] = {"type": "kafka"}
    made["kafka"] = {"brokerList": broker, "saslUsername": "", "saslPassword": "", "securityProtocol": "plaintext"}
    made["localStorage"] = {"path": str(folder / "objects")}
    made["common"]["storageType"] = "local"
    for role in ("rootCoord", "queryCoord", "dataCoord", "proxy"):
        made[role] |= {"ip": "127.0.0.1", "port": ports[role]}
    made["proxy"]["internalPort"] = ports["internal"]
    for role in ("queryNode", "dataNode", "indexNode"):
        made[role]["ip"] = "127.0.0.1"
    return made


def free_ports() -> Iterator[int]:
    """Ports of loopback that nobody listens on, below those that the system gives to connections."""
    for port in range(20_000 + os.getpid() % 8_000, 32_000):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
        yield port
