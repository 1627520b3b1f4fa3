"""One writer at a time: the lock of a collection's folder, held across processes and given back when they die."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from service.backends.embedded.layout import disk_errors
from service.errors import IndexLocked


class Lock(AbstractContextManager["Lock"]):
    """Holds a collection from creation to ``release``. Raises IndexLocked after ``timeout_s``, StorageError."""

    def __init__(self, folder: Path, timeout_s: float = 0.0) -> None:
        from filelock import FileLock, Timeout

        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "LOCK", timeout=timeout_s, thread_local=False)  # see Merger.close
            try:
                self._lock.acquire()
            except Timeout:
                raise IndexLocked(
                    f"another process is writing to collection {folder.name!r}: wait until it ends and run again"
                ) from None

    def release(self) -> None:
        self._lock.release()

    def __exit__(self, *_: object) -> None:
        self.release()
