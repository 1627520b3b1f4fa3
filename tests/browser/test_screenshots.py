"""Pictures of the page for people to look at, where RASAD_SCREENSHOTS names a folder for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHOTS = [
    ("home-ar", "/?lang=ar", 1280, "light"),
    ("search-en", "/?q=strikes near Hawija&lang=en", 1440, "light"),
    ("search-ar", "/?q=غارات قرب الحويجة&lang=ar", 1440, "light"),
    ("answer-en-dark", "/?q=When did French aircraft strike Muzayrir?&lang=en", 1440, "dark"),
    (
        "narrowed-ar",
        "/?q=متى قصفت الطائرات الفرنسية مزيرير؟&place=Kirkuk, Iraq&place=Nineveh, Iraq&language=ar&language=en&lang=ar",
        1440,
        "light",
    ),
    ("article-ar", "/?q=When did French aircraft strike Muzayrir?&lang=ar", 1280, "light"),
    ("phone-ar", "/?q=غارات قرب الحويجة&lang=ar", 390, "light"),
    ("phone-en-dark", "/?q=strikes near Hawija&lang=en", 390, "dark"),
]


@pytest.mark.parametrize(("name", "path", "width", "scheme"), SHOTS, ids=[shot[0] for shot in SHOTS])
def test_picture(visit: Callable[..., Page], name: str, path: str, width: int, scheme: str) -> None:
    page = visit(path, width=width, height=900 if width > 500 else 844, color_scheme=scheme, reduced_motion="reduce")
    if page.locator("#map").count() and width > 500:
        page.wait_for_selector("#map[data-ready]")
    if name == "search-en":
        page.locator("mark[data-tip]").first.hover()
    if name == "article-ar":
        page.locator(".quotes .cite").last.click()
        page.wait_for_url("**/articles/**")
        page.evaluate("document.fonts.ready")
    picture = page.screenshot()
    assert picture.startswith(b"\x89PNG")
    if folder := os.environ.get("RASAD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(picture)
