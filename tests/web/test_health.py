from __future__ import annotations

from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from service import __version__

Client = TestClient[Litestar]


def test_health_names_the_version_of_each_collection_and_what_is_wrong(client: Client) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    assert response.json() == {
        "status": "degraded",
        "version": __version__,
        "collections": {"seeds": "20261120-a1"},
        "problems": {"old": "index old was built with analyzer ar-1, this code is ar-2: run rasad ingest"},
    }


def test_health_is_ok_when_every_collection_opens(client: Client, engine: Any) -> None:
    del engine.versions["old"]

    assert client.get("/health").json()["status"] == "ok"


def test_ready_once_the_default_collection_opens(client: Client) -> None:
    response = client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "collection": "seeds", "version": "20261120-a1"}


def test_not_ready_without_the_default_collection(client: Client, engine: Any) -> None:
    del engine.versions["seeds"]

    response = client.get("/ready")

    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert "rasad ingest PATH --collection seeds" in response.json()["detail"]


def test_not_ready_while_the_default_collection_does_not_fit_the_code(client: Client, engine: Any) -> None:
    engine.versions["seeds"] = ""

    assert client.get("/ready").status_code == 503
