"""Who may do what: addresses, keys, roles, collections, names and origins."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from litestar.testing import TestClient

from service.errors import SettingsError
from service.keys import Keys
from service.records import Open, Role
from service.settings import Settings
from service.state import State
from service.web import server
from service.web.access import is_local
from service.web.app import create_app
from service.web.rates import Rates

SEARCH = "/api/v1/search?q=strikes"
FAR = "203.0.113.7"


@contextmanager
def served(engine: Any, client: str = "127.0.0.1", **given: Any) -> Iterator[TestClient[Any]]:
    """A client at an address, of a service with these settings."""
    app = create_app(engine, Settings(**{"hosts": "testserver.local", "search_threads": 2, **given}))

    front: Any = app.front

    async def from_there(scope: Any, receive: Any, send: Any, inner: Any) -> None:
        await front({**scope, "client": (client, 50_000)}, receive, send, inner)

    app.front = from_there  # type: ignore[assignment]
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield test_client


@pytest.fixture
def keys(engine: Any) -> Iterator[Keys]:
    with closing(State(engine.state_path)) as state:
        yield Keys(state)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "openness, client, status",
    [
        (Open.LOOPBACK, "127.0.0.1", 200),
        (Open.LOOPBACK, "127.8.9.1", 200),
        (Open.LOOPBACK, "::1", 200),
        (Open.LOOPBACK, "::ffff:127.0.0.1", 200),
        (Open.LOOPBACK, FAR, 401),
        (Open.LOOPBACK, "", 401),
        (Open.NOBODY, "127.0.0.1", 401),
        (Open.READ, FAR, 200),
        (Open.EVERYONE, FAR, 200),
    ],
)
def test_who_needs_a_key(engine: Any, openness: Open, client: str, status: int) -> None:
    with served(engine, client, open=openness) as asking:
        assert asking.get(SEARCH).status_code == status
        assert asking.get("/health").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_hands_on_is_not_local(engine: Any, header: str) -> None:
    with served(engine) as asking:
        assert asking.get(SEARCH, headers={header: "127.0.0.1"}).status_code == 401
    assert is_local({}, "127.0.0.1") and not is_local({b"forwarded": b"for=127.0.0.1"}, "127.0.0.1")


def test_a_key_opens_and_a_wrong_or_revoked_one_does_not(engine: Any, keys: Keys) -> None:
    key = keys.add("desk", Role.READ)
    with served(engine, FAR) as asking:
        basic = base64.b64encode(f"anybody:{key}".encode()).decode()
        assert asking.get(SEARCH, headers=bearer(key)).status_code == 200
        assert asking.get(SEARCH, headers={"Authorization": f"Basic {basic}"}).status_code == 200
        refused = asking.get(SEARCH, headers=bearer(key + "x"))
        keys.revoke(keys.list()[0].key_id)
        assert asking.get(SEARCH, headers=bearer(key)).status_code == 401

    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert "Basic" in refused.headers["www-authenticate"]
    assert key not in refused.text


def test_a_wrong_key_is_refused_even_from_this_machine(engine: Any) -> None:
    with served(engine) as asking:
        assert asking.get(SEARCH, headers=bearer("rasad_0")).status_code == 401
        assert asking.get(SEARCH, headers={"Authorization": "Basic dTpw"}).status_code == 200  # a proxy's own


def test_a_key_reaches_its_collections_alone(engine: Any, keys: Keys) -> None:
    engine.versions["news"] = "20261120-n1"
    key = bearer(keys.add("desk", Role.ADMIN, ["news"]))
    with served(engine, FAR) as asking:
        statuses = {
            path: asking.get(path, headers=key).status_code
            for path in (
                SEARCH,
                f"{SEARCH}&collection=news",
                f"{SEARCH}&collection=news&collection=seeds",
                f"{SEARCH}&collection=",
                "/api/v1/articles/en-1",
                "/?q=strikes",
                "/?q=strikes&collection=news&collection=seeds",
                "/?q=strikes&collection=news",
                "/api/v1/export/search?q=strikes",
                "/metrics",
            )
        }
        asked = asking.post("/api/v1/answer", json={"question": "strikes", "collection": "seeds"}, headers=key)
        listed = asking.get("/api/v1/collections", headers=key).json()["collections"]
        health = asking.get("/health", headers=key).json()

    allowed = {path for path, status in statuses.items() if status == 200}
    assert allowed == {f"{SEARCH}&collection=news", "/?q=strikes&collection=news"}
    assert asked.status_code == 403
    assert [collection["name"] for collection in listed] == ["news"]
    assert set(health["collections"]) == {"news"} and health["problems"] == {}


def test_strangers_learn_no_names_from_health(engine: Any) -> None:
    with served(engine, FAR) as asking:
        health = asking.get("/health").json()

    assert (health["status"], health["collections"], health["problems"]) == ("degraded", {}, {})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8077", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_another_name_is_not_answered(engine: Any, host: str) -> None:
    with served(engine, hosts="") as asking:
        response = asking.get(SEARCH, headers={"Host": host})

    assert response.status_code == 421
    assert "RASAD_HOSTS" in response.json()["detail"]
    assert response.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1:8077", "LOCALHOST", "[::1]:8077", "search.example:443"])
def test_own_names_are_answered(engine: Any, host: str) -> None:
    with served(engine, hosts="search.example, other.example") as asking:
        assert asking.get(SEARCH, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 200),
        ({"Origin": "http://testserver.local"}, 200),
        ({"Origin": "https://desk.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://testserver.local.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_pages_of_others_change_nothing(engine: Any, headers: dict[str, str], status: int) -> None:
    with served(engine, cors_origins="https://desk.example") as asking:
        response = asking.post("/api/v1/answer", json={"question": "strikes"}, headers=headers)

    assert response.status_code == status


def test_pages_of_a_listed_origin_may_read(engine: Any) -> None:
    with served(engine, cors_origins="https://desk.example") as asking:
        listed = asking.get(SEARCH, headers={"Origin": "https://desk.example"})
        other = asking.get(SEARCH, headers={"Origin": "https://evil.example"})
        preflight = asking.options(
            SEARCH,
            headers={
                "Origin": "https://desk.example",
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )

    assert listed.headers["access-control-allow-origin"] == "https://desk.example"
    assert other.headers.get("access-control-allow-origin") != "https://evil.example"
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()


def test_a_client_that_asks_too_often_is_told_to_wait(engine: Any, keys: Keys) -> None:
    key = bearer(keys.add("desk", Role.READ))
    with served(engine, rate_per_minute=1, rate_burst=2) as asking:
        keyed = [asking.get(SEARCH, headers=key) for _ in range(3)]
        local = [asking.get(SEARCH).status_code for _ in range(5)]

    assert [response.status_code for response in keyed] == [200, 200, 429]
    assert 0 < int(keyed[2].headers["retry-after"]) <= 60
    assert local == [200] * 5


def test_workers_share_one_limit(tmp_path: Any) -> None:
    one, other = (Rates(1, 2, tmp_path / "rates") for _ in range(2))

    assert [one.wait_s("a"), other.wait_s("a")] == [0.0, 0.0]
    assert one.wait_s("a") > 0 and other.wait_s("a") > 0
    assert other.wait_s("b") == 0.0
    for rates in (one, other):
        rates.close()


def test_a_service_that_nobody_could_use_does_not_start(tmp_path: Any) -> None:
    settings = Settings(indexes=tmp_path, host="0.0.0.0")
    with server.listen("0.0.0.0", 0) as listener:
        with pytest.raises(SettingsError, match="rasad keys add"):
            server.open_to(settings, listener)
        with closing(State(tmp_path / "state.sqlite3")) as state:
            Keys(state).add("desk", Role.READ)
        assert "key" in server.open_to(settings, listener)
        assert "everybody" in server.open_to(Settings(indexes=tmp_path, host="0.0.0.0", open=Open.READ), listener)
    with server.listen("127.0.0.1", 0) as listener:
        assert "this machine" in server.open_to(Settings(indexes=tmp_path), listener)
