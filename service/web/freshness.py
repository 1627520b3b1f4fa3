"""ETag and 304: an answer is the same as long as the index version, the code and the question are."""

from __future__ import annotations

import hashlib
from datetime import date

from service import provenance
from service.web.limits import Connection


def etag(connection: Connection, version: str) -> str:
    """Weak, because answers carry how long they took. Words such as "yesterday" make it hold for a day."""
    parts = (
        provenance.code_version(),
        version,
        date.today().isoformat(),
        connection.scope["path"],
        connection.scope["query_string"].decode("latin-1"),
    )
    return f'W/"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"'


def matches(given: str | None, tag: str) -> bool:
    """Whether If-None-Match names the tag (RFC 9110, 13.1.2: compared weakly)."""
    if not given:
        return False
    held = {part.strip().removeprefix("W/") for part in given.split(",")}
    return "*" in held or tag.removeprefix("W/") in held
