"""The ablations' tables: what is left out changes what it must, and the file gets them between its marks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import ablations
from service.engine import Engine
from service.errors import SettingsError
from service.records import Language, Leg, Translation
from service.retriever import Retriever
from service.settings import Settings
from service.translator import Translator, Weights

ROWS = "without vectors,translator without lexicon,cross leg alone"


def squad(path: Path, texts: list[str], questions: list[str]) -> None:
    data = [
        {"paragraphs": [{"context": text, "qas": [{"id": f"q{i}", "question": question, "answers": []}]}]}
        for i, (text, question) in enumerate(zip(texts, questions, strict=True))
    ]
    path.write_text(json.dumps({"data": data}, ensure_ascii=False), encoding="utf-8")


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments that name a small set of each kind."""
    questions = ["bridge market", "rain"], ["جسر السوق", "مطر"]
    texts = ["The bridge beside the market.", "Heavy rain fell."], ["الجسر قرب السوق.", "سقط مطر غزير."]
    for language, asked, answered in zip(("en", "ar"), questions, texts, strict=True):
        squad(tmp_path / f"xquad.{language}.json", answered, asked)
        (tmp_path / f"bitext.{language}").write_text("\n".join(answered) + "\n", "utf-8")
    names = ("query_en", "question_en", "query_ar", "question_ar")
    asked = {name: questions[name.endswith("ar")] for name in names}
    records = [{"id": f"n{i}", "text": text} for i, text in enumerate(texts[1])]
    topics = [{"topic": f"T{i}", **{name: asked[name][i] for name in names}} for i in range(2)]
    for name, lines in (("articles", records), ("topics", topics)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (tmp_path / "qrels.txt").write_text("T0 0 n0 2\nT1 0 n1 1\n")
    monkeypatch.setenv("RASAD_INDEXES", str(tmp_path / "indexes"))
    engine = Engine(Settings.from_env())
    engine.ingest("small", [tmp_path / "articles.jsonl"])
    engine.close()
    return [
        *("--collection", "small", "--topics", str(tmp_path / "topics.jsonl"), "--qrels", str(tmp_path / "qrels.txt")),
        *("--xquad", str(tmp_path), "--bitext", str(tmp_path / "bitext.en"), str(tmp_path / "bitext.ar"), "--mixed"),
    ]


def test_every_set_has_its_table_in_the_file(
    sets: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "quality.md"
    target.write_text(f"before\n\n{ablations.MARKS[0]}\nold\n{ablations.MARKS[1]}\n\nafter\n")
    assert ablations.main([*sets, "--only", ROWS, "--write", str(target)]) == 0
    text = target.read_text("utf-8")
    assert capsys.readouterr().out.strip() in text
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "\nold\n" not in text
    sections = {part.partition("\n")[0]: part for part in text.split("### ")[1:]}
    titles = [
        "News: 2 topics over 2 articles",
        "XQuAD-R: 2 questions over 2 paragraphs",
        "The sample collection: 24 topics over 96 reports",
        "Vectors alone: 2 parallel sentences",
        "News and XQuAD's English paragraphs in one collection",
    ]
    assert list(sections) == titles
    news = sections[titles[0]].splitlines()
    assert [line.split(" | ")[0] for line in news[4:8]] == ["| everything", *(f"| {row}" for row in ROWS.split(","))]
    assert news[4].startswith("| everything | 1.000 | 1.000 | 1.000 | 1.000 |")
    arabic_alone = news[7].split(" | ")[3]  # query_ar over Arabic articles: nothing to translate
    assert arabic_alone.startswith("0.000 (")
    sample = sections[titles[2]]
    assert "**-" in next(line for line in sample.splitlines() if line.startswith("| cross leg alone"))
    assert "| en-en | 1.0000 | 1.0000 | +0.0000, p 1.0000 |" in sections[titles[4]]


def test_what_does_not_fit_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ablations.main(["--topics", "t.jsonl"]) == 2
    assert "--topics and --qrels go together" in capsys.readouterr().err
    assert ablations.main(["--mixed"]) == 2
    assert "--mixed needs --topics" in capsys.readouterr().err
    assert ablations.main(["--every", "0"]) == 2
    assert "--every must be at least 1, found 0" in capsys.readouterr().err
    assert ablations.main(["--only", "the moon"]) == 2
    assert "found 'the moon'" in capsys.readouterr().err


def test_every_part_changes_a_setting_that_there_is() -> None:
    for part in ablations.PARTS:
        assert part.changes or part.leg is not Leg.FUSED
        assert set(part.changes) <= set(Settings.__slots__)


# -- the parts of the translator --------------------------------------------------------------------------------------


def translated(without: str, *words: str, source: Language = Language.ENGLISH) -> list[dict[str, float]]:
    translator = Translator(source, lambda skeleton: [("موزارير", 3)], Weights.without(without))
    return [dict(concept.terms) for concept in translator.translate([[word] for word in words])[0]]


def test_each_part_can_be_switched_off() -> None:
    (whole,) = translated("", "market")
    (words,) = translated("nearest", "market")
    (near,) = translated("lexicon", "market")
    assert words and near and words.keys() != near.keys() and words.keys() | near.keys() == whole.keys()
    assert translated("lexicon,nearest,sound", "market") == []
    flat = translated("nearest,senses", "market")[0]
    assert flat.keys() == words.keys() and len(set(words.values())) > len(set(flat.values()))
    assert translated("", "2015") == [{"2015": 1.0}] and translated("numbers", "2015") == []
    assert translated("", "August") and translated("numbers", "August") == []
    assert translated("numbers", "اب", source=Language.ARABIC) == []
    assert translated("", "Muzarir") and translated("sound,nearest", "Muzarir") == []
    assert translated("", "car", "bomb") != translated("phrases", "car", "bomb")


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(SettingsError, match=r"any of lexicon, phrases, senses, .* found 'words'"):
        Weights.without("words")
    assert Weights.without(" sound , phrases ") == Weights(sound=0.0, phrase=0.0)
    assert Weights.without("") == Weights()


def test_the_setting_reaches_the_search(seeds: Engine) -> None:
    settings = Settings(translate_without=",".join(Translation))
    bare = Retriever(seeds.reader("seeds"), seeds.encoder, settings)
    question = "غارات قرب الحويجة"
    assert bare.concepts(question)[Leg.CROSS] == []
    assert seeds.retriever("seeds").concepts(question)[Leg.CROSS]


def test_synonyms_and_spellings_are_told_apart(seeds: Engine) -> None:
    found = seeds.retriever("seeds").search("strikes near Hawija", explain=True)
    evidence = {match.evidence for passage in found.passages for match in passage.matches}
    assert {"same", "lexicon", "synonym"} <= evidence <= {
        *("same", "lexicon", "phrase", "nearest", "sound", "synonym", "spelling")
    }  # fmt: skip
