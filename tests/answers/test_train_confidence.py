"""The fit of the ranker and of the confidence, on a few reports written for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from service import confidence, train_confidence
from service.evidence import FEATURES
from service.settings import Settings
from service.training_pairs import held_out

PLACES = ("الحويجة", "Hawija"), ("سامراء", "Samarra"), ("الموصل", "Mosul"), ("تكريت", "Tikrit")
KINDS = ("حريق في سوق", "a market fire"), ("انهيار جسر", "a bridge collapse"), ("تصادم حافلتين", "a crash of two buses")


def reports() -> list[dict[str, str]]:
    names = [f"T{n:03d}" for n in range(200) if held_out(f"T{n:03d}")]
    made = []
    for n, name in enumerate(names[:12]):
        (place, place_en), (kind, kind_en) = PLACES[n % 4], KINDS[n // 4]
        toll = 11 + 3 * n
        quote = f"أسفر {kind} في {place} عن إصابة {toll} شخصا"
        made.append(
            {
                "id": name, "ar": f"{quote}. ووصلت فرق الإسعاف بعد نصف ساعة إلى المكان.", "en": "unused",
                "question_ar": f"كم شخصا أصيب في {kind} في {place}؟",
                "question_en": f"How many people were hurt in {kind_en} in {place_en}?",
                "answer_quote": quote, "place_ar": place, "place_en": place_en, "date": f"20{10 + n}-05-14",
            }
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[train_confidence.Example]:
    path = tmp_path_factory.mktemp("train") / "reports.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in reports()), encoding="utf-8")
    return train_confidence.collect(path, None, Settings())


def test_every_kind_of_example_is_made(cases: list[train_confidence.Example]) -> None:
    kinds = {
        kind: [case for case in cases if case.kind == kind]
        for kind in ("asked", "gone", "cut", "moved", "dated", "late")
    }
    assert len(kinds["asked"]) == len(kinds["gone"]) == len(kinds["moved"]) == 24
    assert all(kinds.values())
    assert all(max(case.right) == 2 for case in kinds["asked"])
    assert all(max(case.right) == 0 for case in kinds["gone"])
    assert all(max(case.right, default=0) < 2 for case in kinds["cut"])


def test_the_fit_tells_answers_from_look_alikes(cases: list[train_confidence.Example]) -> None:
    ranker = train_confidence.fit_ranker(cases, rounds=50)
    assert set(ranker) == set(FEATURES)
    inputs, labels, kept = train_confidence.rows_of(cases, ranker)
    assert len(inputs) == len(labels) == len(kept) and 0 < labels.mean() < 1
    weights, intercept = train_confidence.fit_logistic(inputs, labels, np.ones(len(labels)))
    logits = inputs @ np.array(list(weights.values())) + intercept
    assert list(weights) == list(confidence.INPUTS)
    assert logits[labels == 1].mean() > logits[labels == 0].mean() + 0.5


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.py"
    train_confidence.write(path, {"coverage": 1.5}, {"mass": -0.25}, 0.75, "2 questions, encoder x.")
    scope: dict[str, object] = {}
    exec(path.read_text("utf-8"), scope)
    assert (scope["RANKER"], scope["CONFIDENCE"], scope["INTERCEPT"]) == ({"coverage": 1.5}, {"mass": -0.25}, 0.75)


def test_a_file_that_is_none_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_confidence.main([str(tmp_path / "nowhere.jsonl")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_the_shipped_weights_fit_this_code() -> None:
    from service.answer_weights import CONFIDENCE, RANKER

    assert tuple(RANKER) == FEATURES
    assert tuple(CONFIDENCE) == confidence.INPUTS
    assert RANKER["coverage"] > 0 and CONFIDENCE["date"] < 0 < CONFIDENCE["mass"]
