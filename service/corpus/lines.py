"""Lines of bytes, none longer than a bound, however long they are in the file."""

from __future__ import annotations

import io
from collections.abc import Iterator


def bounded_lines(stream: io.BufferedReader, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """(line number from 1, line with its end); None for a line over ``max_bytes``, which is skipped unread."""
    number = 0
    while line := stream.readline(max_bytes + 1):
        number += 1
        if len(line) <= max_bytes:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
        yield number, None
