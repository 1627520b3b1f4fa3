"""What arrives in folders and feeds is ingested; what is fetched stays within bounds."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from service import cli, fetch, watch
from service.backends.embedded.locking import Lock
from service.engine import Engine
from service.errors import ArticleNotFound, CollectionNotFound, FetchError, InputError, ServiceError
from service.fetch import Limits, Validators
from service.records import IngestReport
from service.settings import Settings
from service.watch import Watch

LIMITS = Limits(timeout_s=5.0, max_bytes=100_000, private=True)
Told = list[tuple[str, IngestReport | None, ServiceError | None]]


def rss(**entries: str) -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>{name}</title><description>{text}</description></item>"
        for name, text in entries.items()
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'.encode()


BOMB = gzip.compress(b"0" * 50_000_000)


class Site(ThreadingHTTPServer):
    """A feed at /feed with an ETag, and pages that misbehave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.feed = rss(one="Strikes near Hawija.")
        self.status = 200
        self.seen: list[tuple[str, str, str]] = []  # path, Host, If-None-Match
        self.url = f"http://127.0.0.1:{self.server_port}"


class Pages(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"], self.headers.get("If-None-Match", "")))
        pages: dict[str, Callable[[], None]] = {
            "/feed": self.feed, "/loop": lambda: self.redirect("/loop"), "/there": lambda: self.redirect("/feed"),
            "/inside": lambda: self.redirect("http://127.0.0.2/"), "/file": lambda: self.redirect("file:///etc/passwd"),
            "/nowhere": lambda: self.redirect(""), "/large": self.large, "/slow": self.slow, "/packed": self.packed,
            "/bomb": lambda: self.send(200, BOMB, **{"Content-Encoding": "gzip"}),
            "/brotli": lambda: self.send(200, b"", **{"Content-Encoding": "br"}),
        }  # fmt: skip
        with suppress(BrokenPipeError, ConnectionResetError):
            pages.get(self.path, lambda: self.send(404, b""))()

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def feed(self) -> None:
        etag = f'"{hash(self.server.feed)}"'
        if self.headers.get("If-None-Match") == etag:
            self.send(304, b"")
        else:
            self.send(self.server.status, self.server.feed, ETag=etag)

    def packed(self) -> None:
        self.send(200, gzip.compress(self.server.feed), **{"Content-Encoding": "gzip"})

    def redirect(self, location: str) -> None:
        self.send(302, b"", Location=location)

    def large(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(1_000):
            self.wfile.write(b"x" * 10_000)

    def slow(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def near(indexes: Path) -> Iterator[Engine]:
    """An engine that may fetch from this machine."""
    with closing(Engine(Settings(indexes=indexes, fetch_private=1))) as opened:
        yield opened


def test_a_document_comes_once_and_again_only_when_it_changed(site: Site) -> None:
    first = fetch.fetch(f"{site.url}/there", LIMITS)
    assert first.data == site.feed and first.validators.etag
    assert fetch.fetch(f"{site.url}/feed", LIMITS, first.validators) == fetch.Document(None, first.validators)
    site.feed = rss(two="Rain.")
    assert fetch.fetch(f"{site.url}/packed", LIMITS).data == site.feed
    assert fetch.fetch(f"{site.url}/feed", LIMITS, first.validators).data == site.feed


@pytest.mark.parametrize(
    "path, reason",
    [
        ("/loop", "more than 5 redirects"),
        ("/nowhere", "redirects to nowhere"),
        ("/file", "not an address that is fetched"),
        ("/large", "larger than 100,000 bytes"),
        ("/bomb", "larger than 100,000 bytes"),
        ("/brotli", "encoded as 'br'"),
        ("/slow", "took longer than 1 seconds"),
        ("/missing", "status 404"),
    ],
)
def test_what_goes_beyond_the_bounds_ends(site: Site, path: str, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError, match=reason):
        fetch.fetch(site.url + path, Limits(1.0, 100_000, True))
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 :: "
    "fe80::1%eth0 fd00::1 ff02::1 ::ffff:127.0.0.1 2002:7f00:1:: 64:ff9b::7f00:1".split(),
)
def test_addresses_that_are_not_of_the_whole_network(address: str) -> None:
    assert not fetch.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert fetch.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_asked_unless_that_is_meant(site: Site, host: str) -> None:
    with pytest.raises(FetchError, match="no public address: set RASAD_FETCH_PRIVATE=1"):
        fetch.fetch(f"http://{host}:{site.server_port}/feed", Limits(5.0, 100_000, False))
    assert site.seen == []


def test_a_redirect_is_checked_like_the_first_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(FetchError, match=r"'127\.0\.0\.2' is at 127\.0\.0\.2"):
        fetch.fetch(f"{site.url}/inside", Limits(5.0, 100_000, False))
    assert [path for path, _, _ in site.seen] == ["/inside"]


def test_a_name_with_one_private_address_is_refused_and_resolved_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *more: object, **named: object) -> object:
        if host in ("mixed.test", "site.test"):
            asked.append(host)
            addresses = ["8.8.8.8", "10.0.0.1"] if host == "mixed.test" else ["127.0.0.1"]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
        return real(host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(FetchError, match=r"10\.0\.0\.1, which is no public address"):
        fetch.fetch("http://mixed.test/feed", Limits(5.0, 100_000, False))
    assert fetch.fetch(f"http://site.test:{site.server_port}/feed", LIMITS, Validators()).data == site.feed
    assert asked == ["mixed.test", "site.test"], "the connection goes to the address that was checked"
    assert site.seen[-1][1] == f"site.test:{site.server_port}"


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://user:secret@x/", "file:///etc/passwd", "http://a b/"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(FetchError):
        fetch.fetch(url, LIMITS)


def test_a_feed_is_taken_and_its_changes(site: Site, near: Engine) -> None:
    told: Told = []
    watching = Watch(near, "c", [f"{site.url}/feed"], 60.0, lambda *what: told.append(what))
    watching.once()
    watching.once()
    assert len(told) == 1, "nothing new, nothing told"
    assert site.seen[1][2] != "", "asked with the ETag of the first answer"
    article = near.article("c", "one")[0]
    assert (article.text, article.source, article.origin) == ("Strikes near Hawija.", "Wire", f"{site.url}/feed:1")
    site.feed = rss(one="Strikes near Hawija, corrected.", two="Rain in Basra.")
    watching.once()
    assert near.article("c", "one")[0].text == "Strikes near Hawija, corrected."
    assert told[1][1] is not None and (told[1][1].added, told[1][1].updated) == (1, 1)


def test_a_feed_that_fails_is_told_and_asked_less_often(site: Site, near: Engine) -> None:
    told: Told = []
    site.status = 503
    watching = Watch(near, "c", [f"{site.url}/feed"], 60.0, lambda *what: told.append(what))
    for _ in range(2):
        watching.once()
    assert [str(error) for _, _, error in told] == [f"{site.url}/feed answered with status 503: check the address"] * 2
    feed = watching._feeds[0]
    assert not feed.is_due() and feed._next - time.monotonic() > 100
    site.status = 200
    watching.once()
    assert near.article("c", "one")[0].title == "one" and feed._next - time.monotonic() <= 60


def test_a_feed_waits_while_another_process_writes(site: Site, near: Engine) -> None:
    told: Told = []
    watching = Watch(near, "c", [f"{site.url}/feed"], 60.0, lambda *what: told.append(what))
    with Lock(near.indexes / "c"):
        watching.once()
    assert told == [] and watching._feeds[0].is_due()
    watching.once()
    assert near.article("c", "one")


def has(engine: Engine, name: str, text: str) -> bool:
    try:
        return engine.article("c", name)[0].text == text
    except (ArticleNotFound, CollectionNotFound):
        return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_files_are_taken_when_they_are_whole(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SETTLED_S", 0.6)
    monkeypatch.setattr(watch, "_LOOK_S", 0.1)
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "before.jsonl").write_text('{"id": "before", "text": "There before."}\n')
    told: Told = []
    stop = threading.Event()
    watching = Watch(engine, "c", [str(folder)], 60.0, lambda *what: told.append(what))
    thread = threading.Thread(target=watching.run, args=(stop,))
    thread.start()
    try:
        until(lambda: has(engine, "before", "There before."))
        with (folder / "sub" / "new.jsonl").open("w") as file:
            for i in range(8):  # written little by little, half a record at the time
                file.write(f'{{"id": "n{i}", ')
                file.flush()
                time.sleep(0.1)
                file.write(f'"text": "Number {i}."}}\n')
        (folder / ".hidden.jsonl").write_text('{"id": "hidden", "text": "Hidden."}\n')
        until(lambda: has(engine, "n7", "Number 7."))
        (folder / "before.jsonl").write_text('{"id": "before", "text": "Corrected."}\n')
        until(lambda: has(engine, "before", "Corrected."))
    finally:
        stop.set()
        thread.join()
    reports = [report for _, report, _ in told if report]
    assert sum(report.rejected for report in reports) == 0, "no half of a record was read"
    assert sum(report.added for report in reports) == 9 and not has(engine, "hidden", "Hidden.")


def test_the_command_takes_what_is_there_and_ends(
    site: Site, indexes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASAD_INDEXES", str(indexes))
    monkeypatch.setenv("RASAD_FETCH_PRIVATE", "1")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"id": "a", "text": "One."}\n{"id": "b"}\n')
    assert cli.main(["watch", str(tmp_path / "in"), f"{site.url}/feed", "--collection", "c", "--once"]) == 0
    errors = capsys.readouterr().err
    assert "1 added, 1 rejected; at v000001" in errors and "a.jsonl:2: no text" in errors
    assert f"{site.url}/feed: 1 added; at v000002" in errors
    for arguments, reason in (
        ([str(tmp_path / "nowhere")], "is not a folder: name one, or a feed"),
        ([str(tmp_path / "in"), "--interval", "0"], "--interval must be at least 1 second"),
    ):
        assert cli.main(["watch", *arguments, "--collection", "c"]) == 2
        assert reason in capsys.readouterr().err


def test_a_source_that_is_no_folder_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        Watch(engine, "c", [str(tmp_path / "x.jsonl")], 60.0, lambda *_: None)
