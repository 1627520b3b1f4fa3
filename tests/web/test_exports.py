from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service import export, provenance
from service.export import Format, Row
from service.records import Manifest

Client = TestClient[Litestar]
MADE = provenance.of(
    Manifest("v1", "c", "2026-01-01", "f", {"encoder": "e-1"}, 1, 0, 1, 1), "=q\nx", {"near": "Hawija"}
)


def row(**fields: Any) -> Row:
    plain: dict[str, Any] = {
        "number": 1, "kind": "passage", "score": 0.5, "article_id": "a", "title": "t", "source": "s",
        "published": "2020-05-14", "url": "https://example.org/1", "language": "en", "start": 0, "end": 4,
        "text": "text", "text_sha256": "0" * 64, "article_sha256": "1" * 64, "copies": (),
    }  # fmt: skip
    return Row(**{**plain, **fields})


def test_a_line_of_json_can_be_checked_against_the_article(client: Client) -> None:
    response = client.get("/api/v1/export/search", params={"q": "Hawija", "near": "Hawija", "format": "jsonl"})

    [line] = map(json.loads, response.text.splitlines())
    article = client.get(f"/api/v1/articles/{line['article_id']}").json()
    assert article["text"][line["start"] : line["end"]] == line["text"]
    assert hashlib.sha256(line["text"].encode()).hexdigest() == line["text_sha256"]
    assert line["article_sha256"] == article["sha256"]
    made = line["provenance"]
    assert (made["query"], made["options"], made["collection"]) == ("Hawija", {"near": "Hawija"}, "seeds")
    assert (made["index_version"], made["encoder"]) == ("20261120-a1", "fake-encoder")
    assert made["code"] == provenance.code_version()
    assert made["retrieved"].endswith("+00:00")


def test_the_file_has_a_plain_name_and_a_digest(client: Client) -> None:
    response = client.get("/api/v1/export/search", params={"q": "Hawija\r\nX-Evil: 1", "format": "ris"})

    assert response.headers["content-disposition"] == 'attachment; filename="rasad-search.ris"'
    assert response.headers["repr-digest"].startswith("sha-256=:")
    assert "x-evil" not in response.headers


def test_an_answer_exports_its_citations_and_a_refusal_what_is_nearest(client: Client) -> None:
    kinds = {}
    for question in ("Hawija", "who struck Hawija"):
        text = client.get("/api/v1/export/answer", params={"q": question, "format": "jsonl"}).text
        kinds[question] = {json.loads(line)["kind"] for line in text.splitlines()}

    assert kinds == {"Hawija": {"citation"}, "who struck Hawija": {"passage"}}


def test_an_unknown_format_is_refused(client: Client) -> None:
    assert client.get("/api/v1/export/search", params={"q": "Hawija", "format": "xlsx"}).status_code == 400


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200f=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    written = export.write([row(title=text, text=text, article_id=text)], MADE, Format.CSV)

    assert written.startswith("\ufeff")
    [cells] = csv.DictReader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert [cells[name] for name in ("title", "text", "article_id")] == ["'" + text] * 3
    assert cells["query"] == "'=q\nx"
    assert cells["score"] == "0.5"


def test_a_report_cannot_add_fields_to_bibtex_or_ris() -> None:
    evil = "x}\n}\n@misc{evil, title={\\input{y}}\r\nER  - \r\nTY  - EVIL"
    bibtex = export.write([row(title=evil, text=evil, url="javascript:alert(1)")], MADE, Format.BIBTEX)
    ris = export.write([row(title=evil, text=evil, url="https://example.org/a\r\nTY  - X")], MADE, Format.RIS)

    assert bibtex.count("\n@") == 0 and bibtex.count("@misc{") == 1 + 2  # its own, and the report's two as text
    assert depth_never_falls_below_one(bibtex)
    assert "javascript" not in bibtex and "\\input{" not in bibtex
    assert [line[:2] for line in ris.splitlines()].count("TY") == 1
    assert ris.splitlines()[-1] == "ER  - "
    assert "UR" not in {line[:2] for line in ris.splitlines()}


def depth_never_falls_below_one(entry: str) -> bool:
    """Between an entry's first brace and its last, as BibTeX counts them."""
    depth = 0
    body = entry[entry.index("{") :].rstrip()
    for position, char in enumerate(body):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 1 and position < len(body) - 1:
            return False
    return depth == 0


def test_what_was_said_of_the_question_stands_in_every_format() -> None:
    made = replace(MADE, notices=("looked for without the quotation marks", "قرب الحويجة"))
    told = json.dumps(made.notices, ensure_ascii=False)

    [line] = map(json.loads, export.write([row()], made, Format.JSON_LINES).splitlines())
    assert line["provenance"]["notices"] == list(made.notices)
    written = export.write([row()], made, Format.CSV).removeprefix("\ufeff")
    [cells] = csv.DictReader(io.StringIO(written, newline=""))
    assert cells["notices"] == told
    for kind in (Format.BIBTEX, Format.RIS):
        assert f"notices: {told}" in export.write([row()], made, kind)


def test_what_was_said_of_a_search_is_in_its_file(client: Client) -> None:
    text = client.get("/api/v1/export/search", params={"q": "Hawija <b>", "format": "jsonl"}).text

    answered = client.get("/api/v1/export/answer", params={"q": "Hawija <b>", "format": "jsonl"}).text

    for lines in (text.splitlines(), answered.splitlines()):
        assert [json.loads(line)["provenance"]["notices"] for line in lines] == [["no leg could use <b>"]]


def test_arabic_is_written_as_it_is() -> None:
    text = "نفذ التحالف غارات قرب الحويجة."

    for kind in Format:
        assert text in export.write([row(text=text)], MADE, kind)
