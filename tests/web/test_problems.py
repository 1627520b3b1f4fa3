from __future__ import annotations

import logging

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]

LONG = "ن" * 1_001

ERRORS = {
    "/api/v1/search": (400, "parameter q is missing"),
    "/api/v1/search?q=": (400, "parameter q"),
    "/api/v1/search?q=%20%09": (400, "parameter q is empty"),
    f"/api/v1/search?q={LONG}": (400, "<= 1000"),
    "/api/v1/search?q=a%00b": (400, "U+0000 at position 1"),
    "/api/v1/search?q=a%1bb": (400, "U+001B"),
    "/api/v1/search?q=a%C2%85": (400, "U+0085"),
    "/api/v1/search?q=%ff": (400, "not UTF-8"),
    "/api/v1/search?q=%ED%A0%80": (400, "not UTF-8"),
    "/api/v1/search?q=a&q=b": (400, "given 2 times"),
    "/api/v1/search?q=a&colection=news": (400, "unknown parameter 'colection'"),
    "/api/v1/search?q=a&k=0": (400, "parameter k: Expected `int` >= 1, found '0'"),
    "/api/v1/search?q=a&k=101": (400, "<= 100, found '101'"),
    "/api/v1/search?q=a&k=ten": (400, "found 'ten'"),
    "/api/v1/search?q=a&k=": (400, "parameter k"),
    "/api/v1/search?q=a&k=1.5": (400, "parameter k"),
    "/api/v1/search?q=a&explain=perhaps": (400, "parameter explain"),
    "/api/v1/search?q=a&collection=..": (400, "parameter collection"),
    "/api/v1/search?q=a&collection=a%0A": (400, "collection"),
    "/api/v1/search?q=a&collection=a/b": (400, "parameter collection"),
    f"/api/v1/search?q=a&collection={'c' * 65}": (400, "parameter collection"),
    "/api/v1/search?q=%22open": (400, "a quotation mark opens at character 1 and does not close"),
    "/api/v1/search?q=a&collection=none": (404, "collection 'none' has nothing in it"),
    "/api/v1/search?q=a&collection=old": (503, "built with analyzer ar-1, this code is ar-2"),
    f"/api/v1/search?q={'a' * 20_000}": (414, "at most 16096 are taken"),
    "/api/v1/articles/none": (404, "no article 'none' in collection 'seeds'"),
    "/api/v1/articles/": (404, "nothing is served at this path"),
    "/api/v1/articles/%ff": (400, "the path of the URL is not UTF-8"),
    "/api/v1/articles/a%00": (400, "no NUL"),
    "/api/v1/articles/en-1?collection=old": (503, "built with analyzer"),
    "/api/v1/articles/en-1?start=1": (400, "unknown parameter 'start'"),
    "/nowhere": (404, "nothing is served at this path"),
    "/schema/nowhere": (404, "nothing is served at this path"),
    "/schema/nowhere.json": (404, "nothing is served at this path"),
    "/static/nowhere.css": (404, "nothing is served at this path"),
    "/static/%2e%2e/app.py": (404, "nothing is served at this path"),
    "/?q=a&k=0": (400, "parameter k must be a whole number from 1 to 100, found '0'"),
    f"/?q={LONG}": (400, "at most 1000 are taken"),
    "/?q=a&collection=.hidden": (400, "not a collection name"),
    "/articles/none": (404, "no article 'none'"),
}


@pytest.mark.parametrize("url", ERRORS)
def test_every_error_is_problem_details(client: Client, url: str) -> None:
    status, detail = ERRORS[url]

    response = client.get(url)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance"}
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert detail in problem["detail"]
    assert problem["instance"] == url.partition("?")[0]


def test_the_title_is_the_phrase_of_the_status(client: Client) -> None:
    assert client.get("/nowhere").json()["title"] == "Not Found"


def test_another_method_is_refused_with_those_offered(client: Client) -> None:
    response = client.post("/api/v1/search")

    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert response.json()["detail"] == "POST is not offered here: use GET, HEAD, OPTIONS"


def test_an_unexpected_error_is_logged_and_not_leaked(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="service"):
        response = client.get("/api/v1/search", params={"q": "crash"})

    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "the service met an error it did not expect; its log has the details"
    assert "ZeroDivisionError" not in response.text
    assert "secret internals" not in response.text
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
    assert "q=" not in record.getMessage()


def test_a_browser_gets_errors_as_pages_but_not_from_the_api(client: Client) -> None:
    accept = {"accept": "text/html,application/xhtml+xml"}

    page = client.get("/?q=%22open&lang=ar", headers=accept)
    api = client.get("/api/v1/search?q=%22open", headers=accept)

    assert (page.status_code, api.status_code) == (400, 400)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="ar" dir="rtl">' in page.text
    assert "علامة اقتباس تُفتح عند الحرف 1" in page.text
    assert 'value="&#34;open"' in page.text
    assert "accept" in page.headers["vary"].lower()
    assert api.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "url, said",
    [
        ("/?q=%22open", "علامة اقتباس"),
        ("/?q=x&k=0", "k عدد صحيح"),
        ("/?q=x&sort=sideways", "sort واحد من"),
        ("/?q=x&near=" + "x" * 201, "طول near"),
        ("/?q=a%07b", "محرف التحكم"),
        ("/?q=x&collection=absent", "المجموعة «absent»"),
        ("/?q=x&collection=..%2Fx", "ليس اسم مجموعة"),
        ("/articles/nothing", "لا مقال"),
        ("/nothing/here", "لا شيء في هذا العنوان"),
        ("/?q=crash", "واجهت الخدمة خطأ"),
    ],
)
def test_an_arabic_page_says_what_is_wrong_in_arabic(client: Client, url: str, said: str) -> None:
    page = client.get(url, headers={"accept": "text/html", "accept-language": "ar"})

    assert page.status_code >= 400
    assert '<html lang="ar" dir="rtl">' in page.text
    detail = page.text.split("<h1>")[1].split("</section>")[0]
    assert said in detail and 'lang="ar" dir="rtl"' in detail
    english = client.get(url, headers={"accept": "text/html"}).text.split("<h1>")[1].split("</section>")[0]
    assert not any("\u0600" <= char <= "\u06ff" for char in english)


@pytest.mark.parametrize("lang, said", [("ar", "ليس هذا من أسماء"), ("en", "not a name of this service")])
def test_a_browser_that_is_turned_away_is_told_so_on_a_page(client: Client, lang: str, said: str) -> None:
    headers = {"host": "evil.example", "accept": "text/html", "accept-language": lang}
    page = client.get("/?q=x", headers=headers)
    program = client.get("/api/v1/search?q=x", headers=headers)

    assert page.status_code == program.status_code == 421
    assert said in page.text and f'<html lang="{lang}"' in page.text
    assert "content-security-policy" in page.headers
    assert program.headers["content-type"] == "application/problem+json"


def test_an_error_page_links_to_no_other_host(client: Client) -> None:
    page = client.get("http://testserver.local//elsewhere.example/x", headers={"accept": "text/html"})

    assert page.status_code == 404
    assert 'href="//' not in page.text
