from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.engine import Engine
from service.records import Open
from service.settings import Settings
from service.web.app import create_app
from service.web.paging import Sort, in_order, instant

Client = TestClient[Litestar]


def passages(client: Client, **parameters: Any) -> dict[str, Any]:
    response = client.get("/api/v1/search", params=parameters)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_pages_follow_one_another_without_gap_or_repetition(client: Client) -> None:
    whole = passages(client, q="strikes")["passages"]

    first = passages(client, q="strikes", k=2)
    second = passages(client, q="strikes", k=2, cursor=first["next"])

    assert [p["article_id"] for p in (*first["passages"], *second["passages"])] == [p["article_id"] for p in whole]
    assert [p["rank"] for p in second["passages"]] == [3]
    assert second["next"] is None


def test_a_cursor_belongs_to_its_search(client: Client) -> None:
    cursor = passages(client, q="strikes", k=1)["next"]

    for other in ({"q": "Hawija"}, {"q": "strikes", "near": "Hawija"}, {"q": "strikes", "sort": "newest"}):
        response = client.get("/api/v1/search", params={**other, "cursor": cursor})
        assert response.status_code == 400
        assert "another search" in response.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "eyJhIjoxfQ", "bnVsbA", "WyJ2IiwxZTk5OSwieCJd", "é" * 10])
def test_a_cursor_that_nobody_gave_is_refused(client: Client, cursor: str) -> None:
    response = client.get("/api/v1/search", params={"q": "strikes", "cursor": cursor})

    assert response.status_code == 400


def test_a_cursor_of_a_version_that_is_gone_says_so(client: Client, engine: Any) -> None:
    cursor = passages(client, q="strikes", k=1)["next"]
    engine.versions["seeds"] = "20261121-b2"

    response = client.get("/api/v1/search", params={"q": "strikes", "cursor": cursor})

    assert response.status_code == 410
    assert "search again" in response.json()["detail"]


def test_pages_stay_those_of_the_version_they_began_in(indexes: Path, reports: Any) -> None:
    texts = [{"id": f"r{n}", "text": f"Report {n}: a raid near the bridge."} for n in range(6)]
    engine = Engine(Settings(indexes=indexes, collection="news", open=Open.EVERYONE, hosts="testserver.local"))
    engine.ingest("news", [reports(*texts)])
    with TestClient(create_app(engine, engine.settings)) as client:
        first = passages(client, q="raid bridge", k=3)
        engine.delete("news", ["r4", "r5"])
        second = passages(client, q="raid bridge", k=3, cursor=first["next"])
        fresh = passages(client, q="raid bridge")
    engine.close()

    assert (first["version"], second["version"], fresh["version"]) == ("v000001", "v000001", "v000002")
    assert {p["article_id"] for p in (*first["passages"], *second["passages"])} == {f"r{n}" for n in range(6)}
    assert len(fresh["passages"]) == 4


def test_passages_by_date_with_undated_ones_last(seeds: Engine) -> None:
    found = seeds.retriever("seeds").search("strikes", 6).passages
    days = ["2020-05-14", "", "2014-12-31T10:00:00+03:00", "2021-12", "soon", "2014-12-31T09:00:00Z"]
    dated = [replace(passage, published=day) for passage, day in zip(found, days, strict=True)]

    newest = in_order(dated, Sort.NEWEST)

    assert [p.published for p in newest] == ["2021-12", days[0], days[5], days[2], "", "soon"]
    assert [p.rank for p in newest] == [1, 2, 3, 4, 5, 6]
    assert [p.published for p in in_order(dated, Sort.OLDEST)][:4] == [days[2], days[5], days[0], "2021-12"]
    assert instant("2014-12-31T10:00:00+03:00") == instant("2014-12-31T07:00:00Z")


def test_source_and_language_are_exact(seeds: Engine) -> None:
    with TestClient(create_app(seeds, seeds.settings)) as client:
        arabic = passages(client, q="strikes near Hawija", language="ar", source="Rasad seeds")["passages"]
        nobody = passages(client, q="strikes near Hawija", source="Rasad")["passages"]

    assert arabic
    assert {p["language"] for p in arabic} == {"ar"}
    assert nobody == []
