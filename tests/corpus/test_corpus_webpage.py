"""Saved web pages: the article without its surroundings, in whatever encoding the page has."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.corpus import read
from service.records import Article, Rejection

PAGE = """<!DOCTYPE html><html lang="ar"><head>{charset}<title>غارات قرب الحويجة - وكالة</title>
<meta property="og:title" content="غارات قرب الحويجة"><meta property="og:site_name" content="وكالة المثال">
<meta property="article:published_time" content="2020-05-14T10:00:00+03:00">
<link rel="canonical" href="https://example.org/a/1"></head>
<body><nav><a href="/">الرئيسية</a><a href="/x">رياضة</a></nav><article>
<p>قال مصدرٌ أمني إن طيران التحالف نفّذ ضربات جوية قرب قرية مزيرير التابعة لقضاء الحويجة فجر اليوم.</p>
<p>وأضاف المصدر أن الـضربات استهدفت وكراً للمسلحين، وأن القوات الأمنية فرضت طوقا حول المكان.</p></article>
<footer>جميع الحقوق محفوظة</footer></body></html>"""
TEXT = (
    "قال مصدرٌ أمني إن طيران التحالف نفّذ ضربات جوية قرب قرية مزيرير التابعة لقضاء الحويجة فجر اليوم.\n"
    "وأضاف المصدر أن الـضربات استهدفت وكراً للمسلحين، وأن القوات الأمنية فرضت طوقا حول المكان."
)


def found_in(tmp_path: Path, content: bytes, suffix: str = ".html") -> Article | Rejection:
    file = tmp_path / f"page{suffix}"
    file.write_bytes(content)
    (found,) = read([file])
    return found


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", '<meta charset="utf-8">'),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("windows-1256", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1256">'),
        ("windows-1256", '<meta charset="iso-8859-1">'),
        ("windows-1256", ""),
        ("iso8859-6", "<meta charset='iso-8859-6'>"),
    ],
)
def test_the_article_and_what_the_page_says_of_it(tmp_path: Path, encoding: str, charset: str) -> None:
    found = found_in(tmp_path, PAGE.replace("{charset}", charset).encode(encoding))
    assert isinstance(found, Article), found
    assert found.text == TEXT
    assert (found.title, found.source) == ("غارات قرب الحويجة", "وكالة المثال")
    assert (found.published, found.url, found.language) == ("2020-05-14", "https://example.org/a/1", "ar")


def test_an_xml_declaration_does_no_harm(tmp_path: Path) -> None:
    found = found_in(tmp_path, b'<?xml version="1.0" encoding="utf-8"?>\n' + PAGE.encode(), ".htm")
    assert isinstance(found, Article)
    assert found.text == TEXT


def test_western_quotes_in_a_declared_page(tmp_path: Path) -> None:
    page = (
        "<html><head><meta charset='iso-8859-1'></head><body><article><p>The “strike” hit.</p></article></body></html>"
    )
    found = found_in(tmp_path, page.encode("cp1252"))
    assert isinstance(found, Article)
    assert found.text == "The “strike” hit."


def test_a_fragment_without_html_around_it(tmp_path: Path) -> None:
    found = found_in(tmp_path, b"<p>Aircraft struck a position on 14 May 2019.</p>")
    assert isinstance(found, Article)
    assert found.text == "Aircraft struck a position on 14 May 2019."


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"<html><body><script>x()</script></body></html>", b"\n"])
def test_a_page_without_an_article(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    found = found_in(tmp_path, content)
    assert isinstance(found, Rejection)
    assert "no article text" in found.reason
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
