"""A saved web page -> the article in it, by trafilatura: menus, adverts and comments are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.corpus.decoding import decode_whole
from service.corpus.entry import Entry, Flaw, Source, Unreadable
from service.corpus.quiet import quiet

CHARSET = re.compile(
    rb"<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,200}?encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE
)
CHARSET_WITHIN_BYTES = 4096
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")  # it names an encoding that a decoded page no longer has
# A date that the page states of itself; one that stands somewhere in its text would be a guess.
STATED_DATE = {"original_date": True, "extensive_search": False}


def entries(source: Source) -> Iterator[Entry | Flaw]:
    data = source.whole()
    charset = CHARSET.search(data, 0, CHARSET_WITHIN_BYTES)
    page = decode_whole(data, source.encoding, charset[1].decode("ascii") if charset else "")
    fields = _extract(XML_DECLARATION.sub("", page))
    if not fields["text"]:
        raise Unreadable("no article text was found in this page: save the article itself, as .html or .txt")
    yield Entry(0, fields)


def _extract(page: str) -> dict[str, object]:
    if not re.search(r"<(html|body)\b", page[:10_000], re.IGNORECASE):
        page = f"<html><body>{page}</body></html>"
    try:
        with quiet("trafilatura", "htmldate", "courlan", "justext", "readability"):
            import trafilatura  # takes a quarter of a second

            document = trafilatura.bare_extraction(
                page, include_comments=False, with_metadata=True, date_extraction_params=STATED_DATE
            )
    except Exception as error:  # lxml and the extractors below it promise no list of errors
        raise Unreadable(f"the page cannot be parsed ({error}): save the article's text as .txt") from error
    if document is None or isinstance(document, dict):
        return {"text": ""}
    return {
        "text": document.text,
        "title": document.title,
        "date": document.date,
        "source": document.sitename,
        "url": document.url,
    }
