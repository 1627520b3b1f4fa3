"""Who asks, and what they may: keys, the loopback rule, and the guard in front of every handler."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from service.keys import Caller, Keys
from service.records import Open, Role
from service.settings import Settings
from service.web.limits import Connection, Guard, refused, shown

PUBLIC = {"role": None}  # opt of a handler that everybody may use
SOME = {"some": True}  # of one that itself leaves out the collections that a key is not for
CHALLENGE = 'Bearer realm="Rasad", Basic realm="Rasad", charset="UTF-8"'
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
_KEY = "rasad_"


@dataclass(slots=True)
class Visit:
    """One request, as far as the layers around its handler are concerned."""

    request_id: str
    caller: Caller | None = None
    wrong_key: bool = False
    seconds: dict[str, float] = field(default_factory=dict)


class Access:
    """Decides who a request is from."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._open, self._keys = settings.open, keys

    def identify(self, headers: Mapping[bytes, bytes], client: str, visit: Visit) -> None:
        """Sets who it is; a key that is wrong is nobody's, whatever the address."""
        if key := _key_in(headers.get(b"authorization", b"")):
            visit.caller = self._keys.caller(key)
            visit.wrong_key = visit.caller is None
        elif (self._open is not Open.NOBODY and is_local(headers, client)) or self._open is Open.EVERYONE:
            visit.caller = Caller("", Role.ADMIN)
        elif self._open is Open.READ:
            visit.caller = Caller("", Role.READ)


def is_local(headers: Mapping[bytes, bytes], client: str) -> bool:
    """From a program on this machine; what a proxy hands on is from elsewhere."""
    if any(name in headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def guard(settings: Settings) -> Guard:
    """A handler's ``role`` (opt; read without one), in every collection that the query string names."""

    async def check(connection: Connection, handler: BaseRouteHandler) -> None:
        needed = handler.opt.get("role", Role.READ)
        if needed is None:
            return
        who = authorised(connection, needed)
        if not who.collections or "some" in handler.opt:
            return
        query = connection.scope["query_string"].decode("latin-1")
        named = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "collection"]
        for collection in named or [settings.collection]:
            reach(connection, collection or settings.collection)

    return check


def visit_of(connection: Connection) -> Visit:
    visit: Visit = connection.scope["rasad"]  # type: ignore[typeddict-item]
    return visit


def caller(connection: Connection) -> Caller | None:
    return visit_of(connection).caller


def authorised(connection: Connection, needed: Role) -> Caller:
    """Who asks, if they have the role. Raises 401 or 403."""
    visit = visit_of(connection)
    if visit.caller is None:
        error = refused(NotAuthorizedException, "key_wrong" if visit.wrong_key else "key_needed")
        error.headers = {"WWW-Authenticate": CHALLENGE}
        raise error
    if not visit.caller.may(needed):
        raise refused(PermissionDeniedException, "role_needed", needed=needed, has=visit.caller.role)
    return visit.caller


def reach(connection: Connection, collection: str) -> None:
    """Raises 403 where the key is limited to other collections."""
    who = caller(connection)
    if who is None or not who.reaches(collection):
        raise refused(PermissionDeniedException, "key_elsewhere", name=shown(collection))


def _key_in(authorization: bytes) -> str:
    """The key of a bearer token or of a password; "" for what is meant for somebody else, such as a proxy."""
    scheme, _, value = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or "none"
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(value, validate=True).decode("utf-8", "replace").partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
        return password if password.startswith(_KEY) else ""
    return ""
