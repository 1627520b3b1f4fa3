"""What an analyst does, as an analyst does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
ENGLISH, ARABIC = "/?q=strikes+near+Hawija&lang=en", "/?q=غارات+قرب+الحويجة&lang=ar"


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_search_marks_its_words_and_tells_their_translation(visit: Visit) -> None:
    page = visit("/?lang=en")
    page.fill("#q", "strikes near Hawija")
    page.press("#q", "Enter")
    page.wait_for_selector(".card")

    mark = page.locator("mark", has_text="strikes").first
    mark.hover()
    hint = page.locator("#tooltip")
    assert "strikes →" in hint.inner_text()
    assert any(word in hint.inner_text() for word in ("غارات", "ضربات", "الضربات", "الغارات"))
    assert hint.locator("bdi[lang=ar]").count() >= 1
    page.keyboard.press("Escape")
    assert hint.is_hidden()

    mark.focus()
    assert "strikes →" in hint.inner_text()
    described = mark.get_attribute("aria-describedby")
    assert "strikes" in (page.locator(f"#{described}").text_content() or "")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    assert mark.evaluate("mark => mark !== document.activeElement")


def test_a_citation_opens_the_article_at_the_quote(visit: Visit) -> None:
    page = visit("/?q=who+took+the+Baiji+refinery&lang=en")
    quote = page.locator(".quotes blockquote", has=page.locator(".cite")).last
    text = quote.evaluate("quote => quote.firstChild.textContent.trim()")
    language, direction = quote.get_attribute("lang"), quote.get_attribute("dir")
    quote.locator(".cite").click()
    page.wait_for_url("**/articles/**")

    passage = page.locator("#passage")
    assert passage.inner_text().strip() == text
    box = passage.bounding_box()
    assert box and 0 <= box["y"] < 900
    whole = page.locator(".whole")
    assert (whole.get_attribute("lang"), whole.get_attribute("dir")) == (language, direction)
    page.locator("#back").click()
    page.wait_for_selector(".card")
    assert query(page)["q"] == "who took the Baiji refinery"


def test_several_values_of_a_facet_can_be_chosen_and_taken_back(visit: Visit) -> None:
    page = visit(ENGLISH)
    page.locator("#group-language + .choices a", has_text="Arabic").click()
    page.wait_for_selector(".chip")
    page.locator("#group-language + .choices a", has_text="English").click()  # still offered beside the chosen one
    page.wait_for_function("document.querySelectorAll('.chip').length === 2")
    assert page.locator("#group-language + .choices a[aria-current]").count() == 2
    assert "language=ar&language=en" in page.url
    page.locator("#group-language + .choices a", has_text="Arabic").click()
    page.wait_for_function("document.querySelectorAll('.chip').length === 1")
    assert "language=ar" not in page.url and "language=en" in page.url


def test_a_facet_narrows_and_its_chip_gives_way(visit: Visit) -> None:
    page = visit(ENGLISH)
    page.locator("#group-language + .choices a", has_text="Arabic").click()
    page.wait_for_selector(".chip")

    assert query(page)["language"] == "ar"
    assert set(page.locator(".card .text").evaluate_all("texts => texts.map(text => text.lang)")) == {"ar"}
    page.locator(".chip").click()
    page.wait_for_selector(".card .text:lang(en)")
    assert "language" not in query(page)


@pytest.mark.parametrize("path", [ENGLISH, ARABIC])
def test_the_histogram_is_brushed(visit: Visit, path: str) -> None:
    page = visit(path)
    bars = page.locator("#bars a")
    boxes = sorted((bar.bounding_box() for bar in bars.all()), key=lambda box: box["x"])
    right_to_left = "lang=ar" in path
    middle = boxes[1]  # 2020 and later lie to one side of 2014
    y = middle["y"] + 20
    page.mouse.move(middle["x"] - 6, y)
    page.mouse.down()
    page.mouse.move(middle["x"] + middle["width"] / 2, y, steps=4)
    page.mouse.move(boxes[2]["x"] + boxes[2]["width"] + 3, y, steps=4)
    assert float(page.locator("#bars .brush").get_attribute("width") or 0) > 5
    page.mouse.up()
    page.wait_for_selector(".chip")

    assert query(page)["from"] >= "2020-01-01"
    assert query(page)["to"] <= "2020-12-31" or right_to_left
    dates = page.locator(".card time").evaluate_all("times => times.map(time => time.dateTime.slice(0, 10))")
    assert dates and all(query(page)["from"] <= date <= query(page)["to"] for date in dates)


def test_the_histogram_by_keys(visit: Visit) -> None:
    page = visit(ENGLISH)
    page.keyboard.press("d")
    assert page.evaluate("document.activeElement.dataset.first") == "2014-12-01"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip")
    assert (query(page)["from"], query(page)["to"]) == ("2020-03-01", "2020-05-31")


@pytest.mark.parametrize(("path", "name"), [(ENGLISH, "Hawija, Kirkuk, Iraq"), (ARABIC, "الحويجة، كركوك، العراق")])
def test_the_map_and_its_table_show_the_same_places(visit: Visit, path: str, name: str) -> None:
    page = visit(path)
    page.wait_for_selector("#map[data-ready]")

    rows = page.locator("#places tbody tr")
    assert page.locator(".point").count() == rows.count() > 3
    assert "Natural Earth" in page.locator("#map-note").inner_text()
    dot = page.locator(f'.point[aria-label^="{name}"]')
    dot.focus()
    page.locator("#places tr.on", has_text=name).first.wait_for()
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup-content")
    assert name in popup.inner_text()
    popup.locator(".ranks a").first.click()
    page.wait_for_function("document.activeElement.closest('.card')?.id === 'r1'")

    page.locator("#places th a", has_text=name).first.click()
    page.wait_for_selector(".chip")
    assert query(page)["place"] == "Hawija, Kirkuk, Iraq"


def test_arabic_runs_from_right_to_left_and_english_in_it_does_not(visit: Visit) -> None:
    page = visit(ARABIC)

    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    filters, found, where = (page.locator(name).bounding_box() for name in (".filters", ".found", ".where"))
    assert filters and found and where
    assert filters["x"] > found["x"] > where["x"]
    english = page.locator(".card .text:lang(en)").first
    assert english.evaluate("text => getComputedStyle(text).direction") == "ltr"
    assert "Rasad Naskh" in page.locator(".card .text:lang(ar)").first.evaluate("t => getComputedStyle(t).fontFamily")
    assert page.evaluate("document.fonts.check('18px \"Rasad Naskh\"', 'غارات')")
    page.locator(".switch").click()
    page.wait_for_selector("html[dir=ltr]")
    assert query(page)["q"] == "غارات قرب الحويجة"


def test_keys_alone(visit: Visit) -> None:
    page = visit("/?lang=en")
    page.keyboard.press("Escape")  # out of the box, which has the focus at first
    page.keyboard.press("/")
    page.keyboard.type("strikes near Hawija /jk?")
    assert page.input_value("#q") == "strikes near Hawija /jk?"
    page.fill("#q", "strikes near Hawija")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert urlsplit(page.url).fragment == "r2"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.closest('.card').id") == "r1"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("y")
    assert page.locator("#r1 .why").get_attribute("open") is not None
    assert "It has your words" in page.locator("#r1 .why ul").inner_text()
    page.keyboard.press("m")
    assert page.evaluate("Boolean(document.activeElement.closest('#where'))")

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Space")  # the box that switches single letters off has the focus
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.card')") is None
    page.locator("#r1 .title").press("Enter")
    page.wait_for_url("**/articles/**")


def test_the_first_tab_stop_leads_past_the_header(visit: Visit) -> None:
    page = visit(ENGLISH)
    page.keyboard.press("Tab")
    skip = page.locator(".skip:focus")
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_colours_are_chosen_and_kept(visit: Visit) -> None:
    page = visit(ENGLISH, color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    page.click("#theme")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_nothing_found_says_what_to_do(visit: Visit) -> None:
    page = visit("/?q=raid+source%3Anobody&lang=en&place=Kirkuk, Iraq")
    page.locator(".nothing a").click()
    page.wait_for_load_state("networkidle")
    assert query(page) == {"q": "raid source:nobody", "lang": "en"}


@pytest.mark.parametrize("path", [ENGLISH, ARABIC, "/?lang=ar", "/articles/seed-005?lang=en"])
def test_a_narrow_screen_scrolls_one_way_only(visit: Visit, path: str) -> None:
    page = visit(path, width=320, height=640)
    assert page.evaluate("document.documentElement.scrollWidth <= 320")


def test_without_scripts_all_but_the_comforts_is_there(visit: Visit) -> None:
    page = visit(ENGLISH, java_script_enabled=False)
    assert page.locator("#map").is_hidden()
    assert page.locator("#places tbody tr").count() > 3
    page.locator("#bars a").first.click()
    page.wait_for_selector(".chip")
    page.locator(".card .title").first.click()
    page.wait_for_url("**/articles/**")
    assert page.locator("#passage").is_visible()


def test_print_leaves_the_controls_out(visit: Visit) -> None:
    page = visit(ENGLISH)
    page.emulate_media(media="print")
    assert page.locator("#ask").is_hidden() and page.locator(".filters").is_hidden()
    assert page.locator(".card .text").first.is_visible()
    asked = page.locator("h1").bounding_box()  # what was asked for, which the search box says on the screen
    assert asked is not None and asked["width"] > 100


def test_reduced_motion_is_respected(visit: Visit) -> None:
    page = visit(ENGLISH, reduced_motion="reduce")
    assert page.locator(".card").first.evaluate("card => getComputedStyle(card).transitionDuration") == "0s"
    page.wait_for_selector("#map[data-ready]")
    assert page.locator("#map.leaflet-fade-anim").count() == 0


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_hostile_reports_stay_text(visit: Visit, hostile_reports: int, lang: str) -> None:
    page = visit(f"/?q=strikes near Hawija&collection=hostile&lang={lang}")
    page.wait_for_selector("#map[data-ready]")

    assert page.locator(".card").count() == hostile_reports
    assert page.locator("a[href^='javascript' i], .card img, .card script, [onerror], [onload]").count() == 0
    assert "<script>window.pwned=1</script>" in page.locator(".card").first.inner_text()
    page.locator("mark[data-tip]").first.hover()
    page.locator(".point").first.dispatch_event("click")
    page.locator(".why summary").first.click()
    page.locator(".card .title").first.click()
    page.wait_for_url("**/articles/**")
    assert "window.pwned=1" in page.locator(".whole").inner_text()
    assert page.evaluate("window.pwned") is None
