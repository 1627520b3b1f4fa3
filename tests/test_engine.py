"""The whole path through the composition root: reports in, cited passages out."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from service import analyzer
from service import engine as engines
from service.backends.embedded import kernels
from service.backends.embedded.writer import EmbeddedWriter
from service.chunker import chunk
from service.engine import SAMPLE, Engine
from service.errors import (
    ArticleNotFound,
    CollectionNotFound,
    IndexDamaged,
    IndexLocked,
    IndexMismatch,
    QueryError,
    VersionGone,
)
from service.records import Fusion, Language, Leg
from service.settings import Settings

Reports = Callable[..., Path]
HAWIJA = {"strikes near Hawija", "غارات قرب الحويجة"}


@pytest.mark.parametrize("question", sorted(HAWIJA))
def test_the_reports_on_hawija_come_first_in_both_languages(seeds: Engine, question: str) -> None:
    relevant = {
        line.split()[2]
        for line in (engines.sample_folder() / "qrels.txt").read_text().splitlines()
        if line.split()[0] == "S01" and line.split()[3] == "2"
    }
    passages = seeds.retriever(SAMPLE).search(question).passages
    assert {passage.article_id for passage in passages[:2]} <= relevant
    for language in ("ar", "en"):
        first = next(passage for passage in passages if passage.language == language)
        assert first.article_id in relevant, language


def test_warming_changes_no_answer_and_has_the_compiled_loops_ready(seeds: Engine) -> None:
    before = [replace(seeds.retriever(SAMPLE).search(question), took_ms=0.0) for question in sorted(HAWIJA)]
    seeds.warm(SAMPLE)
    assert kernels.ready() is not None
    assert [replace(seeds.retriever(SAMPLE).search(question), took_ms=0.0) for question in sorted(HAWIJA)] == before


@pytest.mark.parametrize("question", [*sorted(HAWIJA), '"oil wells"', "قتلى OR جرحى -بغداد", "title:Hawija", "2014"])
def test_every_passage_is_a_slice_of_its_article_and_so_is_every_highlight(seeds: Engine, question: str) -> None:
    result = seeds.retriever(SAMPLE).search(question, k=20)
    assert [passage.rank for passage in result.passages] == list(range(1, len(result.passages) + 1)) != []
    assert [-p.score for p in result.passages] == sorted(-p.score for p in result.passages)
    for passage in result.passages:
        article, copies = seeds.article(SAMPLE, passage.article_id)
        assert article.text[passage.start : passage.end] == passage.text
        assert (passage.sha256, passage.copies) == (article.sha256, copies)
        for start, end in passage.highlights:
            assert passage.start <= start < end <= passage.end
            assert analyzer.words(article.text[start:end]) == [article.text[start:end]]


def test_a_result_names_the_question_its_language_and_the_version(seeds: Engine) -> None:
    result = seeds.retriever(SAMPLE).search("غارات")
    assert (result.query, result.language, result.collection) == ("غارات", Language.ARABIC, SAMPLE)
    assert result.version == seeds.version(SAMPLE) == seeds.status(SAMPLE).version
    assert result.took_ms > 0


def test_the_same_question_has_the_same_answer(seeds: Engine) -> None:
    first, second = (
        replace(seeds.retriever(SAMPLE).search("strikes near Hawija", explain=True), took_ms=0) for _ in range(2)
    )
    assert first == second


def test_explain_tells_scores_ranks_and_which_word_met_which_form(seeds: Engine) -> None:
    passages = seeds.retriever(SAMPLE).search("strikes near Hawija", explain=True).passages
    arabic = next(passage for passage in passages if passage.language == "ar")
    english = next(passage for passage in passages if passage.language == "en")
    legs = {score.leg: score for score in english.legs}
    assert set(legs) >= {Leg.BM25, Leg.CROSS, Leg.DENSE}
    assert all((score.score is None) == (score.rank is None) for score in english.legs)
    assert ("Hawija", "hawija", "same") in {(m.source, m.form, m.evidence) for m in english.matches}
    assert "Hawija" in {m.source for m in arabic.matches if analyzer.is_arabic(m.form)}


def test_explain_tells_the_places_that_a_passage_names(seeds: Engine) -> None:
    passage = seeds.retriever(SAMPLE).search("strikes near Hawija", explain=True).passages[0]
    named = {
        m.place.name_en: passage.text[m.start - passage.start : m.end - passage.start]
        for m in passage.mentions
        if m.place and m.start >= 0
    }
    assert named["Hawija"] in ("Hawija", "الحويجة", "الحويجه")
    assert seeds.retriever(SAMPLE).search("strikes near Hawija").passages[0].mentions == ()


def test_bm25_of_a_question_is_rank_bm25_of_its_terms(seeds: Engine) -> None:
    rows: dict[str, list[str]] = {}
    copies = {name for names in seeds.copies(SAMPLE).values() for name in names}
    for name in {line.split()[2] for line in (engines.sample_folder() / "qrels.txt").read_text().splitlines()} - copies:
        article, _ = seeds.article(SAMPLE, name)
        for part in chunk(article, seeds.settings.chunk_words, seeds.settings.chunk_overlap_sentences):
            rows[part.docid] = analyzer.terms(f"{article.title}\n{part.text}")
    assert len(rows) == seeds.status(SAMPLE).chunks > 60
    oracle = BM25Okapi(list(rows.values()), k1=Settings().bm25_k1, b=0.75, epsilon=0.25)
    for question in ("strikes near Hawija", "غارات قرب الحويجة", "strikes strikes Iraq", "داعش داعش العراق"):
        asked = analyzer.terms(question)
        every = zip(rows, oracle.get_scores(asked).tolist(), strict=True)
        expected = {docid: score for docid, score in every if set(asked) & set(rows[docid])}
        found = {hit.docid: hit.score for hit in seeds.retriever(SAMPLE).rank(question, Leg.BM25, 10_000)}
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "question, said",
    [
        ("", "the question is empty"),
        ('strikes "near', "does not close"),
        ("x" * 1001, "1,001 characters"),
        ("-Hawija", "only what to leave out"),
    ],
)
def test_a_bad_question_is_explained(seeds: Engine, question: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        seeds.retriever(SAMPLE).search(question)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            ['"', "OR", "-", "title:", "source:", "Hawija", "غارات", "the", "و", "٣", "\u200f", "🛰", "(", "é"]
        )
    )
)
def test_any_question_is_answered_or_explained(seeds: Engine, pieces: list[str]) -> None:
    for joint in (" ", ""):
        try:
            result = seeds.retriever(SAMPLE).search(joint.join(pieces), k=3)
        except QueryError as error:
            assert str(error)
        else:
            assert len(result.passages) <= 3
            assert all(math.isfinite(passage.score) for passage in result.passages)


def test_filters_hold_in_every_leg(seeds: Engine) -> None:
    retriever = seeds.retriever(SAMPLE)
    for passage in retriever.search('"air strikes" Iraq', k=50).passages:
        phrases = [
            ("air", "strike"),
            *(tuple(analyzer.terms(form)) for form in ("غارات جوية", "ضربات جوية", "قصف جوي")),
        ]
        text = f"{passage.title}\n{passage.text}"
        terms = analyzer.terms(text)
        assert any(phrase == tuple(terms[i : i + 2]) for phrase in phrases for i in range(len(terms))), text
    without = retriever.search("strikes -Hawija", k=50).passages
    assert without and all("hawija" not in analyzer.terms(f"{p.title}\n{p.text}") for p in without)
    titled = retriever.search("title:Hawija", k=50).passages
    assert titled and all({"hawija", *analyzer.terms("الحويجة")} & set(analyzer.terms(p.title)) for p in titled)
    assert retriever.search("strikes source:Reuters").passages == ()
    assert retriever.search('strikes source:"Rasad seeds"').passages != ()


def test_reciprocal_rank_fusion_can_be_chosen(seeds: Engine) -> None:
    with closing(Engine(replace(seeds.settings, indexes=seeds.indexes, fusion=Fusion.RRF))) as other:
        found = other.retriever(SAMPLE).search("strikes near Hawija").passages
    assert 0 < found[0].score < 4 * 1 / 61 * 1.001


def test_a_ranking_is_as_deep_as_it_is_asked_for_and_cut_where_that_is_asked(seeds: Engine) -> None:
    retriever = seeds.retriever(SAMPLE)
    assert retriever.rank("strikes near Hawija", most=3) == retriever.rank("strikes near Hawija")[:3]


def test_no_article_fills_the_answer_with_its_passages(engine: Engine, reports: Reports) -> None:
    long = " ".join(f"Strikes hit Hawija on day {n}, and the army spoke of raids." for n in range(200))
    engine.ingest("c", [reports({"id": "long", "text": long}, {"id": "short", "text": "Rain in Hawija."})])
    found = [passage.article_id for passage in engine.retriever("c").search("strikes Hawija", k=10).passages]
    assert sorted(found) == ["long", "long", "short"]


def test_collections_are_listed_and_kept_apart(engine: Engine, reports: Reports) -> None:
    assert engine.collections() == []
    for name in ("one", "Two.2"):
        engine.ingest(name, [reports({"id": name, "text": f"Report {name} on Hawija."})])
    (engine.indexes / "empty").mkdir()
    assert engine.collections() == ["Two.2", "one"]
    (passage,) = engine.retriever("one").search("Hawija").passages
    assert passage.article_id == "one"
    with pytest.raises(ArticleNotFound, match=r"no article 'one' in collection 'Two.2'"):
        engine.article("Two.2", "one")


def test_what_does_not_exist_is_named(engine: Engine) -> None:
    for attempt in (engine.retriever, engine.version, engine.status, engine.copies):
        with pytest.raises(
            CollectionNotFound, match="'news' has nothing in it: run rasad ingest PATH --collection news"
        ):
            attempt("news")
    assert not engine.indexes.exists()


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a\\b", "/etc", "ا", "a b", "x" * 65, "a\n"])
def test_a_name_that_could_leave_the_folder_is_refused(engine: Engine, reports: Reports, name: str) -> None:
    with pytest.raises(QueryError, match="collection's name"):
        engine.ingest(name, [reports({"text": "One."})])


def test_an_open_engine_answers_from_a_newer_version_once_it_is_published(engine: Engine, reports: Reports) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "Rain in Hawija."})])
    pinned = engine.retriever("c")
    with closing(Engine(Settings(indexes=engine.indexes))) as other:
        other.ingest("c", [reports({"id": "b", "text": "Snow in Hawija."}, name="b.jsonl")])
    assert [p.article_id for p in pinned.search("Hawija").passages] == ["a"]
    assert {p.article_id for p in engine.retriever("c").search("Hawija").passages} == {"a", "b"}


def test_several_threads_ask_one_engine(seeds: Engine) -> None:
    questions = [*sorted(HAWIJA), "oil wells", "title:Kobani", '"air strikes"'] * 4

    def ask(question: str) -> list[tuple[str, float]]:
        return [(p.docid, p.score) for p in seeds.retriever(SAMPLE).search(question).passages]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, questions)) == [ask(question) for question in questions]


def test_of_two_writers_the_second_is_told(engine: Engine, reports: Reports) -> None:
    path = reports({"id": "a", "text": "One."})
    engine.ingest("c", [path])
    with closing(EmbeddedWriter(engine.indexes / "c", engine.recipe(), engine.encoder.dim, 10)):
        for attempt in (lambda: engine.ingest("c", [path]), lambda: engine.delete("c", ["a"])):
            with pytest.raises(IndexLocked, match="another process is writing to collection 'c'"):
                attempt()
        assert engine.article("c", "a")[0].text == "One."


# The sample collection, over a small copy of its folder.


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sample"
    (folder / "articles").mkdir(parents=True)
    for name, text in (("s1", "Strikes near Hawija."), ("s2", "Rain in Basra.")):
        (folder / "articles" / f"{name}.md").write_text(f"---\nid: {name}\ntitle: {name}\n---\n{text}")
    monkeypatch.setattr(engines, "sample_folder", lambda: folder)
    return folder


def texts(engine: Engine) -> dict[str, str]:
    return {
        name: engine.article(SAMPLE, name)[0].text for name in ("s1", "s2", "s3", "own", "copy") if has(engine, name)
    }


def has(engine: Engine, name: str) -> bool:
    try:
        return engine.article(SAMPLE, name)[0].article_id == name
    except ArticleNotFound:
        return False


def test_the_sample_is_built_once(engine: Engine, sample: Path) -> None:
    report = engine.prepare_sample()
    assert report is not None and report.added == 2
    assert engine.prepare_sample() is None
    assert engine.version(SAMPLE) == "v000001"


def test_the_sample_is_rebuilt_when_its_reports_change_and_own_articles_stay(
    engine: Engine, sample: Path, reports: Reports
) -> None:
    engine.prepare_sample()
    own = {"id": "own", "text": "Snow in Mosul.", "title": "Own", "source": "me", "date": "2020-01-02"}
    engine.ingest(SAMPLE, [reports(own, {"id": "copy", "text": "Rain in Basra."}, {"id": "gone", "text": "Gone."})])
    before = engine.article(SAMPLE, "own")[0]
    engine.delete(SAMPLE, ["gone"])
    (sample / "articles" / "s1.md").unlink()
    (sample / "articles" / "s3.md").write_text("---\nid: s3\n---\nDust in Tikrit.")
    assert engine.prepare_sample() is not None
    assert texts(engine) == {
        "s2": "Rain in Basra.", "s3": "Dust in Tikrit.", "own": "Snow in Mosul.", "copy": "Rain in Basra.",
    }  # fmt: skip
    assert engine.article(SAMPLE, "own")[0] == before
    assert engine.copies(SAMPLE) == {"s2": ("copy",)} and not has(engine, "gone")
    assert engine.prepare_sample() is None


def test_the_sample_is_rebuilt_for_another_recipe_with_own_articles(
    engine: Engine, sample: Path, reports: Reports
) -> None:
    engine.prepare_sample()
    engine.ingest(SAMPLE, [reports({"id": "own", "text": "Snow in Mosul."})])
    with closing(Engine(Settings(indexes=engine.indexes, chunk_words=50))) as other:
        assert other.prepare_sample() is not None
        assert set(texts(other)) == {"s1", "s2", "own"}
        assert "/50/" in other.status(SAMPLE).recipe["chunker"]


def test_an_own_article_that_a_new_sample_report_displaces_is_reported(
    engine: Engine, sample: Path, reports: Reports
) -> None:
    engine.prepare_sample()
    engine.ingest(SAMPLE, [reports({"id": "s3", "text": "Mine."})])
    (sample / "articles" / "s3.md").write_text("---\nid: s3\n---\nDust in Tikrit.\n")
    report = engine.prepare_sample()
    assert report is not None and "id 's3' stands twice" in report.rejections[0].reason


def test_two_first_runs_at_once_build_the_sample_once(engine: Engine, sample: Path) -> None:
    gate = threading.Barrier(2)

    def first_run(_: int) -> bool:
        with closing(Engine(Settings(indexes=engine.indexes))) as other:
            gate.wait()
            return other.prepare_sample() is not None

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(first_run, range(2))) == [False, True]
    assert engine.version(SAMPLE) == "v000001" and set(texts(engine)) == {"s1", "s2"}


def test_a_damaged_sample_is_not_built_over(engine: Engine, sample: Path, reports: Reports) -> None:
    engine.prepare_sample()
    engine.ingest(SAMPLE, [reports({"id": "own", "text": "Snow in Mosul."})])
    next((engine.indexes / SAMPLE / "segments").glob("*/chunks.npy")).unlink()
    (sample / "articles" / "s2.md").unlink()
    with pytest.raises(IndexDamaged, match="run rasad verify and rasad repair"):
        engine.prepare_sample()


def test_an_unknown_format_of_the_sample_is_refused(engine: Engine, sample: Path) -> None:
    engine.prepare_sample()
    path = engine.indexes / SAMPLE / "versions" / "v000001" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": "rasad-segments-0"}))
    (path.parent / "SHA256SUMS").unlink()  # versions of then had none
    with pytest.raises(IndexMismatch, match=r"rasad-segments-0.*run rasad repair --collection seeds"):
        engine.prepare_sample()


def test_without_a_setting_the_checkout_holds_the_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Engine(Settings())) as default:
        assert default.indexes == Path(engines.__file__).parents[1] / "indexes"
    monkeypatch.setattr(engines, "_PACKAGE", tmp_path / "site-packages" / "service")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = engines.default_indexes()
    assert found.is_relative_to(tmp_path) and found.parts[-2:] == ("rasad", "indexes") and not found.exists()


# Real articles: digits stripped, no punctuation, several stories in one, a stray base64 line. Run where they lie.

REAL = sorted((Path(__file__).parents[1].parent / "shared" / "seeds").glob("*.txt"))
if REAL:

    @pytest.fixture(scope="module")
    def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
        with closing(Engine(Settings(indexes=tmp_path_factory.mktemp("indexes")))) as opened:
            report = opened.ingest("real", [str(path) for path in REAL])
            assert (report.added, report.rejected) == (len(REAL), 0)
            yield opened

    @pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
    def test_a_real_article_goes_through_the_same_path(real: Engine, path: Path) -> None:
        text = path.read_bytes().decode("utf-8")
        results = real.retriever("real").rank(text[:300].replace('"', " "), Leg.FUSED, 100)
        article_id = results[0].docid.rpartition("#")[0]
        article, copies = real.article("real", article_id)
        assert (article.text, copies, article.origin) == (text, (), str(path))
        parts = chunk(article)
        assert all(text[part.start : part.end] == part.text for part in parts)
        assert 1 <= len(parts) <= len(text.split()) / 60 + 2
        middle = parts[len(parts) // 2]
        words = [word for word in analyzer.words(middle.text) if analyzer.terms(word)][:6]
        found = real.retriever("real").search(" ".join(words), k=10).passages
        assert middle.docid in {passage.docid for passage in found}
        assert all(real.article("real", p.article_id)[0].text[p.start : p.end] == p.text for p in found)

    def test_real_articles_are_found_in_both_languages(real: Engine) -> None:
        for question in HAWIJA:
            best = real.retriever("real").search(question, k=5).passages
            assert any(analyzer.terms("الحويجة")[0] in analyzer.terms(passage.text) for passage in best), question


def test_the_sample_that_ships_is_where_the_engine_looks() -> None:
    assert len(list((engines.sample_folder() / "articles").iterdir())) >= 60


def test_a_watched_engine_answers_from_the_last_version_until_the_new_one_is_open(
    indexes: Path, reports: Callable[..., Path]
) -> None:
    with closing(Engine(Settings(indexes=indexes))) as serving, closing(Engine(Settings(indexes=indexes))) as writing:
        writing.ingest("news", [reports({"id": "a", "text": "A raid near the bridge."})])
        serving.retriever("news")
        serving.watch(0.02)
        writing.ingest("news", [reports({"id": "b", "text": "Another raid."}, name="more.jsonl")])

        deadline = time.monotonic() + 20
        while serving.retriever("news").search("raid").version != "v000002":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert serving.retriever("news", "v000001").search("raid").version == "v000001"


@pytest.mark.parametrize("version", ["v000009", "../../x", "v1"])
def test_a_version_that_is_not_kept_is_said_to_be_gone(
    engine: Engine, reports: Callable[..., Path], version: str
) -> None:
    engine.ingest("news", [reports({"id": "a", "text": "A raid near the bridge."})])

    with pytest.raises(VersionGone, match="search again"):
        engine.retriever("news", version)


@pytest.mark.parametrize(
    "text, expected",
    [("strike 12 \U0001f6f0", "en"), ("غارة", "ar"), ("غارة جوية abc", "ar"), ("abc غ", "en"), ("12 2020", "")],
)
def test_a_passage_says_its_language_by_its_letters(
    engine: Engine, reports: Callable[..., Path], text: str, expected: str
) -> None:
    engine.ingest("c", [reports({"id": "a", "text": text})])
    (passage,) = engine.retriever("c").search(text).passages
    assert passage.language == expected


def test_a_segment_with_nothing_but_copies_does_not_end_the_search(
    engine: Engine, reports: Callable[..., Path]
) -> None:
    text = "A raid near Hawija on a bridge."
    engine.ingest("c", [reports({"id": "a", "text": text}, {"id": "b", "text": "A market in Mosul."})])
    engine.ingest("c", [reports({"id": "same", "text": text})])
    for question in ("raid", "غارة"):
        (first, *_) = engine.retriever("c").search(question).passages
        assert (first.article_id, first.copies) == ("a", ("same",))
