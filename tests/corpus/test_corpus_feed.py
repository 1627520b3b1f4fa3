"""Feeds: one article an entry, HTML taken off, and a feed that breaks off is said to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from service.corpus import read
from service.records import Article, Rejection

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>وكالة المثال</title><language>en-us</language><link>http://example.org/</link>
<item><title>غارات &amp; اشتباكات</title><guid isPermaLink="false">g1</guid><link>http://example.org/1</link>
<pubDate>Tue, 21 Jul 2015 10:00:00 +0300</pubDate><description>موجز</description>
<content:encoded><![CDATA[<p>قال <b>المصدر</b> إن   الغارة
وقعت.</p><p>وأضاف&nbsp;ذلك<br/>ثم سكت.</p><script>bad()</script>]]></content:encoded></item>
<item><title>second</title><description>losses &lt; 5
and no tags</description><source url="http://example.net/">Other</source></item>
<item><title>only a title</title><guid>g3</guid></item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>F</title>
<entry><id>urn:1</id><title type="html">A &lt;i&gt;strike&lt;/i&gt;</title><updated>2015-07-21T10:00:00Z</updated>
<summary>short</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>one</p><p>two</p></div></content>
<link href="http://example.org/1"/></entry></feed>"""


def found_in(tmp_path: Path, content: str | bytes, suffix: str = ".xml") -> list[Article | Rejection]:
    file = tmp_path / f"feed{suffix}"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read([file]))


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1256", "utf-16"])
@pytest.mark.parametrize("suffix", [".xml", ".rss"])
def test_rss(tmp_path: Path, encoding: str, suffix: str) -> None:
    first, second, third = found_in(tmp_path, RSS.replace("{encoding}", encoding).encode(encoding), suffix)
    assert isinstance(first, Article) and isinstance(second, Article)
    assert first.text == "قال المصدر إن الغارة وقعت.\nوأضاف\u00a0ذلك\nثم سكت."
    assert (first.article_id, first.title, first.source) == ("g1", "غارات & اشتباكات", "وكالة المثال")
    assert (first.published, first.url) == ("2015-07-21T10:00:00+03:00", "http://example.org/1")
    assert first.language == "ar"  # whatever the channel says
    assert first.origin.endswith(f"{suffix}:1")
    assert (second.text, second.source, second.language) == ("losses < 5\nand no tags", "Other", "en")
    assert second.article_id == second.sha256[:16]
    assert isinstance(third, Rejection)
    assert third.line == 3 and "empty text" in third.reason


def test_atom(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, ATOM, ".atom")
    assert isinstance(found, Article)
    assert (found.article_id, found.title, found.text) == ("urn:1", "A strike", "one\ntwo")
    assert (found.published, found.url) == ("2015-07-21T10:00:00+00:00", "http://example.org/1")
    assert (found.source, found.language) == ("F", "fr")


def test_an_undefined_entity_does_not_cost_the_feed(tmp_path: Path) -> None:
    found = found_in(tmp_path, RSS.replace("{encoding}", "utf-8").replace("موجز", "a&nbsp;b &eacute;"))
    assert [type(f) for f in found] == [Article, Article, Rejection]


@pytest.mark.parametrize("cut", ["no tags", "<item><title>only", "<source"])
def test_a_feed_that_breaks_off_gives_its_complete_entries(tmp_path: Path, cut: str) -> None:
    content = RSS.replace("{encoding}", "utf-8")
    *taken, told = found_in(tmp_path, content[: content.index(cut)])
    assert isinstance(taken[0], Article) and taken[0].article_id == "g1"
    assert len(taken) == (2 if cut.startswith("<item>") else 1)
    assert isinstance(told, Rejection)
    assert told.line == len(taken) + 1 and "breaks off" in told.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no RSS or Atom"),
        ("text", "no RSS or Atom"),
        ("<a><b/></a>", "no RSS or Atom"),
        ("<html><body><p>x</p></body></html>", "no RSS or Atom"),
        ("http://example.org/feed.xml", "no RSS or Atom"),
        (
            '<!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss version="2.0"><channel><item>'
            "<description>&b;</description></item></channel></rss>",
            "entities of its own",
        ),
    ],
)
def test_what_is_no_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, reason: str) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a feed file must not reach for the network")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    (found,) = found_in(tmp_path, content)
    assert isinstance(found, Rejection)
    assert reason in found.reason
