"""PDF: the text of its pages; scans, locked and broken files are told apart."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest

from service.corpus import read
from service.records import Article, Rejection

ARABIC = "قصف جوي قرب الحويجة"


def pdf(contents: list[bytes], *, info: bytes = b"", picture: bool = False) -> bytes:
    """A PDF with one page for each content stream; font F1 is Helvetica, F2 maps code n to letter n of ARABIC."""
    pairs = "".join(f"<{n:04x}> <{ord(letter):04x}>\n" for n, letter in enumerate(ARABIC, start=1))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <0000> <ffff> "
        f"endcodespacerange\n{len(ARABIC)} beginbfchar\n{pairs}endbfchar endcmap end end"
    ).encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(contents), b" ".join(b"%d 0 R" % (9 + 2 * n) for n in range(len(contents)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H "
        b"/DescendantFonts [5 0 R] /ToUnicode 6 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        b"/Supplement 0 >> /DW 500 >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Length 1 >>\n"
        b"stream\n\xff\nendstream",
        b"<< %s >>" % info,
    ]
    for n, content in enumerate(contents):
        image = b"/XObject << /Im1 7 0 R >>" if picture else b""
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> %s >> >>" % (10 + 2 * n, image)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    trailer = b"trailer << /Size %d /Root 1 0 R /Info 8 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + trailer % (len(objects) + 1, out.rindex(b"xref\n0"))


def shows(text: str) -> bytes:
    return b"BT /F1 12 Tf 50 700 Td (%s) Tj ET" % text.encode()


def locked(algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([shows("secret")])))
    writer.encrypt("password", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def found_in(tmp_path: Path, content: bytes, **options: object) -> list[Article | Rejection]:
    file = tmp_path / "report.pdf"
    file.write_bytes(content)
    return list(read([file], **options))  # type: ignore[arg-type]


def test_text_of_all_pages_and_the_title(tmp_path: Path) -> None:
    content = pdf([shows("Strike near the town."), b"", shows("Second page.")], info=b"/Title (Daily report)")
    (found,) = found_in(tmp_path, content)
    assert isinstance(found, Article)
    assert found.text == "Strike near the town.\nSecond page."
    assert (found.title, found.language, found.published) == ("Daily report", "en", "")


def test_arabic_comes_in_reading_order(tmp_path: Path) -> None:
    codes = b"".join(b"%04x" % n for n in range(len(ARABIC), 0, -1))  # drawn from left to right, as printers do
    (found,) = found_in(tmp_path, pdf([b"BT /F2 12 Tf 50 700 Td <%s> Tj ET" % codes]))
    assert isinstance(found, Article)
    assert found.text == ARABIC
    assert found.language == "ar"


def test_a_scan_is_told_to_go_to_ocr(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, pdf([b"q 600 0 0 800 0 0 cm /Im1 Do Q"] * 3, picture=True))
    assert isinstance(found, Rejection)
    assert found.line == 0
    assert "no text on any page (3 in all)" in found.reason and "OCR" in found.reason


def test_scanned_pages_among_others_are_told(tmp_path: Path) -> None:
    told, taken = found_in(tmp_path, pdf([shows("text"), b"/Im1 Do", b"/Im1 Do"], picture=True))
    assert isinstance(taken, Article) and taken.text == "text"
    assert isinstance(told, Rejection)
    assert told.line == 2 and "page 2, 3" in told.reason and "OCR" in told.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read"),
        (b"no PDF at all", "cannot be read"),
        (pdf([shows("text")])[:200], "cannot be read"),
        (locked("RC4-128"), "encrypted"),
    ],
)
def test_broken_and_locked_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, content: bytes, reason: str
) -> None:
    (found,) = found_in(tmp_path, content)
    assert isinstance(found, Rejection)
    assert reason in found.reason
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_too_much_text(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, pdf([shows("a" * 80)] * 2), max_text_bytes=100)
    assert isinstance(found, Rejection)
    assert "split the file" in found.reason
