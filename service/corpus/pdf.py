"""A PDF -> the text it carries, by pypdf; pictures of text carry none and are said to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.corpus.entry import Entry, Flaw, Source, Unreadable
from service.corpus.quiet import quiet

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

OCR = "run OCR on it first (for example ocrmypdf -l ara+eng), then ingest the result"


def entries(source: Source) -> Iterator[Entry | Flaw]:
    title, pages, pictures = _extract(source)
    if not any(pages):
        raise Unreadable(f"no text on any page ({len(pages)} in all), so it is probably a scan: {OCR}")
    if pictures:
        numbers = ", ".join(map(str, pictures[:20])) + (" ..." if len(pictures) > 20 else "")
        yield Flaw(pictures[0], f"pages that are pictures without text are left out (page {numbers}): {OCR}")
    yield Entry(0, {"title": title, "text": "\n".join(page for page in pages if page)})


def _extract(source: Source) -> tuple[str, list[str], list[int]]:
    """Title, the text of each page, and the numbers from 1 of the pages that hold a picture and no text."""
    with quiet():  # a cryptography that is newer than pypdf knows warns on import
        import pypdf

    try:
        with quiet("pypdf"):
            reader = pypdf.PdfReader(source.stream)
            pages: list[str] = []
            pictures: list[int] = []
            left = source.max_text_bytes
            for number, page in enumerate(reader.pages, start=1):
                text = page.extract_text()
                left -= len(text)
                if left < 0:
                    raise Unreadable(f"more than {source.max_text_bytes:,} characters of text: split the file")
                pages.append(text if text.strip() else "")
                if not pages[-1] and _has_picture(page):
                    pictures.append(number)
            return _title(reader), pages, pictures
    except Unreadable:
        raise
    except (pypdf.errors.FileNotDecryptedError, pypdf.errors.DependencyError) as error:
        raise Unreadable(f"encrypted ({error}): save it without a password (for example qpdf --decrypt)") from error
    except Exception as error:  # pypdf says in errors.py that broken files raise whatever they raise
        raise Unreadable(
            f"a PDF that cannot be read ({type(error).__name__}: {error}): save it anew from a viewer, or as text"
        ) from error


def _title(reader: PdfReader) -> str:
    title = reader.metadata.title if reader.metadata else None
    return title if isinstance(title, str) else ""


def _has_picture(page: PageObject) -> bool:
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    if objects is None:
        return False
    return any(item.get_object().get("/Subtype") == "/Image" for item in objects.get_object().values())
