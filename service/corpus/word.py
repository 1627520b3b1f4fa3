"""A .docx -> its text in reading order, by python-docx: paragraphs, tables, text boxes; tracked changes as accepted."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from service.corpus.entry import Entry, Flaw, Source, Unreadable
from service.corpus.quiet import quiet

# Names without their XML namespace.
UNREAD = frozenset(("pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr", "del", "moveFrom", "Fallback", "instrText"))
SPELLED = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "ptab": "\t"}
OLE = b"\xd0\xcf\x11\xe0"
MAX_UNPACKED_BYTES = 512 * 2**20
XML_BYTES_PER_TEXT_BYTE = 10  # with the least formatting a word costs some 100 bytes


def entries(source: Source) -> Iterator[Entry | Flaw]:
    import docx

    if source.stream.peek(4).startswith(OLE):
        raise Unreadable("encrypted, or an old .doc under a new name: save it as .docx without a password")
    try:
        _check_size(source)
        with quiet("docx"):
            document = docx.Document(source.stream)
            text = "\n".join(_blocks(document.element.body))
            title = document.core_properties.title
    except Unreadable:
        raise
    except Exception as error:  # zip, XML and package errors of several libraries
        raise Unreadable(
            f"not a Word file that can be read ({type(error).__name__}: {error}): save it anew, or as text"
        ) from error
    if not text.strip():
        raise Unreadable("a Word file without text, perhaps a scan: run OCR on its pictures, then ingest the result")
    yield Entry(0, {"title": title, "text": text})


def _check_size(source: Source) -> None:
    """Before anything is unpacked; zipfile itself unpacks no more of a part than its entry declares."""
    with zipfile.ZipFile(source.stream) as package:
        parts = package.infolist()
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    total = sum(part.file_size for part in parts)
    if xml > XML_BYTES_PER_TEXT_BYTE * source.max_text_bytes + 2**20 or total > MAX_UNPACKED_BYTES:
        raise Unreadable(f"unpacks to {total:,} bytes, {xml:,} of them XML, too much for one article: split it")
    source.stream.seek(0)


def _blocks(parent: Any) -> Iterator[str]:
    """The lines of a body, cell or text box: one a paragraph, one a table row with tabs between its cells."""
    for node in parent:
        match _name(node):
            case "p":
                boxes: list[Any] = []
                yield "".join(_inline(node, boxes))
                for box in boxes:
                    yield from _blocks(box)
            case "tr":
                yield "\t".join(" ".join(_blocks(cell)) for cell in _cells(node))
            case name if name not in UNREAD:
                yield from _blocks(node)


def _cells(row: Any) -> Iterator[Any]:
    for node in row:
        if _name(node) == "tc":
            yield node
        elif _name(node) not in UNREAD:
            yield from _cells(node)


def _inline(parent: Any, boxes: list[Any]) -> Iterator[str]:
    for node in parent:
        name = _name(node)
        if name == "t":
            yield node.text or ""
        elif name in SPELLED:
            yield SPELLED[name]
        elif name == "txbxContent":
            boxes.append(node)
        elif name not in UNREAD:
            yield from _inline(node, boxes)


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
