"""Plain text and Markdown files: text as received, front matter as fields."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from service.corpus import read
from service.records import Article, Rejection


def only(path: Path, **options: object) -> Article | Rejection:
    (found,) = read([path], **options)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "first line\r\nsecond\rthird\n\n  and spaces at the end \t\n",
        "قالت الوكالة\u00a0إن \u200fالطيران\u200c قصف \u202bالموقع\u202c\u2028ثم عاد\x85",
        "ﻗﺼﻒ ﻃﻴﺮﺍﻥ ﺍﻟﺘﺤﺎﻟﻒ ﷲ",  # presentation forms
        "مُحَمَّدٌ يكتـــب ٣٤ و ۳۴",
        "e\u0301 and \u00e9 are not made one",
        "---\nonly a rule of Markdown\n---\nand text",
        "---\nnote: no field of ours\n---\ntext",
        "--- \n",
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_text_is_kept_to_the_character(tmp_path: Path, text: str, suffix: str) -> None:
    file = tmp_path / f"report{suffix}"
    file.write_bytes(text.encode("utf-8"))
    found = only(file)
    if not any(map(str.isalnum, text)):
        assert isinstance(found, Rejection)
        return
    assert isinstance(found, Article)
    assert found.text == text
    assert found.sha256 == found.origin_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert found.article_id == found.sha256[:16]
    assert found.origin == str(file)
    assert (found.title, found.source, found.published, found.url) == ("", "", "", "")


def test_front_matter_gives_the_fields_and_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_bytes(
        "\ufeff---\r\nid: 007\r\ntitle: غارات: قرب الحويجة #1\r\ndate: 2020-05-14\r\nsource: 'the team''s own'\r\n"
        'url: "http://example.org/a?b=1"\r\nlanguage: Arabic\r\n# a comment\r\ntags:\r\n  - air\r\n- strike\r\n---\r\n'
        "\r\nنص التقرير\r\n".encode()
    )
    found = only(file)
    assert isinstance(found, Article)
    assert found.text == "\r\nنص التقرير\r\n"
    assert found.article_id == "007"
    assert found.title == "غارات: قرب الحويجة #1"
    assert (found.published, found.source, found.language) == ("2020-05-14", "the team's own", "ar")
    assert found.url == "http://example.org/a?b=1"
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    assert found.origin_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_front_matter_does_not_replace_the_text(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("---\ntitle: T\ntext: not this\ncontent: nor this\ndate: null\n---\nthis")
    found = only(file)
    assert isinstance(found, Article)
    assert (found.title, found.text, found.published) == ("T", "this", "")


def test_a_field_over_several_lines_is_rejected_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    file.write_text("---\ntitle: >\n  folded\n---\ntext")
    found = only(file)
    assert isinstance(found, Rejection)
    assert "title goes on" in found.reason and "one line" in found.reason


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"---\ntitle: T\n---\n", "\u200b\u200f…\n".encode()])
def test_an_empty_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "report.txt"
    file.write_bytes(content)
    found = only(file)
    assert isinstance(found, Rejection)
    assert (found.origin, found.line) == (str(file), 0)
    assert "empty text" in found.reason


def test_text_over_the_limit_is_rejected_in_utf8_bytes(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("ا" * 50)
    assert isinstance(only(file, max_text_bytes=100), Article)
    rejected = only(file, max_text_bytes=99)
    assert isinstance(rejected, Rejection)
    assert "100 bytes" in rejected.reason and "99" in rejected.reason
    file.write_text("a" * 200_000)
    too_large = only(file, max_text_bytes=99)
    assert isinstance(too_large, Rejection)
    assert "split it" in too_large.reason
