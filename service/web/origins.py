"""Host and Origin: against pages elsewhere that make a browser on this machine talk to the service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from service.settings import Settings

_LOCAL = frozenset(("localhost", "127.0.0.1", "[::1]"))
_ANY_ADDRESS = frozenset(("0.0.0.0", "::", ""))
_READING = frozenset(("GET", "HEAD", "OPTIONS"))


class Origins:
    """Which names the service answers to, and whose pages may change something."""

    def __init__(self, settings: Settings) -> None:
        bound = settings.host.lower()
        own = {f"[{bound}]" if ":" in bound else bound} if bound not in _ANY_ADDRESS else set()
        listed = set(split(settings.hosts.lower()))
        self._any = "*" in listed
        self._names = _LOCAL | own | listed
        self._origins = frozenset(split(settings.cors_origins))

    def knows(self, host: str) -> bool:
        """Whether ``Host`` is ours. A page that rebinds its own name to this address still sends its name."""
        return self._any or _name(host) in self._names

    def may(self, method: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request comes from our own pages, a listed origin, or no page at all."""
        if method in _READING:
            return True
        origin = headers.get(b"origin")
        if origin is None:
            return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")
        given = origin.decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        return given in self._origins or urlsplit(given).netloc == host != ""


def split(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]


def _name(host: str) -> str:
    """Without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
