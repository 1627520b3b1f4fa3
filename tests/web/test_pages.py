from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import service.web
from service.errors import SettingsError
from service.records import Language
from service.settings import Settings
from service.web.app import create_app

STATIC = Path(service.web.__file__).parent / "static"
Client = TestClient[Litestar]


class Tags(HTMLParser):
    """Every start tag of a page as (name, attributes), and the text inside <mark>."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.marked: list[str] = []
        self.in_mark = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.in_mark = tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self.in_mark = False

    def handle_data(self, data: str) -> None:
        if self.in_mark:
            self.marked.append(data)

    def named(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.found
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]

    def hrefs(self) -> list[str]:
        return [attributes["href"] or "" for _, attributes in self.found if "href" in attributes]


@pytest.mark.parametrize(("lang", "direction", "name"), [("en", "ltr", "Search"), ("ar", "rtl", "بحث")])
def test_the_interface_speaks_both_languages(client: Client, lang: str, direction: str, name: str) -> None:
    page = client.get("/", params={"lang": lang})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"] == lang
    [html] = Tags(page.text).named("html")
    assert html == {"lang": lang, "dir": direction}
    assert f'<button type="submit">{name}</button>' in page.text
    assert Tags(page.text).named("input", name="q")[0]["dir"] == "auto"


@pytest.mark.parametrize("lang", list(Language))
def test_what_is_said_about_a_search_is_in_the_language_of_the_page(client: Client, engine: Any, lang: str) -> None:
    client.get("/", params={"q": "Hawija", "lang": lang})

    assert engine.filters[-1].notices_in is lang


@pytest.mark.parametrize(
    ("accepted", "lang"), [("ar-IQ,ar;q=0.9,en;q=0.5", "ar"), ("fr,en;q=0.8", "en"), ("fr", "en"), ("", "en")]
)
def test_the_browser_chooses_the_language_until_the_reader_does(client: Client, accepted: str, lang: str) -> None:
    page = client.get("/", headers={"accept-language": accepted})

    assert page.headers["content-language"] == lang
    assert "Accept-Language" in page.headers["vary"]
    assert client.get("/?lang=ar", headers={"accept-language": "en"}).headers["content-language"] == "ar"


def test_the_first_page_offers_examples_that_search(client: Client) -> None:
    links = [link for link in Tags(client.get("/?lang=ar").text).hrefs() if link.startswith("/?q=")]

    questions = [parse_qs(urlsplit(link).query)["q"][0] for link in links]
    assert "strikes near Hawija" in questions
    assert "غارات قرب الحويجة" in questions
    assert {client.get(link).status_code for link in links} == {200}


def test_without_a_collection_the_first_page_says_how_to_get_one(client: Client, engine: Any) -> None:
    engine.versions.clear()

    assert "rasad ingest" in client.get("/").text


def test_passages_carry_their_language_direction_and_marks(client: Client) -> None:
    page = client.get("/", params={"q": "strikes الحويجة", "lang": "en"})
    tags = Tags(page.text)

    texts = [(text["dir"], text.get("lang")) for text in tags.named("p", **{"class": "text"})]
    assert texts == [("ltr", "en"), ("rtl", "ar"), ("ltr", "en"), ("ltr", None)]
    assert tags.marked == ["strikes", "الحويجة", "strikes", "strikes"]
    assert "4 passages" in page.text
    assert "20261120-a1" in page.text
    assert '<time datetime="2020-05-14T09:30:00+03:00"><bdi>2020-05-14 09:30 +03:00</bdi></time>' in page.text
    assert "Field &amp; Desk" in page.text


def test_a_passage_leads_to_itself_in_its_article(client: Client) -> None:
    results = client.get("/", params={"q": "الحويجة", "lang": "ar"})
    link = next(link for link in Tags(results.text).hrefs() if link.startswith("/articles/ar-1"))

    assert urlsplit(link).fragment == "passage"
    page = client.get(link)
    tags = Tags(page.text)
    assert [mark["id"] for mark in tags.named("mark")] == ["passage"]
    assert tags.marked == ["نفذ التحالف غارات قرب الحويجة."]
    assert "🛰 صباح هادئ." in page.text
    [back] = [link for link in tags.hrefs() if link.startswith("/?q=")]
    assert parse_qs(urlsplit(back).query) == {"q": ["الحويجة"], "lang": ["ar"]}


def test_an_odd_id_is_reached_by_its_link(client: Client) -> None:
    results = client.get("/", params={"q": "odd id"})
    link = next(link for link in Tags(results.text).hrefs() if link.startswith("/articles/wire"))

    page = client.get(link)

    assert page.status_code == 200
    assert "An odd id, and strikes." in page.text.replace('<mark id="passage">', "")
    [json_link] = [link for link in Tags(page.text).hrefs() if link.startswith("/api/")]
    assert client.get(json_link).json()["article_id"] == "wire/2020/7?a=b#c %41"


@pytest.mark.parametrize(
    "numbers", ["start=5&end=4", "start=0&end=99999", "start=-1&end=3", "start=x&end=3", "start=1"]
)
def test_a_passage_outside_the_text_is_said_not_guessed(client: Client, numbers: str) -> None:
    page = client.get(f"/articles/en-1?{numbers}&lang=en")

    assert page.status_code == 200
    assert "does not lie within this text" in page.text
    assert not Tags(page.text).named("mark")


def test_copies_are_named_with_their_ids(client: Client) -> None:
    page = client.get("/", params={"q": "Hawija", "lang": "en"}).text

    assert "<summary>and 2 copies</summary>" in page
    assert any(link.startswith("/articles/en%2F1%20copy?") for link in Tags(page).hrefs())
    assert "<summary>ونسختان</summary>" in client.get("/", params={"q": "Hawija", "lang": "ar"}).text


def test_more_passages_are_one_link_away(client: Client) -> None:
    first = client.get("/", params={"q": "strikes", "k": "2"}).text
    [more] = [link for link in Tags(first).hrefs() if "k=4" in link]

    assert len(Tags(client.get(more).text).named("article")) == 3
    assert not [link for link in Tags(client.get("/", params={"q": "strikes"}).text).hrefs() if "k=20" in link]


def test_no_result_helps_and_keeps_the_question(client: Client) -> None:
    page = client.get("/", params={"q": '<b>"nothing"', "lang": "en"}).text

    assert "No passage was found for" in page
    assert "Check the spelling of names" in page
    assert 'value="&lt;b&gt;&#34;nothing&#34;"' in page
    assert "no leg could use &lt;b&gt;" in page


def test_the_place_is_kept_when_the_language_changes(client: Client) -> None:
    page = client.get("/", params={"q": "strikes", "k": "2", "lang": "en"})
    [switch] = Tags(page.text).named("a", rel="alternate")

    assert parse_qs(urlsplit(switch["href"] or "").query) == {"q": ["strikes"], "k": ["2"], "lang": ["ar"]}


def test_another_collection_is_kept_in_links(engine: Any, settings: Settings) -> None:
    engine.versions["news"] = "20261120-n1"
    with TestClient(create_app(engine, settings)) as client:
        page = client.get("/", params={"q": "Hawija", "collection": "news"})

    tags = Tags(page.text)
    assert {option["value"] for option in tags.named("option")} == {"seeds", "old", "news", "seeds,old,news"}
    assert [option["value"] for option in tags.named("option") if "selected" in option] == ["news"]
    assert all("collection=news" in link for link in tags.hrefs() if link.startswith("/articles/"))


@pytest.mark.parametrize(
    "path",
    [
        "/?q=strikes",
        "/?q=strikes&lang=ar",
        "/articles/%22%3E%3C%3Cscript%3Ealert%28%22x%22%29%3C%2Fscript%3E?start=0&end=7",
        "/?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/?q=a&collection=%22%3E%3Cscript%3E",
        "/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?lang=%22%3E",
    ],
)
def test_nothing_in_an_article_or_a_question_becomes_markup(client: Client, path: str) -> None:
    page = client.get(path, headers={"accept": "text/html"})
    tags = Tags(page.text)

    assert "text/html" in page.headers["content-type"]
    assert {name for name, _ in tags.found}.isdisjoint({"style", "img", "iframe", "b"})
    assert {script["src"] for script in tags.named("script")} == {"/static/theme.js", "/static/page.js"}
    assert page.text.count("</script>") == len(tags.named("script")) == page.text.count("></script>")
    attributes = {attribute for _, given in tags.found for attribute in given}
    assert not [attribute for attribute in attributes if attribute.startswith("on")]
    assert "style" not in attributes
    assert all(link.startswith(("/", "#", "https://example.org/")) for link in tags.hrefs())
    assert not [link for link in tags.hrefs() if link.startswith("//")]


def test_only_web_addresses_are_linked(client: Client) -> None:
    page = client.get("/", params={"q": "strikes"}).text

    assert 'href="https://example.org/1" rel="noopener noreferrer nofollow external"' in page
    assert "javascript:" not in page


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1/search", "/schema", "/static/rasad.css", "/health"])
def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers

    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_tiles_come_only_from_where_they_are_configured(engine: Any, settings: Settings) -> None:
    url = "https://tiles.example.org:8443/{z}/{x}/{y}.png"
    tiles = replace(settings, tile_url=url, tile_attribution="<b>Makers</b>")
    with TestClient(create_app(engine, tiles)) as client:
        page = client.get("/", params={"q": "strikes"})

    assert "img-src 'self' data: https://tiles.example.org:8443;" in page.headers["content-security-policy"]
    assert 'data-attribution="&lt;b&gt;Makers&lt;/b&gt;"' in page.text
    with pytest.raises(SettingsError, match="RASAD_TILE_URL"):
        create_app(engine, Settings(tile_url="https://tiles.example.org; script-src *"))


def test_pages_load_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/")
    style = client.get("/static/rasad.css")

    assert "://" not in page.text
    assert style.text.count("url(") == style.text.count('url("/static/fonts/') == 5
    assert "@import" not in style.text
    for script in (path for path in STATIC.rglob("*.js") if path.parent == STATIC):
        assert "://" not in script.read_text("utf-8"), script
    assert style.headers["cache-control"] == "max-age=3600, public"
