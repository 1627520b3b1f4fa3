"""JSON Lines: one object a line, read line by line, so that a broken line costs that line alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from service.corpus.entry import Entry, Flaw, Source, Unfit, Unreadable, shown
from service.corpus.lines import bounded_lines
from service.corpus.recordwise import Records, decode_start, open_records

PRETTY_PRINTED = re.compile(rb'\s*(\{\s*\n\s*"|\[\s*\n)')


def starts_here(source: Source) -> bool:
    """Whether a stream of unknown kind is JSON Lines: its first character is an opening brace."""
    return decode_start(source).lstrip("\ufeff \t\r\n").startswith("{")


def entries(source: Source) -> Iterator[Entry | Flaw]:
    records = open_records(source)
    if PRETTY_PRINTED.match(records.stream.peek(1)):
        raise Unreadable(
            "one JSON document over many lines, not one object a line: rewrite it with jq -c . FILE, "
            "or a list with jq -c '.[]' FILE"
        )
    for number, line in bounded_lines(records.stream, source.max_record_bytes):
        if line is None:
            yield Flaw(number, f"a line of more than {source.max_record_bytes:,} bytes: split the article")
        elif line.strip():
            try:
                yield Entry(number, _object(line, records))
            except Unfit as error:
                yield Flaw(number, str(error))


def _object(line: bytes, records: Records) -> dict[str, object]:
    text = line.decode(records.encoding_of(line))
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unfit(f"broken JSON at column {error.colno} ({error.msg}): correct or remove the line") from error
    except (ValueError, RecursionError) as error:
        raise Unfit(f"JSON that cannot be read ({error}): correct or remove the line") from error
    if not isinstance(record, dict):
        raise Unfit(f"not a JSON object but {shown(record)}: write one {{...}} a line with the field text")
    return record
