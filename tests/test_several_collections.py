"""Several collections searched as one: the sample's reports in two collections answer as they do in one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from service import cli
from service.engine import SAMPLE, Engine, sample_folder
from service.errors import CollectionNotFound, IndexMismatch, QueryError, VersionGone
from service.keys import Keys
from service.records import Filters, Open, Role
from service.settings import Settings
from service.state import State
from service.web.app import create_app

BOTH = "east,west"
QUESTIONS = [
    "strikes near Hawija",
    "غارات قرب الحويجة",
    "How many people were killed?",
    "what happened in Mosul in 2020?",
]


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every second report of the sample in each."""
    indexes = tmp_path_factory.mktemp("several")
    files = sorted((sample_folder() / "articles").glob("*.md"))
    with closing(Engine(Settings(indexes=indexes))) as engine:
        for i, name in enumerate(BOTH.split(",")):
            engine.ingest(name, files[i::2])
    return indexes


@pytest.fixture(scope="module")
def engine(top: Path) -> Iterator[Engine]:
    with closing(Engine(Settings(indexes=top))) as opened:
        yield opened


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("filters", [Filters(), Filters(place=("Iraq",)), Filters(since="2020-01-01", facets=True)])
def test_passages_and_scores_are_those_of_one_collection(
    engine: Engine, seeds: Engine, question: str, filters: Filters
) -> None:
    found = engine.retriever(BOTH).search(question, 20, True, filters)
    wanted = seeds.retriever(SAMPLE).search(question, 20, True, filters)
    assert found.collection == BOTH and {p.article_id.partition(":")[0] for p in found.passages} <= {"east", "west"}
    scores = [{p.text: p.score for p in result.passages} for result in (found, wanted)]  # one of two copies is shown
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    assert found.facets == wanted.facets


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_cite_what_the_named_collection_holds(engine: Engine, seeds: Engine, question: str) -> None:
    found, wanted = engine.answerer(BOTH).answer(question), seeds.answerer(SAMPLE).answer(question)
    assert (found.abstained, found.short_answer) == (wanted.abstained, wanted.short_answer)
    assert [c.quote for c in found.citations] == [c.quote for c in wanted.citations]
    for citation in found.citations:
        name, _, own = citation.article_id.partition(":")
        article, _ = engine.article(name, own)
        assert article.text[citation.start : citation.end] == citation.quote
        assert engine.article(BOTH, citation.article_id)[0].sha256 == article.sha256 == citation.sha256


def test_what_cannot_be_searched_together_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFound, match="'north' has nothing in it"):
        engine.retriever("east,north")
    with pytest.raises(QueryError, match="twice"):
        engine.retriever("east,west,east")
    for wrong in ("east,", "east, west", "east,../west"):
        with pytest.raises(QueryError, match="a collection's name"):
            engine.retriever(wrong)
    with pytest.raises(QueryError, match="a collection's name"):
        engine.take(BOTH, [])
    with closing(Engine(Settings(indexes=engine.indexes, chunk_words=60))) as other:
        other.ingest("north", [next((sample_folder() / "articles").glob("*.md"))])
        with pytest.raises(IndexMismatch, match=r"'east' version .* chunker"):
            other.retriever("north,east")
    with pytest.raises(IndexMismatch, match="'north'"):
        engine.retriever("east,north")


def test_a_commit_to_one_of_them_is_seen_and_pages_stay_at_their_version(top: Path, tmp_path: Path) -> None:
    with closing(Engine(Settings(indexes=top))) as engine:
        before = engine.version(BOTH)
        old = engine.retriever(BOTH)
        report = tmp_path / "new.jsonl"
        report.write_text(json.dumps({"id": "n1", "text": "Quokkas were counted in the harbour."}) + "\n", "utf-8")
        engine.ingest("west", [report])
        assert engine.version(BOTH) != before
        assert [p.article_id for p in engine.retriever(BOTH).search("quokkas", 1).passages] == ["west:n1"]
        assert "west:n1" not in [p.article_id for p in old.search("quokkas", 5).passages]
        assert engine.retriever(BOTH, before).search("Hawija").version == before
        for wrong in ("v000001", "v000001,v000099", "v1,x"):
            with pytest.raises(VersionGone):
                engine.retriever(BOTH, wrong)
        engine.delete("west", ["n1"])
        assert engine.retriever(BOTH).search("quokkas", 1).passages == old.search("quokkas", 1).passages


def test_choices_of_collections_do_not_stay_open_for_ever(top: Path) -> None:
    with closing(Engine(Settings(indexes=top))) as engine:
        files = sorted((sample_folder() / "articles").glob("*.md"))[:1]
        for number in range(5):
            engine.ingest(f"c{number}", files)
        for one in range(5):
            for other in range(5):
                if one != other:
                    engine.retriever(f"c{one},c{other}")
        assert sum("," in name for name in engine._open) <= 8


def run(top: Path, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASAD_INDEXES", str(top))
        return cli.main(list(arguments))


def test_the_command_takes_several(top: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(top, "query", "strikes near Hawija", "--collection", BOTH, "--json") == 0
    ids = [json.loads(line)["article_id"] for line in capsys.readouterr().out.splitlines()]
    assert {name.partition(":")[0] for name in ids} == {"east", "west"}
    assert run(top, "ask", "strikes near Hawija", "--collection", BOTH) in (0, 1)
    assert any(name in capsys.readouterr().out for name in ids)
    questions, out = tmp_path / "q.csv", tmp_path / "r.csv"
    questions.write_text("id,query\nq1,strikes near Hawija\n", "utf-8")
    assert run(top, "query", "--file", str(questions), "--out", str(out), "--collection", BOTH) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [row["article_id"] for row in rows] == ids and {row["collection"] for row in rows} == {BOTH}
    capsys.readouterr()
    assert run(top, "query", "strikes", "--collection", "east,north-pole") == 2
    assert "'north-pole' has nothing in it" in capsys.readouterr().err


@pytest.fixture
def client(top: Path) -> Iterator[TestClient[Any]]:
    settings = Settings(indexes=top, open=Open.EVERYONE, hosts="testserver.local", rate_per_minute=0)
    with (
        closing(Engine(settings)) as engine,
        TestClient(create_app(engine, settings), raise_server_exceptions=False) as found,
    ):
        yield found


def test_the_api_pages_and_exports_take_several(client: TestClient[Any]) -> None:
    asked = {"q": "strikes near Hawija", "collection": BOTH, "k": "3"}
    first = client.get("/api/v1/search", params=asked)
    assert first.status_code == 200 and first.json()["collection"] == BOTH
    assert (
        client.get("/api/v1/search", params=asked, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    )
    second = client.get("/api/v1/search", params={**asked, "cursor": first.json()["next"]}).json()
    assert [p["rank"] for p in second["passages"]] == [4, 5, 6]
    one = first.json()["passages"][0]
    path = f"/api/v1/articles/{quote(one['article_id'], safe='')}"
    article = client.get(path, params={"collection": BOTH}).json()
    assert article["text"][one["start"] : one["end"]] == one["text"] and article["article_id"] == one["article_id"]
    assert client.get("/api/v1/answer", params={"q": asked["q"], "collection": BOTH}).status_code == 200
    exported = client.get("/api/v1/export/search", params={"q": asked["q"], "collection": BOTH, "format": "csv"})
    assert exported.status_code == 200 and one["article_id"] in exported.text
    page = client.get("/", params={"q": asked["q"], "collection": BOTH, "lang": "en"}).text
    assert one["article_id"] in page and f'<option value="{BOTH}" selected>{BOTH}</option>' in page
    assert client.get(f"/articles/{quote(one['article_id'], safe='')}", params={"collection": BOTH}).status_code == 200
    missing = client.get("/api/v1/search", params={"q": "x", "collection": "east,north-pole"})
    assert missing.status_code == 404 and "north-pole" in missing.json()["detail"]
    assert client.get("/api/v1/search", params={"q": "x", "collection": "east,"}).status_code == 400
    many = ",".join(f"c{i}" for i in range(17))
    assert client.get("/api/v1/search", params={"q": "x", "collection": many}).status_code == 400


def test_a_key_for_one_collection_opens_no_other_beside_it(top: Path) -> None:
    settings = Settings(indexes=top, open=Open.NOBODY, hosts="testserver.local", rate_per_minute=0)
    with closing(Engine(settings)) as engine, closing(State(engine.state_path)) as state:
        headers = {"Authorization": f"Bearer {Keys(state).add('desk', Role.READ, ['east', 'north'])}"}
        with TestClient(create_app(engine, settings), raise_server_exceptions=False) as client:
            found = {
                name: client.get(
                    "/api/v1/search", params={"q": "strikes", "collection": name}, headers=headers
                ).status_code
                for name in ("east", BOTH, "west,east", "west")
            }
            body = client.post("/api/v1/answer", json={"question": "strikes", "collection": BOTH}, headers=headers)
    assert found == {"east": 200, BOTH: 403, "west,east": 403, "west": 403}
    assert body.status_code == 403
