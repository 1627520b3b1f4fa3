"""Takes one upload in: a process of its own, with limits of its own, started by the service.

    python -m service.upload_run UPLOAD_ID

Whatever a file does to its reader - endless, huge, malformed - it does here, and the service goes on answering.
"""

from __future__ import annotations

import gzip
import logging
import os
import resource
import shutil
import signal
import sys
import time
import zlib
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from filelock import FileLock

from service.complaints import both
from service.engine import SAMPLE, Engine
from service.errors import IndexLocked, InputError, ServiceError
from service.records import IngestReport, Rejection
from service.settings import Settings
from service.state import State, now
from service.uploads import RUNNING, Upload, Uploads

_MEMORY_BYTES = 6 * 2**30  # of its own; mapped indexes do not count
_UNPACKED = 20  # times the largest upload that compressed files may hold
_PROGRESS_S = 0.5
_RETRY_S = 1.0

_log = logging.getLogger(__name__)


class _TooLong(Exception):
    pass


def main(upload_id: str) -> int:
    settings = Settings.from_env()
    _limit(settings)
    with closing(Engine(settings)) as engine, closing(State(engine.state_path)) as state:
        uploads = Uploads(state)
        upload = uploads.get(upload_id, None)
        try:
            if settings.one_process:
                raise InputError(
                    "the service keeps its collections in a Milvus Lite file, which takes one process: stop it and use "
                    "rasad ingest, or use a Milvus server"
                )
            report = _take_in(engine, uploads, upload)
            uploads.done(upload_id, report)
            return 0
        except _TooLong:
            uploads.fail(upload_id, both("upload_too_long", s=settings.upload_timeout_s))
        except ServiceError as error:
            uploads.fail(upload_id, str(error))
        except MemoryError:
            uploads.fail(upload_id, both("upload_memory"))
        except Exception:
            uploads.fail(upload_id, both("upload_unexpected"))
            _log.exception("upload %s", upload_id)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            shutil.rmtree(uploads.folder / upload_id, ignore_errors=True)
    return 1


def _take_in(engine: Engine, uploads: Uploads, upload: Upload) -> IngestReport:
    """One upload at a time; another writer of the collection is waited for."""
    folder = uploads.folder / upload.upload_id
    with FileLock(uploads.folder / "lock"):
        uploads.set(upload.upload_id, status=RUNNING, started=now())
        bombs = _too_much_inside(folder, engine.settings.max_upload_bytes * _UNPACKED)
        if upload.collection == SAMPLE:
            engine.prepare_sample()
        last = 0.0

        def progress(read: int, rejected: int) -> None:
            nonlocal last
            if time.monotonic() - last > _PROGRESS_S:
                last = time.monotonic()
                uploads.set(upload.upload_id, read=read, rejected=rejected)

        while True:
            try:
                report = engine.ingest(upload.collection, [folder], upload.replaces, progress=progress)
                break
            except IndexLocked:
                time.sleep(_RETRY_S)
    if not bombs:
        return report
    return replace(report, rejected=report.rejected + len(bombs), rejections=(*bombs, *report.rejections))


def _too_much_inside(folder: Path, most: int) -> list[Rejection]:
    """Take away gzip files that unpack to more than ``most`` bytes in all; found out by unpacking, not by asking."""
    bombs = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() != ".gz":
            continue
        with (
            suppress(OSError, EOFError, zlib.error),
            gzip.open(path) as packed,
        ):  # a broken one is the reader's to report
            while most >= 0 and (piece := packed.read(2**20)):
                most -= len(piece)
        if most < 0:
            path.unlink()
            bombs.append(Rejection(str(path), 0, "unpacks to more than an upload may hold: split it"))
    return bombs


def _limit(settings: Settings) -> None:
    def stop(_: int, __: FrameType | None) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, settings.upload_timeout_s)
    seconds = int(settings.upload_timeout_s) + 60  # where no Python code runs in which to notice the alarm
    for kind, value in (
        (resource.RLIMIT_CPU, seconds * (os.cpu_count() or 1)),
        (resource.RLIMIT_DATA, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # stricter already
            resource.setrlimit(kind, (value, value))
    with suppress(OSError):
        os.nice(5)  # searches first


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
