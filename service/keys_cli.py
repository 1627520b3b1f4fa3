"""`rasad keys`: give out keys to the service, list them, take them back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing

from service.engine import Engine
from service.keys import Key, Keys
from service.records import Role
from service.state import State


def add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="what to do", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a key; it is printed once")
    add.add_argument("name", metavar="NAME", help="whose it is, for the list")
    add.add_argument("--role", type=Role, choices=list(Role), default=Role.READ, help="(default: read)")
    add.add_argument(
        "--only", action="append", default=[], metavar="COLLECTION", help="this collection alone; may be repeated"
    )
    add.set_defaults(action=_add)
    shown = actions.add_parser("list", help="all keys, without their secrets")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")
    shown.set_defaults(action=_list)
    revoke = actions.add_parser("revoke", help="make a key worthless, at once")
    revoke.add_argument("key_id", metavar="ID", help="as listed")
    revoke.set_defaults(action=_revoke)


def run(engine: Engine, options: argparse.Namespace) -> int:
    action: Callable[[Keys, argparse.Namespace], None] = options.action
    with closing(State(engine.state_path)) as state:
        action(Keys(state), options)
    return 0


def _add(keys: Keys, options: argparse.Namespace) -> None:
    print(keys.add(options.name, options.role, options.only))
    print("rasad: this key is shown only now; send it as: Authorization: Bearer KEY", file=sys.stderr)


def _list(keys: Keys, options: argparse.Namespace) -> None:
    for key in keys.list():
        print(json.dumps(_as_json(key), ensure_ascii=False) if options.json else _line(key))


def _revoke(keys: Keys, options: argparse.Namespace) -> None:
    keys.revoke(options.key_id)
    print(f"rasad: key {options.key_id} is revoked", file=sys.stderr)


def _line(key: Key) -> str:
    where = ",".join(key.collections) or "all collections"
    state = f"revoked {key.revoked}" if key.revoked else "valid"
    return f"{key.key_id}  {key.role:<6}  {where}  {key.created}  {state}  {key.name}"


def _as_json(key: Key) -> dict[str, object]:
    return {
        "id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "collections": list(key.collections),
        "created": key.created,
        "revoked": key.revoked,
    }
