"""What any backend does over a collection's life: filters, deletes, updates, copies, reopening, writers that die."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from litestar.testing import TestClient

from service import cli
from service.engine import Engine
from service.errors import ArticleNotFound, CollectionNotFound, IndexLocked, IndexMismatch, QueryError, VersionGone
from service.records import Filters, Leg, Open
from service.settings import Settings
from service.web.app import create_app
from tests.backends.contract.conftest import article, put

HARD = 'قال "الناطق":\n\tسطر \\ جديد\' ; {x} %s أُبلغَ عن ٣ غارات'
QUOTED = 'وكالة "الأنباء" \\ \nالثانية'
OLD = article("old", "شن الطيران غارة على الحويجة", "غارة", "Radio", published="2015-08-07", language="ar")
NEW = article(
    "new", "The coalition made a strike in Tikrit.", "Strike", "Agency", published="2020-05-14", language="en"
)
HARDEST = article('id "1"\n\\', f"{HARD} في الموصل", HARD, QUOTED, url="https://example.org/?a=1&b='2'", language="ar")


def ids(engine: Engine, text: str, filters: Filters | None = None) -> list[str]:
    """Of the articles that hold a word of the text itself, or that all legs find where there are filters."""
    if filters is None:
        return sorted({hit.docid.rpartition("#")[0] for hit in engine.retriever("c").rank(text, Leg.BM25)})
    found = engine.retriever("c").search(text, 50, filters=filters)
    return sorted({passage.article_id for passage in found.passages})


def test_texts_come_back_as_they_came(engine: Engine) -> None:
    long = article("long", " ".join(f"كلمة{i} غارة \u202bنص\u202c" for i in range(9_000)), "طويل")  # 300 KB
    put(engine, HARDEST, long)
    for wanted in (HARDEST, long):
        assert engine.article("c", wanted.article_id)[0] == wanted
    for passage in engine.retriever("c").search("غارات كلمة17", 50).passages:
        text = {a.article_id: a.text for a in (HARDEST, long)}[passage.article_id]
        assert text[passage.start : passage.end] == passage.text
    assert engine.article_ids("c") == [HARDEST.article_id, "long"]


def test_filters(engine: Engine) -> None:
    put(engine, OLD, NEW, HARDEST)
    everything = "غارة strike غارات"
    assert ids(engine, everything) == ids(engine, everything, Filters()) == [HARDEST.article_id, "new", "old"]
    for filters, wanted in (
        (Filters(source=("Agency",)), ["new"]),
        (Filters(source=(QUOTED,)), [HARDEST.article_id]),
        (Filters(source=("nobody",)), []),
        (Filters(language=("ar",)), [HARDEST.article_id, "old"]),
        (Filters(since="2016"), ["new"]),
        (Filters(until="2015-08-07"), ["old"]),
        (Filters(place=("Iraq",)), [HARDEST.article_id, "new", "old"]),
        (Filters(near="Mosul", within_km=30), [HARDEST.article_id]),
    ):
        assert ids(engine, everything, filters) == wanted, filters
    assert ids(engine, '"شن الطيران" غارة') == ["old"]
    assert ids(engine, '"الطيران شن" غارة') == []
    assert ids(engine, "غارة strike -Tikrit") == [HARDEST.article_id, "old"]
    assert ids(engine, "title:strike coalition") == ["new"]
    assert ids(engine, "source:الأنباء غارات") == [HARDEST.article_id]


def test_deletes_and_updates(engine: Engine) -> None:
    put(engine, OLD, NEW)
    changed = replace(article("old", "قصف مدفعي على قرية مزرعة", "قصف"), source="Radio 2")
    put(engine, changed, update=True)
    assert engine.article("c", "old")[0] == changed
    assert ids(engine, "الحويجة") == [] and ids(engine, "مدفعي") == ["old"]
    with pytest.raises(ArticleNotFound, match="nothing-of-that-name"):
        engine.delete("c", ["new", "nothing-of-that-name"])
    assert ids(engine, "coalition") == ["new"], "a delete that fails changes nothing"
    assert engine.delete("c", ["new"]) == 1
    assert ids(engine, "coalition") == [] and engine.article_ids("c") == ["old"]
    with pytest.raises(ArticleNotFound):
        engine.article("c", "new")
    assert engine.reader("c").document_frequency("coalit") == 0


def test_copies(engine: Engine) -> None:
    copies = [replace(OLD, article_id=name, title=name, source=name) for name in ("copy-b", "copy-a")]
    put(engine, OLD, copies[0])
    put(engine, copies[1])
    status = engine.status("c")
    assert (status.articles, status.copies) == (1, 2)
    assert engine.copies("c") == {"old": ("copy-a", "copy-b")}
    assert engine.article("c", "copy-a") == (copies[1], ("copy-b", "old"))
    assert engine.retriever("c").search("الحويجة", 5).passages[0].copies == ("copy-a", "copy-b")
    engine.delete("c", ["old"])
    assert engine.article("c", "copy-a")[0] == copies[1], "the text stays under an id that is left"
    assert (engine.status("c").articles, engine.status("c").copies) == (1, 1)
    assert ids(engine, "الحويجة") == [next(iter(engine.copies("c")))]


def test_near_copies_across_commits(engine: Engine) -> None:
    story = "شن الطيران الحربي غارة على سوق شعبي في مدينة الحويجة صباح يوم الجمعة وأدت الغارة إلى سقوط عدد من الضحايا"
    put(
        engine,
        article("first", story),
        article("other", "اجتمع مجلس المدينة لبحث أسعار الخبز والماء في السوق هذا العام"),
    )
    put(engine, article("second", f"{story} والجرحى"))
    found = {p.article_id: p.near_copies for p in engine.retriever("c").search("غارة الحويجة سوق", 10).passages}
    assert found["first"] == ("second",) and found["second"] == ("first",) and found.get("other", ()) == ()


def test_a_collection_is_there_after_reopening(made: Settings, opened: Callable[[Settings], Engine]) -> None:
    with closing(opened(made)) as engine:
        put(engine, OLD, NEW, HARDEST)
        put(engine, OLD, collection="other-one_2")
        wanted = engine.retriever("c").search("غارة strike", 10)
    engine = opened(made)
    assert engine.collections() == ["c", "other-one_2"]
    found = engine.retriever("c").search("غارة strike", 10)
    assert (found.passages, found.version) == (wanted.passages, wanted.version)
    put(engine, article("third", "a third report on a strike"))
    assert ids(engine, "third") == ["third"] and engine.version("c") != wanted.version


def test_empty_and_missing_collections(engine: Engine) -> None:
    with pytest.raises(CollectionNotFound, match="rasad ingest"):
        engine.retriever("c")
    assert engine.collections() == []
    with pytest.raises(QueryError):
        engine.status("no/such name")
    put(engine, OLD)
    engine.delete("c", ["old"])
    reader = engine.reader("c")
    assert (reader.manifest.articles, reader.manifest.chunks) == (0, 0)
    result = engine.retriever("c").search("غارة على الحويجة", 10, filters=Filters(facets=True))
    assert result.passages == () and result.facets is not None and result.facets.sources == ()
    put(engine, NEW)
    assert ids(engine, "coalition") == ["new"]


def test_an_article_without_a_word(engine: Engine) -> None:
    put(engine, article("blank", " \n "), article("dots", "... ؟"), NEW)
    assert engine.status("c").articles == 3
    assert engine.article("c", "blank")[0].text == " \n " and ids(engine, "strike") == ["new"]


def test_a_version_stays_as_it_is_while_the_next_is_written(engine: Engine) -> None:
    put(engine, OLD, NEW)
    before, version = engine.reader("c"), engine.version("c")
    put(engine, article("old", "قصف على قرية"), article("third", "a strike in Mosul"), update=True)
    assert engine.version("c") != version
    assert before.article_ids() == ["old", "new"] and before.document_frequency("mosul") == 0
    assert before.article("old")[0] == OLD
    vector = engine.encoder.encode_query("strike")
    assert sorted(before.docids(before.search_vector(vector, 9).keys.tolist())) == ["new#0", "old#0"]
    assert engine.retriever("c", version).search("الحويجة", 5).passages[0].article_id == "old"
    with pytest.raises(VersionGone):
        engine.retriever("c", "v999999")


def test_what_a_writer_left_that_did_not_publish_is_not_seen(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    put(engine, OLD, NEW)
    with monkeypatch.context() as patch:
        for name in ("embedded.layout.point_to", "milvus.versions.Versions.publish"):
            patch.setattr(f"service.backends.{name}", _dies)
        with pytest.raises(KeyboardInterrupt):
            put(engine, article("old", "قصف على قرية"), article("third", "a strike in Mosul"), update=True)
    assert engine.article_ids("c") == ["old", "new"] and ids(engine, "الحويجة strike") == ["new", "old"]
    put(engine, article("fourth", "a bridge"))
    assert engine.article_ids("c") == ["old", "new", "fourth"] and ids(engine, "mosul") == []
    assert engine.article("c", "old")[0] == OLD and engine.status("c").chunks == 3


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_one_writer_at_a_time(engine: Engine) -> None:
    with closing(engine._writer("c")), pytest.raises(IndexLocked, match="'c'"):
        put(engine, OLD)
    put(engine, OLD)


def test_other_settings_refuse(made: Settings, opened: Callable[[Settings], Engine]) -> None:
    with closing(opened(made)) as engine:
        put(engine, OLD)
    with closing(opened(replace(made, chunk_words=77))) as engine, pytest.raises(IndexMismatch, match="chunker"):
        engine.retriever("c")


def test_commands_and_service_differ_in_settings_alone(
    made: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASAD_INDEXES", str(made.indexes))
    where = ["--backend", made.backend, *(["--uri", made.uri] if made.uri else [])]
    reports = tmp_path / "reports.jsonl"
    record = {"id": "r1", "title": "غارة", "text": "شن الطيران غارة على الحويجة وقتل 7 أشخاص."}
    reports.write_text(json.dumps(record), "utf-8")
    assert cli.main(["ingest", str(reports), "--collection", "c", *where]) == 0
    assert cli.main(["query", "strikes near Hawija", "--collection", "c", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["article_id"] == "r1"
    cli.main(["ask", "كم شخصًا قتل في الحويجة؟", "--collection", "c", "--json", *where])
    assert json.loads(capsys.readouterr().out)["collection"] == "c"
    assert cli.main(["status", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 1
    assert cli.main(["delete", "r1", "--collection", "c", *where]) == 0
    assert cli.main(["query", "strikes near Hawija", "--collection", "c", *where]) == 1
    assert cli.main(["ingest", str(reports), "--collection", "c", *where]) == 0
    served = replace(made, chunk_words=120, open=Open.EVERYONE, hosts="testserver.local")
    with closing(Engine(served)) as engine, TestClient(create_app(engine, served)) as client:
        found = client.get("/api/v1/search", params={"q": "strikes near Hawija", "collection": "c"})
        assert found.status_code == 200 and found.json()["passages"][0]["article_id"] == "r1"
