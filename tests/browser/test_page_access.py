"""WCAG 2.2 AA as far as axe-core can tell, on each page, in both languages and both colour schemes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "home": "/?",
    "results": "/?q=strikes near Hawija&place=Kirkuk, Iraq&from=2014-01-01&to=2021-12-31",
    "answer": "/?q=When did French aircraft strike Muzayrir?",
    "nothing": "/?q=raid+source%3Anobody&place=Kirkuk, Iraq",
    "article": "/articles/seed-005?q=strikes&start=0&end=40",
    "error": '/?q="open',
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit: Callable[..., Page], name: str, lang: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit(f"{PAGES[name]}&lang={lang}", color_scheme=scheme, reduced_motion="reduce")
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-ready]")
    for summary in page.locator(".why summary").all()[:1]:
        summary.click()

    # Points on the map may lie close together; the table beside it has the same links (2.5.8, "equivalent").
    tags = {"runOnly": {"type": "tag", "values": RULES}, "rules": {"target-size": {"enabled": False}}}
    sizes = {"runOnly": {"type": "rule", "values": ["target-size"]}}
    found = axe.Axe().run(page, options=tags).response["violations"]
    found += axe.Axe().run(page, context={"exclude": [[".point"]]}, options=sizes).response["violations"]
    told = [(rule["id"], rule["help"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]
    assert told == []


def test_axe_finds_nothing_in_the_list_of_keys(visit: Callable[..., Page]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = visit("/?lang=ar")
    page.click("#keys-open")
    assert axe.Axe().run(page).response["violations"] == []
