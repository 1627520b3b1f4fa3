"""What the tests of files in a store share."""

from __future__ import annotations

import json
from typing import Any


def put(store: Any, path: str, *reports: dict[str, str]) -> None:
    """A file of JSON lines, in any file system of fsspec."""
    store.pipe_file(path, "".join(json.dumps(report, ensure_ascii=False) + "\n" for report in reports).encode())
