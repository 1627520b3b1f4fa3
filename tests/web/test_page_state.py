"""The state of a page, through its address."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.records import Language
from service.web.paging import Sort

Client = TestClient[Litestar]
FULL = {
    "q": "strikes", "near": "Hawija", "within_km": "30", "place": "Kirkuk, Iraq", "from": "2020-05", "to": "2020-06",
    "source": "Field & Desk", "language": "en", "sort": "newest", "k": "5", "lang": "en",
}  # fmt: skip


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "input"):
            self.found.append({"tag": tag, **dict(attrs)})


def query(link: str | None) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link or "").query).items()}


def test_an_address_says_what_the_engine_is_asked(client: Client, engine: Any) -> None:
    assert client.get("/", params=FULL).status_code == 200

    text, _, explain = engine.asked[-1]
    filters = engine.filters[-1]
    assert (text, explain) == ("strikes", True)
    assert (filters.near, filters.within_km, filters.place) == ("Hawija", 30.0, ("Kirkuk, Iraq",))
    assert (filters.since, filters.until, filters.source, filters.language) == (
        "2020-05", "2020-06", ("Field & Desk",), ("en",),
    )  # fmt: skip
    assert filters.facets and filters.notices_in is Language.ENGLISH


def test_links_keep_the_whole_state(client: Client) -> None:
    links = Links(client.get("/", params=FULL).text).found
    articles = [link for link in links if (link.get("href") or "").startswith("/articles/")]

    assert articles
    for link in articles:
        kept = query(link["href"])
        assert {name: kept[name] for name in FULL} == FULL
    back = [link for link in Links(client.get(articles[0]["href"] or "").text).found if link.get("id") == "back"]
    assert query(back[0]["href"]) == FULL


def test_several_values_of_a_kind_are_kept_and_each_can_be_taken_away(client: Client, engine: Any) -> None:
    given = {"q": "strikes", "source": ["Field & Desk", "Wire"], "place": ["Hawija, Kirkuk, Iraq", "Mosul"]}
    links = Links(client.get("/", params=given).text).found

    asked = engine.filters[-1]
    assert (asked.source, asked.place) == (("Field & Desk", "Wire"), ("Hawija, Kirkuk, Iraq", "Mosul"))
    chips = [parse_qs(urlsplit(link["href"] or "").query) for link in links if link.get("class") == "chip"]
    assert [(chip.get("place"), chip.get("source")) for chip in chips] == [
        (["Mosul"], given["source"]),
        (["Hawija, Kirkuk, Iraq"], given["source"]),
        (given["place"], ["Wire"]),
        (given["place"], ["Field & Desk"]),
    ]
    hidden = [(link["name"], link["value"]) for link in links if link.get("type") == "hidden"]
    assert {("source", "Wire"), ("source", "Field & Desk"), ("place", "Mosul")} <= set(hidden)
    offered = [link["href"] or "" for link in links if link.get("aria-current") and "sort=" not in (link["href"] or "")]
    assert ["Mosul"] in [parse_qs(urlsplit(link).query).get("place") for link in offered]  # the facet, chosen


def test_the_page_asks_for_an_answer_within_its_filters(client: Client, engine: Any) -> None:
    page = client.get("/", params={"q": "When were the strikes near Hawija?", "source": ["Field & Desk", "Wire"]})

    assert [asked.source for asked in engine.filters] == [("Field & Desk", "Wire")] * 2
    assert "Only from what the search is narrowed to." in page.text
    exported = [parse_qs(urlsplit(link["href"] or "").query) for link in Links(page.text).found
                if "/export/answer" in (link.get("href") or "")]  # fmt: skip
    assert exported and all(query["source"] == ["Field & Desk", "Wire"] for query in exported)


def test_each_filter_can_be_taken_away_and_all_at_once(client: Client) -> None:
    links = Links(client.get("/", params=FULL).text).found
    chips = [query(link["href"]) for link in links if link.get("class") == "chip"]
    [clear] = [query(link["href"]) for link in links if link.get("class") == "clear"]

    gone = [set(FULL) - set(chip) for chip in chips]
    assert gone == [{"near", "within_km"}, {"place"}, {"from", "to"}, {"source"}, {"language"}]
    assert clear == {"q": "strikes", "lang": "en"}


def test_the_search_form_keeps_filters_and_the_filter_form_the_question(client: Client) -> None:
    fields = [(link["name"], link["value"]) for link in Links(client.get("/", params=FULL).text).found
              if link["tag"] == "input" and link.get("type") == "hidden"]  # fmt: skip

    # the form that saves the search has all of them once more
    assert fields.count(("place", "Kirkuk, Iraq")) == 3
    assert fields.count(("q", "strikes")) == 2
    assert fields.count(("near", "Hawija")) == 2


def test_orders_are_links(client: Client) -> None:
    links = Links(client.get("/", params={"q": "strikes", "lang": "en"}).text).found
    sorts = [query(link["href"]).get("sort", "relevance") for link in links if "sort=" in (link.get("href") or "")]

    assert sorts == [Sort.NEWEST, Sort.OLDEST]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"sort": "sideways"}, "sort must be one of relevance, newest, oldest"),
        ({"near": "Hawija", "within_km": "far"}, "within_km must be a number from 0 to 20000"),
        ({"place": "x" * 201}, "place is 201 characters long"),
        ({"k": "0"}, "k must be a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_said(client: Client, parameters: dict[str, str], said: str) -> None:
    page = client.get("/", params={"q": "strikes", **parameters}, headers={"accept": "text/html"})

    assert page.status_code == 400
    assert said in page.text
    assert 'value="strikes"' in page.text


def test_facets_lead_to_filters_and_back(client: Client) -> None:
    def choices(page: str) -> list[dict[str, str | None]]:
        links = Links(page[page.index('<ul class="choices">') : page.index("</ul>")]).found
        return [link for link in links if link["tag"] == "a"]

    [place] = choices(client.get("/", params={"q": "strikes", "lang": "en"}).text)
    assert query(place["href"]) == {"q": "strikes", "place": "Hawija, Kirkuk, Iraq", "lang": "en"}
    assert "aria-current" not in place

    [place] = choices(client.get(place["href"] or "").text)
    assert query(place["href"]) == {"q": "strikes", "lang": "en"}
    assert place["aria-current"] == "true"
