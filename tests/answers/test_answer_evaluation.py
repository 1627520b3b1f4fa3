"""The measures of answers, on answers made by hand, and the command over the sample collection."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from service import answer_evaluation as measures
from service import cli, evaluate_cli
from service.answer_evaluation import Topic
from service.engine import Engine
from service.errors import InputError
from service.records import Answer, AnswerSentence, Article, Citation, Figure, Language

TOPIC = Topic("T1", "كم قتل؟", frozenset({"a-1"}), ("قتل تسعة أشخاص في عدن",), ("9", "تسعة", "nine"))


def answer(*quotes: tuple[str, str], short: str = "", abstained: bool = False, copies: tuple[str, ...] = ()) -> Answer:
    citations = tuple(
        Citation(n, name, "", "", "", "", 0, len(quote), quote, "", copies) for n, (name, quote) in enumerate(quotes, 1)
    )
    sentences = tuple(AnswerSentence(c.quote, (c.marker,)) for c in citations)
    return Answer("q", Language.ARABIC, abstained, 0.5, "number", short, sentences, citations, (), (), "c", "v", 1.0)


@pytest.mark.parametrize(
    ("given", "grades", "expected"),
    [
        (answer(("a-1", "أصيب 30"), short="30"), {}, [1, 1, 0, 0, 0]),
        (answer(("b", "مقتل تسعة في عدن"), short="تسعة"), {"b": 2}, [1, 1, 1, 1, 0]),  # graded 2, accepted answer
        (answer(("b", "مقتل تسعة في عدن"), short="تسعة"), {"b": 1}, [0, 0, 1, 1, 0]),  # partly relevant: not enough
        (answer(("b", "x y"), ("c", "x"), ("a-1", "وقتل تسعةُ أشخاصٍ في عدن أمس")), {}, [0, 1, 1, 0, 0]),
        (answer(("b", "x"), ("c", "x"), ("d", "x"), ("a-1", "تسعة")), {}, [0, 0, 0, 0, 0]),  # the fourth is too late
        (answer(("b", "x"), copies=("a-1",)), {}, [1, 1, 0, 0, 0]),
        (answer(abstained=True), {}, [0, 0, 0, 0, 1]),
    ],
)
def test_judge(given: Answer, grades: dict[str, int], expected: list[int]) -> None:
    assert list(measures.judge(TOPIC, given, grades).values()) == expected


@pytest.mark.parametrize(
    ("found", "accepted", "same"),
    [
        ("تسعة أشخاص", ("9",), True),
        ("9", ("تسعة",), True),
        ("180 ألف شخص", ("180,000",), True),
        ("العقيد نديم الحسن", ("نديم الحسن",), True),
        ("19", ("9",), False),
        ("نديم", ("كريم",), False),
    ],
)
def test_same_answer(found: str, accepted: tuple[str, ...], same: bool) -> None:
    assert measures.same_answer(found, accepted) is same


def test_valid_checks_for_itself() -> None:
    text = "abc def"
    article = Article("a", text, "not looked at")
    good = Citation(1, "a", "", "", "", "", 4, 7, "def", hashlib.sha256(text.encode()).hexdigest())
    assert measures.valid(good, article)
    assert not measures.valid(good, Article("a", text + "!", "not looked at"))


def test_curve_counts_both_errors() -> None:
    points = measures.curve([0.9, 0.6], [0.7, 0.2])
    assert (0.0, 0.0, 1.0) in points
    assert (0.7, 0.5, 0.5) in points
    assert (0.9, 0.5, 0.0) in points


@pytest.mark.parametrize(
    ("markers", "cited", "figures", "sound"),
    [
        (((1,), (2,)), (1, 2), (), True),
        (((1, 2), (2,)), (1, 2), (2,), True),
        (((1,),), (1, 2), (), False),  # one that nothing uses
        (((1,), (3,)), (1, 2), (), False),  # dangling
        (((1, 1),), (1,), (), False),  # repeated in a sentence
        (((1,), (2,)), (1, 1), (), False),  # two citations of one number
        (((2,),), (2,), (), False),  # 1 is missing
        (((1,), ()), (1,), (), False),  # a sentence without any
        (((1,),), (1,), (2,), False),  # a figure of no citation
    ],
)
def test_markers_that_hold(
    markers: tuple[tuple[int, ...], ...], cited: tuple[int, ...], figures: tuple[int, ...], sound: bool
) -> None:
    given = answer(*(("a", "x"),) * len(cited))
    given = replace(
        given,
        citations=tuple(replace(c, marker=n) for c, n in zip(given.citations, cited, strict=True)),
        sentences=tuple(AnswerSentence("x", of) for of in markers),
        figures=tuple(Figure("9", 9.0, n, "", "") for n in figures),
    )
    assert measures.markers_hold(given) is sound


def test_reliability_bins() -> None:
    table = measures.reliability([(0.05, False), (0.15, False), (0.95, True), (1.0, True), (0.9, False)])
    assert [(low, count, share) for low, _, count, _, share in table] == [(0.0, 2, 0.0), (0.8, 3, pytest.approx(2 / 3))]


def test_percentile_is_the_nearest_rank() -> None:
    values = list(range(1, 101))
    assert [measures.percentile(values, share) for share in (0.5, 0.95, 1.0)] == [50, 95, 100]
    assert measures.percentile([7.0], 0.95) == 7.0


def test_questions_of_another_collection_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    lines = [{"topic": "U1", "q": "x?", "collection": "news"}, {"topic": "U2", "q": "y?"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [topic.name for topic in measures.read(path, "q", "seeds")] == ["U2"]
    with pytest.raises(InputError, match="question_en"):
        measures.read(path, "question_en", "seeds")


def test_the_command_measures_the_sample(
    seeds: Engine, tmp_path_factory: pytest.TempPathFactory, root: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))
    files = [
        str(root / name) for name in ("seeds/topics.jsonl", "seeds/qrels.txt", "scripts/annotations/unanswerable.jsonl")
    ]
    arguments = ["--answers", "--topics", files[0], "--qrels", files[1], "--unanswerable", files[2], "--json"]
    assert evaluate_cli.main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    for field in ("question_ar", "question_en"):
        measured = report["fields"][field]
        assert measured["citations"] > 20 and measured["citations that do not hold"] == 0
        assert measured["evidence@3"][0] >= 0.75
        assert measured["false answers"][0] <= 0.55
        assert measured["evidence@3"][1] <= measured["evidence@3"][0] <= measured["evidence@3"][2]
    assert report["curve"]["question_ar"][0][1:] == [0.0, 1.0]


def test_the_command_checks_citations_of_questions_from_the_corpus(
    seeds: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASAD_INDEXES", str(seeds.indexes))
    assert cli.main(["evaluate", "--answers", "--from-corpus", "30", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["questions"] == 30
    assert report["citations"] >= 30 and report["citations that do not hold"] == 0
    assert report["answers with markers that do not hold"] == 0


def test_the_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_cli.main(["--answers", "--topics", "nowhere.jsonl"]) == 2
    assert "--qrels" in capsys.readouterr().err


def test_the_unanswerable_questions_are_kept_whole(root: Path) -> None:
    lines = (root / "scripts/annotations/unanswerable.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) >= 200 and len({record["topic"] for record in records}) == len(records)
    assert all(record["question_ar"].endswith("؟") and record["question_en"].endswith("?") for record in records)
    assert {record["collection"] for record in records} == {"news", "seeds", "reports"}
