"""The desk's forms: saved searches and uploads, as a browser without scripts sends them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]


def test_a_search_is_saved_listed_fed_and_deleted(client: Client) -> None:
    made = client.post("/desk/saved?lang=en", data={"q": "strikes", "near": "Hawija", "sort": "newest"})

    assert made.status_code == 200
    feed = made.text.partition('<a href="')[2]
    address = next(part.split('"')[0] for part in made.text.split('href="') if "/feeds/" in part.split('"')[0])
    assert feed and client.get(urlsplit(address).path).headers["content-type"].startswith("application/atom+xml")

    listed = client.get("/desk?lang=en").text
    assert "/feeds/" not in listed  # shown once
    link = next(part.split('"')[0] for part in listed.split('href="') if part.startswith("/?q=strikes"))
    assert parse_qs(link[2:].replace("&amp;", "&")) == {
        "q": ["strikes"], "near": ["Hawija"], "sort": ["newest"], "lang": ["en"],
    }  # fmt: skip

    [action] = [part.split('"')[0] for part in listed.split('action="') if "/delete" in part.split('"')[0]]
    gone = client.post(action, follow_redirects=False)
    assert (gone.status_code, gone.headers["location"]) == (303, "/desk?lang=en#saved")
    assert "None yet" in client.get("/desk?lang=en").text
    assert client.get(urlsplit(address).path).status_code == 404


def test_several_sources_are_kept_with_a_search(client: Client) -> None:
    given = {"q": "strikes near Hawija", "source": ["Field & Desk", "Wire"], "language": "en"}

    assert client.post("/desk/saved", data=given).status_code == 200

    [saved] = client.get("/api/v1/saved").json()["saved"]
    assert saved["options"] == {"source": ["Field & Desk", "Wire"], "language": "en"}
    assert "source=Field+%26+Desk&amp;source=Wire&amp;language=en" in client.get("/desk").text


def test_the_result_offers_what_can_be_kept_of_it(client: Client) -> None:
    page = client.get("/", params={"q": "strikes", "near": "Hawija", "lang": "en"}).text
    links = [part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')]
    exports = [link for link in links if link.startswith("/api/v1/export/search")]

    assert [parse_qs(urlsplit(link).query)["format"] for link in exports] == [["csv"], ["jsonl"], ["bibtex"], ["ris"]]
    assert {client.get(link).status_code for link in exports} == {200}


@pytest.mark.parametrize("data", [{"q": ""}, {"q": "a", "sort": "sideways"}, {"q": "a", "collection": "../x"}])
def test_what_cannot_be_saved_is_said(client: Client, data: dict[str, str]) -> None:
    answer = client.post("/desk/saved", data=data, headers={"accept": "text/html"})

    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]


def test_another_sites_form_saves_nothing(client: Client) -> None:
    refused = client.post("/desk/saved", data={"q": "strikes"}, headers={"origin": "https://evil.example"})

    assert refused.status_code == 403
    assert "None yet" in client.get("/desk?lang=en").text


def test_an_upload_without_files_is_said(client: Client) -> None:
    answer = client.post("/desk/uploads", files={"other": ("a.txt", b"x")}, headers={"accept": "text/html"})

    assert answer.status_code == 400
    assert "choose 1 to" in answer.text


def test_nothing_hostile_becomes_markup_on_the_desk(client: Client, engine: Any) -> None:
    made = client.post("/desk/saved", data={"q": '"><script>alert(1)</script>', "name": "<img src=x onerror=a>"})

    assert "<script>alert" not in made.text
    assert "<img" not in made.text
