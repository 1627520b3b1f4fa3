from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import StateError
from service.keys import Caller, Keys
from service.records import Role
from service.state import MIGRATIONS, State


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.sqlite3"


def test_a_file_of_the_first_release_is_upgraded_with_everything_in_it(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(MIGRATIONS[0])
        old.execute("insert into keys values ('a1', 'desk', 'read', '[]', 'x', '2026-01-01', '')")
        old.execute("insert into searches values (7, '', 'n', 'seeds', 'q', '{}', '2026-01-01', 't', 'v000003', '')")
        old.execute("insert into seen values (7, 'p1')")
        old.execute("insert into entries values (1, 7, '2026-01-02', '{}')")
        old.execute("pragma user_version=1")
        old.commit()

    with closing(State(path)) as state:
        assert [key.name for key in Keys(state).list()] == ["desk"]
        assert [tuple(row) for row in state.rows("select search_id, version from searches")] == [(7, "v000003")]
        assert len(state.rows("select * from seen")) == len(state.rows("select * from entries")) == 1
        assert state.rows("select * from uploads") == []
        assert state.rows("pragma user_version")[0][0] == len(MIGRATIONS)


def test_every_upgrade_leads_to_the_same_schema(tmp_path: Path) -> None:
    schemas = []
    for done in range(len(MIGRATIONS) + 1):
        path = tmp_path / f"{done}.sqlite3"
        with closing(sqlite3.connect(path)) as old:
            for migration in MIGRATIONS[:done]:
                old.executescript(migration)
            old.execute(f"pragma user_version={done}")
        with closing(State(path)) as state:
            schemas.append([tuple(row) for row in state.rows("select name, sql from sqlite_master order by name")])

    assert all(schema == schemas[0] for schema in schemas)


def test_a_file_of_newer_code_is_refused_and_left_alone(path: Path) -> None:
    with closing(State(path)) as state:
        state.rows("select 1")
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("pragma user_version=99")

    with closing(State(path)) as state, pytest.raises(StateError, match="newer Rasad"):
        state.rows("select 1")


def test_a_file_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with closing(State(tmp_path / "file" / "state.sqlite3")) as state, pytest.raises(StateError, match="RASAD_STATE"):
        state.rows("select 1")


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    with closing(State(path)) as state:
        Keys(state).add("desk", Role.READ)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    with closing(State(path)) as state:
        with pytest.raises(ZeroDivisionError), state.transaction() as rows:
            rows.execute("insert into keys values ('a1', 'desk', 'read', '[]', 'x', '', '')")
            raise ZeroDivisionError
        assert Keys(state).list() == []


def test_a_key_is_known_by_its_secret_alone(path: Path) -> None:
    with closing(State(path)) as state:
        keys = Keys(state)
        text = keys.add("desk", Role.INGEST, ["news"])
        [listed] = keys.list()

        assert keys.caller(text) == Caller(listed.key_id, Role.INGEST, frozenset({"news"}))
        for wrong in (
            text[:-1] + ("A" if text[-1] != "A" else "B"),
            text.replace(listed.key_id, "0" * 12),
            "",
            "rasad_x",
        ):
            assert keys.caller(wrong) is None
        secret = text.rpartition(f"{listed.key_id}_")[2]
        assert secret.encode() not in path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()


def test_a_revoked_key_stops_at_once_in_every_process_and_thread(path: Path) -> None:
    with closing(State(path)) as ours, closing(State(path)) as theirs:
        keys, elsewhere = Keys(ours), Keys(theirs)
        text = keys.add("desk", Role.READ)
        assert elsewhere.caller(text)
        seen: list[Caller | None] = []

        elsewhere.revoke(keys.list()[0].key_id)
        thread = threading.Thread(target=lambda: seen.append(keys.caller(text)))
        thread.start()
        thread.join()

        assert [keys.caller(text), elsewhere.caller(text), *seen] == [None, None, None]
        assert keys.any() is False
