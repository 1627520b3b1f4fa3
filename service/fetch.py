"""One document from the network, within bounds: its address, size, time and redirects are checked at every step.

A name is resolved once, all its addresses must be public, and the connection goes to the address that was checked: a
name that points elsewhere a moment later gains nothing. Proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import zlib
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from service.errors import FetchError

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "rasad"
_KINDS = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take."""

    timeout_s: float  # for all of it, redirects included
    max_bytes: int  # of it, decompressed
    private: bool  # whether addresses of this machine and of private networks may be asked


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the version that it sent, to ask whether there is another."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """``data`` is None where the server has nothing newer than what the validators name."""

    data: bytes | None
    validators: Validators


def fetch(url: str, limits: Limits, known: Validators | None = None) -> Document:
    """Raises FetchError."""
    import httpx

    known = known or Validators()
    deadline = time.monotonic() + limits.timeout_s
    try:
        with httpx.Client(timeout=limits.timeout_s, trust_env=False, follow_redirects=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                request = _request(client, url, limits, known)
                request.extensions["timeout"] = dict.fromkeys(
                    ("connect", "read", "write", "pool"), max(0.01, deadline - time.monotonic())
                )
                response = client.send(request, stream=True)
                try:
                    if response.status_code in _REDIRECTS:
                        url = _redirected(url, response.headers.get("location", ""))
                        continue
                    if response.status_code == 304:
                        return Document(None, known)
                    if response.status_code != 200:
                        raise FetchError(f"{url} answered with status {response.status_code}: check the address")
                    data = _body(response, url, limits, deadline)
                    headers = response.headers
                    return Document(data, Validators(headers.get("etag", ""), headers.get("last-modified", "")))
                finally:
                    response.close()
            raise FetchError(f"more than {MAX_REDIRECTS} redirects, the last one to {url}: name the final address")
    except httpx.TimeoutException as error:
        raise _too_slow(url, limits) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{url} cannot be fetched ({error}): check the address and the network") from error


def _request(client: object, url: str, limits: Limits, known: Validators):  # type: ignore[no-untyped-def]
    """To the address that was checked, with the name in it for TLS and for the server."""
    import httpx

    assert isinstance(client, httpx.Client)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise FetchError(f"{url!r} is not an address that is fetched: http:// or https:// and a host, without a user")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(parts.hostname, port, limits.private)
    target = httpx.URL(url).copy_with(host=address, port=port, fragment=None)
    headers = {
        "Host": parts.netloc,
        "User-Agent": _AGENT,
        "Accept": "application/rss+xml, application/atom+xml, */*;q=0.5",
    }
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.modified:
        headers["If-Modified-Since"] = known.modified
    return client.build_request("GET", target, headers=headers, extensions={"sni_hostname": parts.hostname})


def _address(host: str, port: int, private: bool) -> str:
    """The first address of a host, when all of them may be asked."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise FetchError(f"the host {host!r} cannot be found ({error}): check the address and the network") from error
    for address in found:
        if not private and not is_public(address):
            raise FetchError(
                f"the host {host!r} is at {address}, which is no public address: set RASAD_FETCH_PRIVATE=1 if that is "
                "meant"
            )
    return found[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole network, not of this machine or of some network of its own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _redirected(url: str, location: str) -> str:
    if not location:
        raise FetchError(f"{url} redirects to nowhere: check the address")
    target = urljoin(url, location)
    if url.startswith("https:") and target.startswith("http:"):
        raise FetchError(f"{url} redirects from https to {target}: name that address if it is meant")
    return target


def _body(response, url: str, limits: Limits, deadline: float) -> bytes:  # type: ignore[no-untyped-def]
    """As it comes; what is compressed is unpacked here, no further than the limit."""
    encoding = response.headers.get("content-encoding", "").strip().casefold()
    if encoding not in ("", "identity", "gzip"):
        raise FetchError(f"{url} is encoded as {encoding!r}, which was not asked for: check the address")
    unpack = zlib.decompressobj(zlib.MAX_WBITS + 16) if encoding == "gzip" else None
    data = bytearray()
    for block in response.iter_raw():
        try:
            data += unpack.decompress(block, limits.max_bytes + 1 - len(data)) if unpack else block
        except zlib.error as error:
            raise FetchError(f"{url} has damaged gzip data ({error}): try again") from error
        if len(data) > limits.max_bytes:
            raise FetchError(f"{url} is larger than {limits.max_bytes:,} bytes: see RASAD_FETCH_MAX_BYTES")
        if time.monotonic() > deadline:
            raise _too_slow(url, limits)
    return bytes(data)


def _too_slow(url: str, limits: Limits) -> FetchError:
    return FetchError(f"{url} took longer than {limits.timeout_s:g} seconds: see RASAD_FETCH_TIMEOUT_S")
