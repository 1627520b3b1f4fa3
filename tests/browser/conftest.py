"""A real browser on the real service: Debian's chromium, driven by playwright, over the sample collection.

Run by scripts/browser-test. Without chromium or playwright they are skipped, and the reason says what to install.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from service.engine import SAMPLE, Engine
from service.settings import Settings
from service.web import server
from service.web.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
HOSTILE = [
    {
        "id": f'x"><script>window.pwned=1</script>{number}',
        "title": f'<img src=x onerror="window.pwned=1">{number} </title><script>window.pwned=1</script>',
        "text": f"Strikes {number} near Hawija </mark><script>window.pwned=1</script> "
        f"<a href=javascript:window.pwned=1>x</a> {{{{ 7*7 }}}} \u202egnp.exe\u202c Mosul and Kirkuk, {word}.",
        "source": '"><svg onload=window.pwned=1>',
        "url": "javascript:window.pwned=1",
        "language": 'en" onfocus=window.pwned=1 autofocus x="',
        "published": f"2020-05-1{number}",
    }
    for number, word in enumerate(
        (
            "the first rain of the year fell over the hills and the farmers went out to sow their barley",
            "a market opened again after two years, with fruit, cloth and tools from several towns around",
            "students sat their examinations under a new roof while the old school was being repaired by hand",
        )
    )
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")  # its event loop would be in the way of other tests
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: run scripts/browser-test"
    )
    program = os.environ.get("RASAD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("no chromium: install it (Debian: apt install chromium), or name it with RASAD_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def hostile_reports() -> int:
    """How many there are in the collection named hostile."""
    return len(HOSTILE)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service over the sample, and over a collection of hostile reports."""
    folder = tmp_path_factory.mktemp("browser")
    settings = Settings(indexes=folder / "indexes", rate_per_minute=0)
    hostile = folder / "hostile.jsonl"
    hostile.write_text("".join(json.dumps(record) + "\n" for record in HOSTILE), "utf-8")
    with closing(Engine(settings)) as engine:
        engine.prepare_sample()
        engine.ingest("hostile", [hostile])
        engine.retriever(SAMPLE).search("warm")
        with server.listen("127.0.0.1", 0) as listener:
            running = uvicorn.Server(server.configure(create_app(engine, settings), settings))
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            yield server.address(listener).rstrip("/")
            running.should_exit = True
            thread.join(30)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens an address of the site; whatever the page complains about, or loads from elsewhere, fails the test."""
    contexts, complaints = [], []

    def complain(page: Page, line: ConsoleMessage) -> None:
        """Chromium also complains about an error page's own status, which is as it should be."""
        if line.type in ("error", "warning") and line.location["url"] != page.url:
            complaints.append(line.text)

    def open_page(path: str, width: int = 1360, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complain(page, line))
        page.on("request", lambda sent: None if sent.url.startswith((site, "data:")) else complaints.append(sent.url))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
