"""Keys to the service: who may do what in which collections. Only hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import KeyNotFound
from service.records import Role
from service.state import State, now

_SHAPE = re.compile(r"rasad_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_NOBODY = hashlib.sha256(b"").hexdigest()
_RANK = {Role.READ: 0, Role.INGEST: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request: by a key, or without one where the service is open to them."""

    key_id: str  # "" without a key
    role: Role
    collections: frozenset[str] = frozenset()  # empty: all of them

    def may(self, role: Role) -> bool:
        return _RANK[self.role] >= _RANK[role]

    def reaches(self, collection: str) -> bool:
        """``collection``: one, or several with commas between them, which must all be among the caller's."""
        return not self.collections or self.collections.issuperset(collection.split(","))


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed: without its secret."""

    key_id: str
    name: str
    role: Role
    collections: tuple[str, ...]
    created: str
    revoked: str  # "" while it is valid


class Keys:
    """The keys of a state file."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._cache = threading.local()  # as State.changes() is the thread's own

    def add(self, name: str, role: Role, collections: Sequence[str] = ()) -> str:
        """The new key's text, which is shown once and can be read nowhere afterwards."""
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._state.transaction() as rows:
            rows.execute(
                "insert into keys (key_id, name, role, collections, sha256, created) values (?, ?, ?, ?, ?, ?)",
                (key_id, name, role.value, json.dumps(sorted(set(collections))), _sha256(secret), now()),
            )
        return f"rasad_{key_id}_{secret}"

    def revoke(self, key_id: str) -> None:
        """Raises KeyNotFound for what is no valid key's id."""
        with self._state.transaction() as rows:
            done = rows.execute("update keys set revoked = ? where key_id = ? and revoked = ''", (now(), key_id))
            if not done.rowcount:
                raise KeyNotFound(f"no valid key has the id {key_id!r}: rasad keys list shows them")

    def list(self) -> list[Key]:
        """Oldest first, revoked ones included."""
        return [
            Key(
                r["key_id"], r["name"], Role(r["role"]), tuple(json.loads(r["collections"])), r["created"], r["revoked"]
            )
            for r in self._state.rows("select * from keys order by created, key_id")
        ]

    def any(self) -> bool:
        """Whether a valid key exists."""
        return bool(self._known())

    def caller(self, text: str) -> Caller | None:
        """Whose key this is; None for what is no valid key. Takes as long for an unknown id as for a wrong secret."""
        shaped = _SHAPE.fullmatch(text)
        key_id, secret = shaped.groups() if shaped else ("", "")
        wanted, caller = self._known().get(key_id, (_NOBODY, None))
        return caller if hmac.compare_digest(_sha256(secret), wanted) and caller else None

    def by_id(self, key_id: str) -> Caller | None:
        """Who has this key, as long as it is valid."""
        return self._known().get(key_id, ("", None))[1]

    def _known(self) -> dict[str, tuple[str, Caller]]:
        """The valid keys, read again once the file has changed: a key that is revoked stops at once, everywhere.
        Key id -> (hash of its secret, who it is).
        """
        changes = self._state.changes()
        if changes != getattr(self._cache, "changes", None):
            self._cache.valid = {
                r["key_id"]: (
                    r["sha256"], Caller(r["key_id"], Role(r["role"]), frozenset(json.loads(r["collections"]))),
                )
                for r in self._state.rows("select * from keys where revoked = ''")
            }  # fmt: skip
            self._cache.changes = changes
        valid: dict[str, tuple[str, Caller]] = self._cache.valid
        return valid


def _sha256(secret: str) -> str:
    """Plain SHA-256 does: a secret of 256 random bits cannot be guessed, however fast the hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
