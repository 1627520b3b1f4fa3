"""Uploads: reports that came through the service, on their way into a collection. Rows of the state file."""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.complaints import both
from service.errors import UploadNotFound
from service.records import IngestReport, Rejection
from service.state import State, now

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
OUTCOMES = ("added", "updated", "unchanged", "copies", "rejected")
_REJECTIONS_KEPT = 500
_NAME_CHARS = 120


@dataclass(frozen=True, slots=True)
class Upload:
    """``read`` and ``rejected`` grow while it runs; the other counts are known once it is done."""

    upload_id: str
    owner: str
    collection: str
    files: tuple[str, ...]
    replaces: bool
    status: str  # waiting | running | done | failed
    message: str
    pid: int
    created: str
    started: str
    ended: str
    read: int
    added: int
    updated: int
    unchanged: int
    copies: int
    rejected: int
    rejections: tuple[Mapping[str, Any], ...]  # file, line, reason; the first of them
    version: str  # of the index, once it is in


class Uploads:
    """The uploads of a state file, and the folder where their files wait."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.folder = state.path.parent / ".uploads"  # no collection can be called that

    def add(self, owner: str, collection: str, files: Sequence[str], replaces: bool) -> Upload:
        upload_id = secrets.token_hex(8)
        with self._state.transaction() as rows:
            rows.execute(
                "insert into uploads (upload_id, owner, collection, files, replaces, status, created)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (upload_id, owner, collection, json.dumps(list(files), ensure_ascii=False), replaces, WAITING, now()),
            )
        return self.get(upload_id, owner)

    def of(self, owner: str | None) -> list[Upload]:
        """Newest first, the last hundred; of everybody for None."""
        found = self._state.rows(
            "select * from uploads where ? is null or owner = ? order by created desc, rowid desc limit 100",
            owner,
            owner,
        )
        return [self._checked(_upload(row)) for row in found]

    def get(self, upload_id: str, owner: str | None) -> Upload:
        """Raises UploadNotFound, also for somebody else's."""
        for row in self._state.rows("select * from uploads where upload_id = ?", upload_id):
            if owner is None or row["owner"] == owner:
                return self._checked(_upload(row))
        raise UploadNotFound(both("upload_unknown"))

    def set(self, upload_id: str, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)  # names are this program's own
        with self._state.transaction() as rows:
            rows.execute(f"update uploads set {columns} where upload_id = ?", (*values.values(), upload_id))

    def done(self, upload_id: str, report: IngestReport) -> None:
        counts = {name: getattr(report, name) for name in OUTCOMES}
        kept = [self._shown(upload_id, rejection) for rejection in report.rejections[:_REJECTIONS_KEPT]]
        self.set(
            upload_id, status=DONE, ended=now(), version=report.version, read=sum(counts.values()),
            rejections=json.dumps(kept, ensure_ascii=False), **counts,
        )  # fmt: skip

    def fail(self, upload_id: str, message: str) -> None:
        hidden = message.replace(f"{self.folder / upload_id}{os.sep}", "")
        self.set(upload_id, status=FAILED, ended=now(), message=hidden)

    def totals(self) -> dict[str, int]:
        """Records by outcome, over all uploads."""
        sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in OUTCOMES)
        return dict(self._state.rows(f"select {sums} from uploads where status = ?", DONE)[0])

    def place(self, upload_id: str, number: int, name: str) -> Path:
        """Where a file of an upload is put: a folder of its own, so that its name need not be unique."""
        folder = self.folder / upload_id / f"{number:04d}"
        folder.mkdir(parents=True, mode=0o700)
        return folder / name

    def _shown(self, upload_id: str, rejection: Rejection) -> dict[str, Any]:
        """With the name that the file came by, not with where it lay."""
        beneath = f"{self.folder / upload_id}{os.sep}"
        name = rejection.origin.removeprefix(beneath)
        name = name[5:] if name != rejection.origin else name  # "0001/"
        return {"file": name, "line": rejection.line, "reason": rejection.reason.replace(beneath, "")}

    def _checked(self, upload: Upload) -> Upload:
        """An upload whose process is gone will not go on."""
        if upload.status not in (WAITING, RUNNING) or not upload.pid or runs(upload.pid, upload.upload_id):
            return upload
        current = self._state.rows("select status from uploads where upload_id = ?", upload.upload_id)
        if current and current[0]["status"] in (WAITING, RUNNING):
            self.fail(upload.upload_id, both("upload_interrupted"))
        return _upload(self._state.rows("select * from uploads where upload_id = ?", upload.upload_id)[0])


def plain_name(given: str) -> str:
    """A file name without folders, and of letters, digits and ``. _ -`` and spaces alone; its suffix is kept."""
    last = re.split(r"[/\\]", given.replace("\0", ""))[-1]
    kept = re.sub(r"[^\w. -]", "_", last).strip(" .") or "file"
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[: _NAME_CHARS - len(suffix) - 1]}{dot}{suffix}" if dot and len(suffix) < 10 else kept[:_NAME_CHARS]


def runs(pid: int, upload_id: str, proc: Path = Path("/proc")) -> bool:
    """Whether a process is there, and is the one that takes this upload in."""
    try:
        if not proc.is_dir():
            os.kill(pid, 0)  # no /proc on this system: any process of that number will do
            return True
        if command := (proc / f"{pid}/cmdline").read_bytes():
            return upload_id.encode() in command
        # Empty when it has ended, and for an instant while it starts: Popen returns before its arguments can be read.
        return (proc / f"{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def _upload(row: sqlite3.Row) -> Upload:
    values = dict(row)
    values["files"], values["rejections"] = tuple(json.loads(row["files"])), tuple(json.loads(row["rejections"]))
    return Upload(**{**values, "replaces": bool(row["replaces"])})
