from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from service import evaluation
from service.errors import ArticleNotFound, CollectionNotFound, InputError, QueryError, ServiceError
from service.evaluate_cli import main
from service.records import Hit, IngestReport, Leg
from service.settings import Settings
from service.training_pairs import held_out

ROOT = Path(__file__).parent.parent
HELD = ["A003", "A005", "A007", "A013"]
WORDS = {"strike": "غارة", "market": "سوق", "flood": "سيول", "bread": "خبز"}


class FakeEngine:
    """Ranks by shared words. The cross leg translates the question word for word, fused adds cross to bm25."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.texts: dict[str, dict[str, str]] = {}
        self.same: dict[str, dict[str, tuple[str, ...]]] = {}
        self.closed = False

    def ingest(self, collection: str, paths: list[str]) -> IngestReport:
        texts: dict[str, str] = {}
        for path in paths:
            for line in Path(path).read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                assert record["title"] == ""
                texts[record["id"]] = record["text"]
        self.texts[collection] = texts
        return IngestReport(len(texts), 0, 0, 0, 0, (), "v1", 0.0)

    def retriever(self, collection: str) -> FakeRanker:
        if collection not in self.texts:
            raise CollectionNotFound(f"no collection {collection}")
        return FakeRanker(self.texts[collection])

    def article(self, collection: str, article_id: str) -> object:
        if article_id not in self.texts[collection]:
            raise ArticleNotFound(article_id)
        return self.texts[collection][article_id]

    def copies(self, collection: str) -> Mapping[str, Sequence[str]]:
        return self.same.get(collection, {})

    def close(self) -> None:
        self.closed = True


class FakeRanker:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def rank(self, text: str, leg: Leg, depth: int) -> list[Hit]:
        if text == "boom":
            raise QueryError("a quotation mark is not closed")
        plain = text.lower().split()
        translated = [WORDS[word] for word in plain if word in WORDS]
        asked = {Leg.BM25: plain, Leg.CROSS: translated, Leg.FUSED: plain + translated, Leg.DENSE: plain}[leg]
        hits = []
        for name, body in self.texts.items():
            found = Counter(body.split())
            score = sum(found[word] for word in asked)
            if score:
                hits += [Hit(f"{name}#0", float(score)), Hit(f"{name}#1", score / 2)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.docid))[:depth]


def opener(texts: Mapping[str, str], same: Mapping[str, tuple[str, ...]] | None = None) -> Callable[..., FakeEngine]:
    def open_engine(settings: Settings) -> FakeEngine:
        engine = FakeEngine(settings)
        engine.texts["news"] = dict(texts)
        engine.same["news"] = dict(same or {})
        return engine

    return open_engine


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


NEWS = {"a#1": "غارة غارة", "b": "غارة", "c": "strike", "d": "خبز"}


@pytest.fixture
def topics(tmp_path: Path) -> list[str]:
    """Two topics: t1's fused ranking is a#1, then b and c tied; t2's is d alone. Arguments up to the fields."""
    path = lines(
        tmp_path / "topics.jsonl",
        {"topic": "t1", "query_en": "strike", "query_ar": "غارة"},
        {"topic": "t2", "query_en": "bread", "query_ar": "خبز"},
    )
    qrels = tmp_path / "qrels.txt"
    qrels.write_text("t1 0 a#1 1\nt1 0 b 2\nt1 0 d 0\nt2 0 d 2\nt9 0 d 2\n", encoding="utf-8")
    return ["--collection", "news", "--topics", str(path), "--qrels", str(qrels)]


# -- runs -------------------------------------------------------------------------------------------------------------


def test_an_article_scores_as_its_best_chunk_and_ties_go_by_article_id() -> None:
    hits = [Hit("n#5#0", 1.0), Hit("n#5#12", 3.0), Hit("m#0", 2.0), Hit("k#3", 3.0), Hit("n#5#2", 2.5)]
    assert evaluation.rank_articles(hits, {}) == [("k", 3.0), ("n#5", 3.0), ("m", 2.0)]


def test_copies_enter_with_their_originals_score() -> None:
    ranking = evaluation.rank_articles([Hit("m#0", 2.0), Hit("z#0", 1.0)], {"m": ("b", "x"), "q": ("r",)})
    assert ranking == [("b", 2.0), ("m", 2.0), ("x", 2.0), ("z", 1.0)]


@pytest.mark.parametrize("hit", [Hit("no-ordinal", 1.0), Hit("a#0", math.nan), Hit("a#0", math.inf)])
def test_a_broken_hit_is_an_error(hit: Hit) -> None:
    with pytest.raises(ServiceError, match="finite scores"):
        evaluation.rank_articles([hit], {})


def test_depth_grows_until_a_hundred_articles_are_reached() -> None:
    class Long:
        """150 articles of 20 chunks each, one article after the other."""

        def __init__(self) -> None:
            self.asked: list[int] = []

        def rank(self, text: str, leg: Leg, depth: int) -> list[Hit]:
            self.asked.append(depth)
            return [Hit(f"{i // 20:03d}#{i % 20}", -float(i)) for i in range(3000)][:depth]

    ranker = Long()
    run = evaluation.run_questions(ranker, {"t": "x"}, Leg.BM25, depth=1000, copies={})
    assert ranker.asked == [1000, 2000]
    assert [name for name, _ in run["t"]] == [f"{i:03d}" for i in range(100)]


def test_a_topic_whose_search_raises_is_named() -> None:
    with pytest.raises(ServiceError, match=r"topic t7 \('boom'\) .* leg fused: a quotation mark is not closed"):
        evaluation.run_questions(FakeRanker({}), {"t7": "boom"}, Leg.FUSED, depth=10, copies={})


def test_a_run_file_is_trec_and_measures_as_the_run_does(tmp_path: Path) -> None:
    import ir_measures

    run = {"t1": [("x", 3.25), ("y", 1.5)], "t2": [("y", 1e-9)]}
    path = tmp_path / "run.txt"
    evaluation.write_run(path, {"fused.query_en": run})
    assert path.read_text(encoding="utf-8") == (
        "t1 Q0 x 1 3.25 fused.query_en\nt1 Q0 y 2 1.5 fused.query_en\nt2 Q0 y 1 1e-09 fused.query_en\n"
    )
    qrels = {"t1": {"y": 2, "x": 1}, "t2": {"y": 1}}
    ours = evaluation.measure(run, qrels)["nDCG@10"]
    measure = ir_measures.nDCG(gains={1: 1, 2: 3}) @ 10
    theirs = ir_measures.iter_calc([measure], qrels, ir_measures.read_trec_run(str(path)))
    assert {metric.query_id: metric.value for metric in theirs} == ours


def test_an_article_id_with_a_space_cannot_stand_in_a_run_file(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"'my report\.txt' holds white space"):
        evaluation.write_run(tmp_path / "run", {"t": {"1": [("my report.txt", 1.0)]}})


# -- measures, by hand ------------------------------------------------------------------------------------------------


def test_measures_agree_with_hand_computation() -> None:
    ranking = [("zero", 9.0), ("two", 8.0), ("unjudged", 7.0), ("one", 6.0)]
    qrels = {"t": {"zero": 0, "two": 2, "one": 1, "absent": 2, "away": 1}}
    found = evaluation.measure({"t": ranking}, qrels)
    dcg = 3 / math.log2(3) + 1 / math.log2(5)
    ideal = 3 / math.log2(2) + 3 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(5)
    assert found["nDCG@10"]["t"] == pytest.approx(dcg / ideal, abs=1e-9)
    assert found["R@100"]["t"] == pytest.approx(2 / 4)
    assert found["RR@10"]["t"] == pytest.approx(1 / 2)
    assert found["Judged@10"]["t"] == pytest.approx(3 / 4)


def test_gains_are_applied_and_are_not_the_grades() -> None:
    found = evaluation.measure({"t": [("one", 2.0), ("two", 1.0)]}, {"t": {"one": 1, "two": 2}})
    assert found["nDCG@10"]["t"] == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert found["nDCG@10"]["t"] != pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)))


def test_cutoffs_are_ten_and_a_hundred() -> None:
    ranking = [(f"d{i:03d}", 1000.0 - i) for i in range(150)]
    found = evaluation.measure({"t": ranking}, {"t": {"d010": 2, "d099": 1, "d100": 1}})
    assert (found["nDCG@10"]["t"], found["RR@10"]["t"], found["Judged@10"]["t"]) == (0.0, 0.0, 0.0)
    assert found["R@100"]["t"] == pytest.approx(2 / 3)


def test_ties_follow_the_run_in_every_measure() -> None:
    """trec_eval by itself would put z first, and would not tell 1 + 1e-12 from 1."""
    run = {"t": [("a", 1.0), ("z", 1.0)], "u": [("a", 1 + 1e-12), ("z", 1.0)]}
    found = evaluation.measure(run, {"t": {"a": 1}, "u": {"a": 1}})
    assert found["nDCG@10"] == found["RR@10"] == {"t": 1.0, "u": 1.0}


def test_nothing_found_counts_zero_but_a_topic_left_out_is_an_error() -> None:
    qrels = {"t": {"a": 1}, "u": {"a": 1}}
    assert evaluation.measure({"t": [("a", 1.0)], "u": []}, qrels)["nDCG@10"] == {"t": 1.0, "u": 0.0}
    with pytest.raises(ServiceError, match=r"same topics.*'u'"):
        evaluation.measure({"t": [("a", 1.0)]}, qrels)


def test_the_mean_of_no_topic_is_not_zero() -> None:
    with pytest.raises(ValueError, match="no topic"):
        evaluation.mean({})


# -- statistics -------------------------------------------------------------------------------------------------------


def test_randomisation_approaches_the_exact_p_value() -> None:
    assert evaluation.paired_randomisation([1, 1, 1], [0, 0, 0]) == pytest.approx(2 / 8, abs=0.02)
    assert evaluation.paired_randomisation([0.1] * 8, [0.0] * 8) == pytest.approx(2 / 256, abs=0.003)
    assert evaluation.paired_randomisation([0.3, 0.7], [0.3, 0.7]) == 1.0
    assert evaluation.paired_randomisation([1.0] * 60, [0.0] * 60, rounds=99) == 1 / 100


def test_randomisation_is_two_sided_seeded_and_paired() -> None:
    a, b = [0.9, 0.2, 0.8, 0.5, 0.7], [0.4, 0.3, 0.6, 0.5, 0.2]
    assert evaluation.paired_randomisation(a, b, seed=1) == evaluation.paired_randomisation(b, a, seed=1)
    assert evaluation.paired_randomisation(a, b, seed=1) != evaluation.paired_randomisation(a, b, seed=2)
    with pytest.raises(ValueError, match="5 and 4"):
        evaluation.paired_randomisation(a, b[:4])


def test_confidence_interval_is_the_bootstraps() -> None:
    values = [0.0, 1.0] * 50  # standard error of the mean 0.05
    low, high = evaluation.confidence_interval(values)
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)
    assert evaluation.confidence_interval(values) == (low, high)
    assert evaluation.confidence_interval([0.25] * 9) == (0.25, 0.25)


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"topic": "t1", "query_en": "a"}\n{"topic": ', r"topics:2: not a JSON object: .* at column"),
        ("[1]\n", r"topics:1: wanted a JSON object, found list"),
        ('{"topic": "t1", "query_ar": "a"}\n', r"topics:1: topic t1 has no text in field 'query_en'"),
        ('{"topic": "t1", "query_en": " "}\n', r"topic t1 has no text in field 'query_en'"),
        ('{"query_en": "a"}\n', r"topics:1: wanted a 'topic' without white space, found None"),
        ('{"topic": "t 1", "query_en": "a"}\n', r"found 't 1'"),
        ('{"topic": "t", "query_en": "a"}\n{"topic": "t", "query_en": "b"}\n', r"topics:2: topic t stands twice"),
        ("\n", r"topics holds no record"),
    ],
)
def test_bad_topics_are_explained(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "topics"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        evaluation.read_topics(path, ["query_en"])


def test_topics_not_in_utf8_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "topics"
    path.write_bytes('{"topic": "t", "query_ar": "غارة"}'.encode("cp1256"))
    with pytest.raises(InputError, match="not UTF-8"):
        evaluation.read_topics(path, ["query_ar"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("t1 0 a\n", r"qrels:1: wanted 'topic 0 article grade', found 3 columns"),
        ("t1 0 a 3\n", r"qrels:1: wanted a grade of 0, 1 or 2, found '3'"),
        ("t1 0 a 1\nt1 0 a 2\n", r"qrels:2: article a of topic t1 is judged twice"),
        ("t2 0 a 1\n", r"topic t1 has no qrels in .*qrels"),
        ("t1 0 a 0\n", r"topic t1 has no relevant article"),
    ],
)
def test_bad_qrels_are_explained(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "qrels"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        evaluation.read_qrels(path, ["t1"])


def squad(path: Path, paragraphs: list[tuple[str, list[tuple[str, str]]]]) -> None:
    """Each paragraph in an article of its own."""
    data = [
        {"paragraphs": [{"context": text, "qas": [{"id": qid, "question": q, "answers": []} for qid, q in qas]}]}
        for text, qas in paragraphs
    ]
    path.write_text(json.dumps({"data": data}, ensure_ascii=False), encoding="utf-8")


@pytest.fixture
def xquad(tmp_path: Path) -> Path:
    squad(
        tmp_path / "xquad.en.json",
        [("strike one", [("q1", "strike where")]), ("bread", [("q2", "bread")]), ("other", [("q3", "flood")])],
    )
    squad(tmp_path / "xquad.ar.json", [("غارة", [("q1", "غارة")]), ("خبز", [("q2", "خبز")]), ("خبز", [("q3", "سيول")])])
    return tmp_path


def test_xquad_joins_languages_by_question_and_merges_equal_paragraphs(xquad: Path) -> None:
    tests = evaluation.read_xquad(xquad, "en", "ar")
    assert [(a["id"], a["title"], a["text"]) for a in tests.articles] == [
        ("a000p000", "", "غارة"),
        ("a001p000", "", "خبز"),
    ]
    assert tests.questions == {"en-ar": {"q1": "strike where", "q2": "bread", "q3": "flood"}}
    assert tests.qrels == {"q1": {"a000p000": 1}, "q2": {"a001p000": 1}, "q3": {"a001p000": 1}}


def test_xquad_that_does_not_fit_is_explained(xquad: Path) -> None:
    squad(xquad / "xquad.ar.json", [("غارة", [("q1", "غارة")])])
    with pytest.raises(InputError, match="2 differ: \\['q2', 'q3'\\]"):
        evaluation.read_xquad(xquad, "en", "ar")
    (xquad / "xquad.ar.json").write_text('{"data": [{}]}', encoding="utf-8")
    with pytest.raises(InputError, match="not in SQuAD's JSON format: KeyError"):
        evaluation.read_xquad(xquad, "en", "ar")
    with pytest.raises(InputError, match="cannot read"):
        evaluation.read_xquad(xquad / "nowhere", "en", "ar")


def test_reports_without_questions_are_in_the_collection_only(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "reports.jsonl",
        {"id": "A1", "ar": "غارة", "en": "strike", "date": "2019-05-28", "query_en": "strike"},
        {"id": "A2", "ar": "خبز", "en": "bread", "date": "2019-05-29"},
    )
    tests = evaluation.read_reports(path, ["query_en"])
    assert [article["id"] for article in tests.articles] == ["A1", "A2"]
    assert (tests.questions, tests.qrels) == ({"query_en": {"A1": "strike"}}, {"A1": {"A1": 1}})
    with pytest.raises(InputError, match="no report has the field 'question_ar'"):
        evaluation.read_reports(path, ["query_en", "question_ar"])


def test_holdout_is_a_stable_fifth(tmp_path: Path) -> None:
    names = [f"{letter}{i:03d}" for letter in "ABCDEF" for i in range(1, 221)]
    held = [name for name in names if held_out(name)]
    assert len(held) == pytest.approx(len(names) / 5, rel=0.15)
    assert held[:4] == HELD  # figures on another fifth could not be compared, and training has seen the rest
    path = lines(tmp_path / "reports.jsonl", *({"id": name, "ar": name, "query_en": name} for name in names))
    tests = evaluation.read_reports(path, ["query_en"], holdout=True)
    assert list(tests.questions["query_en"]) == held
    assert len(tests.articles) == len(names)


def test_bitext_lines_must_pair_up(tmp_path: Path) -> None:
    english, arabic = tmp_path / "en", tmp_path / "ar"
    english.write_text("one\u2028still one\ntwo\n", encoding="utf-8")
    arabic.write_text("واحد\nخمسة\n", encoding="utf-8")
    assert evaluation.read_bitext(english, arabic) == (["one\u2028still one", "two"], ["واحد", "خمسة"])
    english.write_text("one\n\ntwo\n", encoding="utf-8")
    with pytest.raises(InputError, match="en:2 is blank"):
        evaluation.read_bitext(english, arabic)
    english.write_text("one\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"en has 1 lines and .*ar 2"):
        evaluation.read_bitext(english, arabic)


# -- the command ------------------------------------------------------------------------------------------------------


def test_json_holds_legs_fields_and_measures(topics: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*topics, "--fields", "query_en,query_ar", "--legs", "fused,bm25", "--json"]
    assert main(arguments, opener(NEWS, {"d": ("e",)})) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["fused", "bm25"]
    assert list(found["fused"]) == ["query_en", "query_ar"]
    # t1: a#1 (grade 1), b (2) then c; t2: d (2), then its copy e; d alone is right
    t1 = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert found["fused"]["query_en"] == pytest.approx(
        {"nDCG@10": (t1 + 1) / 2, "R@100": 1.0, "RR@10": 1.0, "Judged@10": (2 / 3 + 1 / 2) / 2}
    )
    assert found["bm25"]["query_en"]["nDCG@10"] == 0.0  # no English word of the questions is in a relevant article


def test_topics_are_grouped_by_a_field_of_theirs(
    tmp_path: Path, topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines(
        tmp_path / "typed.jsonl",
        {"topic": "t1", "query_en": "strike", "type": "place"},
        {"topic": "t2", "query_en": "bread", "type": "event"},
    )
    arguments = [*topics, "--fields", "query_en", "--by", "type"]
    arguments[arguments.index("--topics") + 1] = str(path)

    assert main(arguments, opener(NEWS)) == 0

    out = capsys.readouterr().out.splitlines()
    assert "nDCG@10 by group, fused query_en" in out
    assert re.fullmatch(r"event  1\.0000  \(1 topics\)", out[-2])
    assert re.fullmatch(r"place  0\.\d{4}  \(1 topics\)", out[-1])


def test_table_shows_intervals_topics_and_the_comparison(topics: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*topics, "--fields", "query_en", "--legs", "fused,bm25", "--per-topic"], opener(NEWS)) == 0
    out = capsys.readouterr().out
    t1 = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert f"fused  query_en  2       {(t1 + 1) / 2:.4f} [{t1:.3f}, 1.000]" in out
    assert f"query_en: fused against bm25: {(t1 + 1) / 2:+.4f} nDCG@10, won 2, lost 0, p = " in out
    assert f"nDCG@10 by topic, fused query_en\nt1  {t1:.4f}\nt2  1.0000\n" in out


def test_run_out_holds_every_leg_and_field(topics: list[str], tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    arguments = [*topics, "--fields", "query_en", "--legs", "fused,cross", "--run-out", str(path)]
    assert main(arguments, opener(NEWS, {"d": ("e",)})) == 0
    assert path.read_text(encoding="utf-8").splitlines() == [
        "t1 Q0 a#1 1 2.0 fused.query_en",
        "t1 Q0 b 2 1.0 fused.query_en",
        "t1 Q0 c 3 1.0 fused.query_en",
        "t2 Q0 d 1 1.0 fused.query_en",
        "t2 Q0 e 2 1.0 fused.query_en",
        "t1 Q0 a#1 1 2.0 cross.query_en",
        "t1 Q0 b 2 1.0 cross.query_en",
        "t2 Q0 d 1 1.0 cross.query_en",
        "t2 Q0 e 2 1.0 cross.query_en",
    ]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--fields", "query_fr"], "topic t1 has no text in field 'query_fr'"),
        (["--fields", "query_en,"], "--fields: wanted names, separated by commas"),
        (["--fields", "query_en", "--legs", "splade"], f"--legs: wanted any of {', '.join(Leg)}"),
        (["--fields", "query_en", "--direction", "en-ar"], "--direction does not go with --topics"),
        (["--fields", "query_en", "--run-out", "nowhere/run"], "--run-out: wanted a file in a folder that exists"),
        (["--fields", "query_en", "--collection", "olds"], "olds"),
        (["--fields", "query_en", "--unknown"], "unrecognized arguments: --unknown"),
        ([], "--topics needs --qrels FILE and --fields"),
    ],
)
def test_wrong_options_exit_2_and_say_why(
    topics: list[str], extra: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Strict(FakeEngine):
        def copies(self, collection: str) -> Mapping[str, Sequence[str]]:
            self.retriever(collection)
            return {}

    def open_engine(settings: Settings) -> FakeEngine:
        engine = Strict(settings)
        engine.texts["news"] = dict(NEWS)
        return engine

    assert main([*topics, *extra], open_engine) == 2
    streams = capsys.readouterr()
    assert message in streams.err
    assert streams.out == ""


def test_a_failing_search_exits_2_and_prints_no_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(tmp_path / "t", {"topic": "t1", "query_en": "strike"}, {"topic": "t2", "query_en": "boom"})
    qrels = tmp_path / "q"
    qrels.write_text("t1 0 b 1\nt2 0 b 1\n", encoding="utf-8")
    arguments = ["--collection", "news", "--topics", str(path), "--qrels", str(qrels), "--fields", "query_en"]
    assert main(arguments, opener(NEWS)) == 2
    streams = capsys.readouterr()
    assert "topic t2 ('boom')" in streams.err
    assert streams.out == ""


def test_qrels_of_another_collection_are_an_error_and_a_part_missing_is_said(
    topics: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*topics, "--fields", "query_en"]
    assert main(arguments, opener({"x": "غارة"})) == 2
    assert "no relevant article of the qrels is in collection news, e.g. a#1" in capsys.readouterr().err
    assert main(arguments, opener({"b": "غارة", "x": "خبز"}, {"x": ("d",)})) == 0
    assert "1 relevant articles are not in news and count as not found, e.g. a#1" in capsys.readouterr().err


def test_xquad_runs_in_a_temporary_folder_that_goes_away(xquad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engines: list[FakeEngine] = []

    def open_engine(settings: Settings) -> FakeEngine:
        assert settings.indexes.is_dir()
        engines.append(FakeEngine(settings))
        return engines[-1]

    assert main(["--xquad", str(xquad), "--direction", "en-ar,ar-ar", "--json"], open_engine) == 0
    streams = capsys.readouterr()
    found = json.loads(streams.out)["fused"]
    assert found["en-ar"]["nDCG@10"] == found["ar-ar"]["nDCG@10"] == pytest.approx(2 / 3)  # q3 finds nothing
    assert "nothing found for 1 topics, which counts 0: q3" in streams.err
    assert streams.err.count("ingesting") == 1
    (engine,) = engines
    assert engine.closed
    assert not engine.settings.indexes.exists()


def test_articles_that_are_not_all_ingested_are_an_error(xquad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Forgetful(FakeEngine):
        def ingest(self, collection: str, paths: list[str]) -> IngestReport:
            report = super().ingest(collection, paths)
            return IngestReport(report.added - 1, 0, 0, 0, 0, (), "v1", 0.0)

    assert main(["--xquad", str(xquad)], Forgetful) == 2
    assert "only 1 of 2 articles were ingested" in capsys.readouterr().err


def test_reports_are_asked_by_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines(
        tmp_path / "reports.jsonl",
        {"id": "A1", "ar": "غارة", "query_en": "strike"},
        {"id": "A2", "ar": "غارة خبز", "query_en": "strike bread"},
        {"id": "A3", "ar": "سوق", "date": "2020-01-01"},
    )
    assert main(["--reports", str(path), "--fields", "query_en", "--json", "--per-topic"], FakeEngine) == 0
    found = json.loads(capsys.readouterr().out)["fused"]["query_en"]
    assert found["nDCG@10"] == found["R@100"] == 1.0
    assert found["per_topic"] == {"A1": 1.0, "A2": 1.0}


class FakeEncoder:
    """One axis a sentence; "astray" lies on the axis of the first."""

    def __init__(self, sentences: Sequence[Sequence[str]]) -> None:
        self.axis = {text: i for side in sentences for i, text in enumerate(side)} | {"astray": 0}

    def encode_passages(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(8, dtype=np.float32)
        vector[self.axis[text]] = 1.0
        return vector


def test_bitext_is_top1_both_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    english, arabic = ["one", "two", "astray", "four"], ["واحد", "خمسة", "ثلاثة", "أربعة"]
    for name, side in (("en", english), ("ar", arabic)):
        (tmp_path / name).write_text("\n".join(side) + "\n", encoding="utf-8")
    models: list[str | None] = []

    def load(model: str | None) -> FakeEncoder:
        models.append(model)
        return FakeEncoder([english, arabic])

    arguments = ["--bitext", str(tmp_path / "en"), str(tmp_path / "ar"), "--json"]
    assert main(arguments, load_encoder=load) == 0
    assert json.loads(capsys.readouterr().out) == {"en-ar": 0.75, "ar-en": 0.75}
    assert main([*arguments, "--model", "some/model"], load_encoder=load) == 0
    assert models == [None, "some/model"]


def test_a_sentence_that_stands_twice_is_right_either_time() -> None:
    encoder = FakeEncoder([["a", "b", "c"]])
    assert evaluation.bitext_top1(encoder, ["a", "b", "a"], ["a", "b", "a"]) == 1.0


def test_help_is_no_error_and_a_mode_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "--bitext EN AR" in capsys.readouterr().out
    assert main([]) == 2
    assert (
        "one of the arguments --topics --xquad --reports --bitext --places --dates is required"
        in capsys.readouterr().err
    )


def test_ir_measures_is_not_imported_until_something_is_measured() -> None:
    code = "import sys, service.evaluate_cli; print('ir_measures' in sys.modules, 'service.engine' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "sentences"
    path.write_text("a\nb\n", encoding="utf-8")
    code = (
        "import sys; from service.evaluate_cli import main; from tests.test_evaluation import FakeEncoder\n"
        "sys.exit(main(['--bitext', *sys.argv[1:]], load_encoder=lambda model: FakeEncoder([['a', 'b']])))"
    )
    command = [sys.executable, "-c", code, str(path), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
