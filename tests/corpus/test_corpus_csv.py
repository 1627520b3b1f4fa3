"""CSV: cells kept to the character, and one broken row costs one row."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.corpus import read
from service.records import Article, Rejection


def found_in(path: Path, content: str, **options: object) -> list[Article | Rejection]:
    path.write_bytes(content.encode())
    return list(read([path], **options))  # type: ignore[arg-type]


def test_columns_by_name_and_cells_as_received(tmp_path: Path) -> None:
    text = 'قال "المصدر":\r\nسطر\nثان\rثالث, انتهى '
    cell = text.replace('"', '""')
    content = f'\ufeffID, Title ,body,pubDate,extra\r\n7,عنوان,"{cell}",2015-07-21,x\r\n\r\n8,,b,,\r\n'
    first, second = found_in(tmp_path / "a.csv", content)
    assert isinstance(first, Article) and isinstance(second, Article)
    assert (first.article_id, first.title, first.text, first.published) == ("7", "عنوان", text, "2015-07-21")
    assert first.origin == f"{tmp_path / 'a.csv'}:2"
    assert (second.article_id, second.text, second.title) == ("8", "b", "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    content = f"id{delimiter}text{end}1{delimiter}one{end}2{delimiter}two{end}"
    found = found_in(tmp_path / "a.csv", content)
    assert [f.text for f in found if isinstance(f, Article)] == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("id,headline\n1,x\n", "no column is named text, body, content: the first line is 'id,headline'"),
        ("\n\n", "no column"),
        ("text,text\na,b\n", "two columns are named text"),
        ("id,text\n", "nothing in it"),
        ("", "no column"),
    ],
)
def test_a_file_without_its_columns_is_rejected(tmp_path: Path, content: str, reason: str) -> None:
    (rejected,) = found_in(tmp_path / "a.csv", content)
    assert isinstance(rejected, Rejection)
    assert rejected.line == 0 and reason in rejected.reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,x,y", "3 cells under 2 columns"),
        ("only", "1 cells under 2 columns"),
        ('2,"x"y', "broken CSV"),
        ('2,"never closed', "broken CSV"),
        ("2, ", "empty text"),
        (f"2,{'x' * 1000}", "1,000 bytes"),
        (f"2,{'x' * 200_000}", "a record of more than"),
        ("2,a\0b", "NUL"),
    ],
)
def test_a_bad_row_costs_that_row_only(tmp_path: Path, row: str, reason: str) -> None:
    first, rejected, third, fourth = found_in(
        tmp_path / "a.csv", f'id,text\n1,"one\n1"\n{row}\n3,three\n4,four\n', max_text_bytes=900
    )
    assert isinstance(first, Article) and first.text == "one\n1"
    assert isinstance(rejected, Rejection) and rejected.line == 4
    assert reason in rejected.reason
    assert isinstance(third, Article) and third.origin.endswith(":5")
    assert isinstance(fourth, Article) and fourth.text == "four"


def test_a_quote_never_closed_gives_its_rows_back_beyond_the_bound(tmp_path: Path) -> None:
    rows = "".join(f"{n},text {n} {'x' * 80}\n" for n in range(2000))
    rejected, *rest = found_in(tmp_path / "a.csv", f'id,text\nbad,"open\n{rows}', max_text_bytes=1000)
    assert isinstance(rejected, Rejection) and rejected.line == 2 and "not closed" in rejected.reason
    assert [f.article_id for f in rest if isinstance(f, Article)] == [str(n) for n in range(2000)]
    assert [f.origin.rpartition(":")[2] for f in rest if isinstance(f, Article)] == [str(n + 3) for n in range(2000)]


def test_gzip_and_cells_over_the_default_of_the_library(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(b"text\n" + b"abc " * 100_000 + b"\n"))
    (found,) = read([file])
    assert isinstance(found, Article)
    assert len(found.text) == 400_000


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), min_size=1, max_size=5))
def test_text_survives_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text"])
    writer.writerows(enumerate(texts))
    file = tmp_path_factory.getbasetemp() / "property.csv"
    file.write_bytes(out.getvalue().encode())
    found = list(read([file]))
    assert len(found) == len(texts)
    wanted = {str(n): t for n, t in enumerate(texts) if any(map(str.isalnum, t))}
    assert {f.article_id: f.text for f in found if isinstance(f, Article)} == wanted
