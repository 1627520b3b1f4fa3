"""Short answers by type; what the question says itself is none."""

from __future__ import annotations

import pytest

from service.question import read
from service.spans import candidates, fit


def best(question: str, sentence: str, units: tuple[str, ...] = ()) -> str:
    asked = read(question)
    words = set(question.replace("؟", "").split())
    spots = [
        (sentence.find(word), sentence.find(word) + len(word)) for word in words if len(word) > 3 and word in sentence
    ]
    found = candidates(sentence, asked, units, spots)
    return sentence[found[0].start : found[0].end] if found else ""


@pytest.mark.parametrize(
    ("question", "sentence", "units", "answer"),
    [
        ("كم شخصا قتل في عدن؟", "قتل 9 أشخاص بينهم 5 مدنيين، وأصيب 81 آخرين", (), "9 أشخاص"),
        ("How many tonnes were sent?", "A ship with 3,000 tonnes of food docked", ("tonn",), "3,000 tonnes"),
        ("كم دفعت نيكاي؟", "مقابل 844 مليون جنيه إسترليني نقدا", (), "844 مليون جنيه"),
        ("ما معدل عائد السندات؟", "عشر سنوات بمعدل عائد 2.65% سنويا", (), "2.65%"),
        ("متى توقف الدفعات؟", "سيتم وقفها في الثامن من أيلول/سبتمبر المقبل", (), "الثامن من أيلول/سبتمبر"),
        ("من هو قائد الفرقة؟", "قائد الفرقة 30 العقيد نديم الحسن برفقة سبعة عناصر", (), "نديم الحسن"),
        (
            "Who commands the operations?",
            "The operations are led by Major General Bahaa Nouri in Baiji",
            (),
            "Bahaa Nouri",
        ),
        ("في أي سجن احتجز؟", "من داخل محبسه في سجن الهضبة بالعاصمة", ("سجن",), "سجن الهضبة بالعاصمة"),
        ("لماذا أغلق الطريق؟", "أغلق الطريق بسبب السيول، وفق الدفاع المدني", (), "بسبب السيول"),
        ("How long did it take?", "The teams needed three hours to put it out", (), "three hours"),
        ("What was the score?", "وانتهت المباراة 3-1 للهلال", (), "3-1"),
    ],
)  # fmt: skip
def test_short_answer(question: str, sentence: str, units: tuple[str, ...], answer: str) -> None:
    assert best(question, sentence, units) == answer


def test_the_number_in_the_question_is_not_the_answer() -> None:
    question = read("How many of the 20 hostages were freed?")
    assert [s.value for s in candidates("Seven of the 20 hostages were freed", question, ("hostag",), ())] == [7]


def test_the_date_asked_for_is_not_the_answer() -> None:
    question = read("On what date after 1 August 2015 was it signed?")
    sentence = "It was announced on 1 August 2015 and signed on 9 August 2015."
    found = candidates(sentence, question, (), ())
    assert [sentence[s.start : s.end] for s in found] == ["9 August 2015"]


def test_fit_tells_a_missing_kind_of_answer() -> None:
    question = read("How many people were killed?")
    assert fit(question, candidates("The attack shocked the town.", question, (), ())) == 0.0
    assert fit(question, candidates("The attack killed 12 people.", question, (), ())) > 0.8
    anything = read("What did the strike destroy?")
    assert fit(anything, candidates("It destroyed a factory.", anything, (), ())) == 0.5
