"""Word files: text in reading order, and what is no Word file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from service.corpus import read, word
from service.records import Article, Rejection

BOX = (
    "<w:p {ns}><w:r><w:t>before</w:t></w:r><w:r><mc:AlternateContent "
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="wps"><w:txbxContent>'
    "<w:p><w:r><w:t>in the box</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r>"
    "<w:t>in the box</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
)
TRACKED = (
    "<w:p {ns}><w:pPr><w:tabs><w:tab w:val='left' w:pos='1'/></w:tabs></w:pPr><w:r><w:t>kept </w:t></w:r>"
    "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
    "<w:ins><w:r><w:t>added</w:t></w:r></w:ins></w:p>"
)
CONTROL = "<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def found_in(tmp_path: Path, content: bytes, **options: object) -> Article | Rejection:
    file = tmp_path / "report.docx"
    file.write_bytes(content)
    (found,) = read([file], **options)  # type: ignore[arg-type]
    return found


def test_paragraphs_tables_boxes_and_changes_in_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "تقرير"
    document.add_paragraph("قصفٌ جويّ  قرب الحويجة")
    table = document.add_table(2, 2)
    for n, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {n}"
    document.add_paragraph("tab\tand\nbreak")
    body = document.element.body
    for xml in (BOX, TRACKED, CONTROL):
        body.insert(len(body) - 1, parse_xml(xml.replace("{ns}", nsdecls("w"))))
    found = found_in(tmp_path, saved(document))
    assert isinstance(found, Article), found
    assert found.text == (
        "قصفٌ جويّ  قرب الحويجة\ncell 0\tcell 1\ncell 2\tcell 3\ntab\tand\nbreak\nbefore\n"
        "in the box\nkept added\nin a control"
    )
    assert (found.title, found.published) == ("تقرير", "")


def test_a_file_without_text(tmp_path: Path) -> None:
    found = found_in(tmp_path, saved(docx.Document()))
    assert isinstance(found, Rejection)
    assert "without text" in found.reason and "OCR" in found.reason


def other_package() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("a.txt", "text")
    return out.getvalue()


WHOLE = saved(docx.Document())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a Word file"),
        (b"text", "not a Word file"),
        (WHOLE[:-200], "not a Word file"),
        (WHOLE.replace(b"word/document.xml", b"word/documend.xml"), "not a Word file"),
        (other_package(), "not a Word file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "without a password"),
    ],
)
def test_what_is_no_word_file(tmp_path: Path, content: bytes, reason: str) -> None:
    found = found_in(tmp_path, content)
    assert isinstance(found, Rejection)
    assert reason in found.reason


@pytest.mark.parametrize("limit", ["MAX_UNPACKED_BYTES", "XML_BYTES_PER_TEXT_BYTE"])
def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    document = docx.Document()
    document.add_paragraph("a" * 3_000_000)
    content = saved(document)
    assert len(content) < 100_000
    monkeypatch.setattr(word, limit, 0)
    found = found_in(tmp_path, content)
    assert isinstance(found, Rejection)
    assert "unpacks to" in found.reason
