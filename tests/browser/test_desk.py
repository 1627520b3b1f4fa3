"""Keeping things: exports, saved searches with their feeds, uploads with their rejections."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]


def test_passages_are_exported(visit: Visit, tmp_path: Path) -> None:
    page = visit("/?q=strikes+near+Hawija&lang=en&language=en")
    shown = page.locator(".card .id").all_inner_texts()
    with page.expect_download() as coming:
        page.locator(".keep a", has_text="JSON Lines").click()
    coming.value.save_as(tmp_path / "rows.jsonl")

    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert [row["article_id"] for row in rows][: len(shown)] == shown
    assert coming.value.suggested_filename.endswith(".jsonl")


def test_a_search_is_saved_and_its_feed_is_there(visit: Visit) -> None:
    page = visit("/?q=strikes+near+Hawija&lang=en")
    page.click("text=Save this search")
    address = page.locator("#feed").get_attribute("href") or ""
    assert urlsplit(address).path.startswith("/feeds/")
    feed = page.request.get(address)
    assert feed.status == 200
    assert feed.headers["content-type"].startswith("application/atom+xml")

    page.goto(page.url.split("/desk")[0] + "/desk?lang=en")
    page.locator(".rows a", has_text="strikes near Hawija").click()
    page.wait_for_selector(".card")
    page.go_back()
    page.locator("button", has_text="Delete").click()
    page.wait_for_selector("text=None yet")


@pytest.mark.parametrize("scripts", [True, False])
def test_reports_are_uploaded_and_rejections_listed(visit: Visit, tmp_path: Path, scripts: bool) -> None:
    good = {"id": f"up-{scripts}", "title": "A report", "text": "Rain fell on the road to Hawija in the morning."}
    file = tmp_path / "reports.jsonl"
    file.write_text(json.dumps(good) + "\n{broken\n", "utf-8")
    page = visit("/desk?lang=en", java_script_enabled=scripts)
    page.set_input_files("#files", file)
    page.fill("#into", f"uploaded-{scripts}")
    page.click("button:text-is('Upload')")
    for _ in range(120):
        row = page.locator(".uploaded").first
        if row.get_attribute("data-status") == "done":
            break
        page.wait_for_timeout(500)
        if not scripts:
            page.reload()
    row = page.locator(".uploaded").first
    assert row.get_attribute("data-status") == "done", row.inner_text()
    assert "2 read: 1 added" in row.inner_text() and "1 rejected" in row.inner_text()
    assert "reports.jsonl:2" in row.inner_text()

    page.goto(page.url.split("/desk")[0] + f"/?q=rain+Hawija&collection=uploaded-{scripts}&lang=en")
    assert page.locator(".card .id").all_inner_texts() == [f"up-{scripts}"]
