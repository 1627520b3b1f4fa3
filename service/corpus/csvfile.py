"""CSV: a header, then one article a row, read row by row; cells are kept to the character, line breaks included."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator

from service.corpus.entry import Entry, Flaw, Source, Unfit, Unreadable, shown
from service.corpus.fields import ALIASES, NAMES
from service.corpus.recordwise import Records, open_records

DELIMITERS = ",;\t"
ENDS = ("\n", "\r")
TEXT_NAMES = frozenset(ALIASES["text"])


def entries(source: Source) -> Iterator[Entry | Flaw]:
    records = open_records(source)
    # One Latin-1 character is one byte: the commas and quotes are found before the encoding of the cells is known.
    text = io.TextIOWrapper(records.stream, "latin-1", newline="")
    try:
        yield from _rows(_Lines(text, source.max_record_bytes), records)
    finally:
        text.detach()  # the stream is closed by who opened it


def _rows(lines: _Lines, records: Records) -> Iterator[Entry | Flaw]:
    # The default refuses cells over 128 KB; the lines are bounded here. The limit belongs to the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), lines.max_chars))
    try:
        header = next(lines, "")
    except csv.Error as error:
        raise Unreadable(f"no header in the first line: {error}; name the columns there") from error
    by_delimiter = {delimiter: _header(header, delimiter, records) for delimiter in DELIMITERS}
    delimiter = next((d for d, names in by_delimiter.items() if not TEXT_NAMES.isdisjoint(names)), "")
    if not delimiter:
        raise Unreadable(
            f"no column is named {', '.join(ALIASES['text'])}: the first line is {shown(header.strip())}; "
            "name the columns there, the article's text as text"
        )
    names = by_delimiter[delimiter]
    if twice := [name for name in NAMES if names.count(name) > 1]:
        raise Unreadable(f"two columns are named {min(twice)}: rename one")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_record()
        start = lines.number + 1
        try:
            row = next(reader)
            if row:
                yield Entry(start, _fields(names, row, records))
        except StopIteration:
            return
        except csv.Error as error:
            lines.give_back()
            yield Flaw(start, f"broken CSV ({error}): correct the quotes of this row")
        except Unfit as error:
            yield Flaw(start, str(error))


class _Lines:
    """The lines of one record after the other, together not longer than a bound."""

    def __init__(self, text: io.TextIOWrapper, max_chars: int) -> None:
        self.max_chars = max_chars
        self.number = 0  # of the line given last
        self._text = text
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._left = max_chars

    def begin_record(self) -> None:
        self._record = []
        self._left = self.max_chars

    def give_back(self) -> None:
        """All but the first line of the record come again: a quote that is not closed costs its own line only."""
        self._again.extendleft(reversed(self._record[1:]))
        self.number -= len(self._record[1:])

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else ""
        if not line.endswith(ENDS):  # the last line given back may have been cut at the bound
            line += self._text.readline(max(1, self._left + 1 - len(line)))
        if not line:
            raise StopIteration
        self.number += 1
        self._record.append(line)
        self._left -= len(line)
        if self._left < 0:
            while len(self._record) == 1 and line and not line.endswith(ENDS):
                line = self._text.readline(self.max_chars)
            raise csv.Error(f"a record of more than {self.max_chars:,} bytes, or a quote that is not closed")
        return line


def _header(line: str, delimiter: str, records: Records) -> list[str]:
    row = next(csv.reader([line], delimiter=delimiter), [])
    try:
        encoding = records.encoding_of(line.encode("latin-1"))
    except Unfit as error:
        raise Unreadable(f"the header cannot be read: {error}") from error
    return [cell.encode("latin-1").decode(encoding).strip().casefold() for cell in row]


def _fields(names: list[str], row: list[str], records: Records) -> dict[str, object]:
    if len(row) < len(names) or any(row[len(names) :]):
        raise Unfit(f"{len(row)} cells under {len(names)} columns: quote cells that hold delimiters or line breaks")
    encoding = records.encoding_of("\n".join(row).encode("latin-1"))
    return {name: cell.encode("latin-1").decode(encoding) for name, cell in zip(names, row, strict=False)}
