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
        ("في أي سجن احتجز؟", "من داخل محبسه في سجن الهضبة بالعاصمة", ("سجن",), "سجن الهضبة"),
        ("لماذا أغلق الطريق؟", "أغلق الطريق بسبب السيول، وفق الدفاع المدني", (), "بسبب السيول"),
        ("How long did it take?", "The teams needed three hours to put it out", (), "three hours"),
        ("What was the score?", "وانتهت المباراة 3-1 للهلال", (), "3-1"),
        ("كم نائبا أيدوا التعديل؟", "وافق 82 من أصل 120 نائبًا على النص", ("نائب",), "82"),
        ("How many deputies agreed?", "82 of the 120 deputies said yes", ("deputi",), "82"),
        ("كم عمر المبنى؟", "ثاني مبنى ينهار خلال ثمانية أيام، ويعود تاريخه الى 50 عاما مضت", ("عام",), "50 عاما"),
        ("How old was he?", "a 58-year-old man with 3 guns", ("year",), "58-year-old"),
        ("كم تبلغ مساحة المتنزه؟", "افتتح اليوم الاثنين، متنزه على مساحة 565 ألف متر مربع", (), "565 ألف متر"),
        ("في أي واد علق الشاب؟", "أثناء قطعه لوادي ضمد", ("اد",), "وادي ضمد"),
        ("في أي قاعدة نزلت الطائرات؟", "قالت القاعدة نفسها إن قاعدة أفيانو استقبلتها", ("قاعد",), "قاعدة أفيانو"),
        ("في أي مطار هبطت؟", "السيطرة على مطار عدن الأسبوع الماضي", ("مطار",), "مطار عدن"),
        ("كم بلغ سعر البرميل؟", "ارتفع 21 في المائة ليبلغ 47.12 دولار", (), "47.12 دولار"),
        ("كم انخفض السعر؟", "هبط 25 سنتا إلى 53.06 دولار للبرميل", (), "53.06 دولار"),
        ("كم قتيلا سقط؟", "خلف 250 شخصًا بين قتيل وجريح منهم 90 قتيلا", ("قتيل",), "90 قتيلا"),

        ("في أي مدينة وقع الحادث؟", "وقع ذلك في مدينة زانجرهاوزن الألمانية", (), "مدينة زانجرهاوزن الألمانية"),
        ("من العقيد الذي قتل؟", "قتل ابن عم بشار الأسد -للعقيد حسان الشيخ الضابط", ("عقيد",), "حسان الشيخ"),
        ("من رئيس اللجنة الدولية للصليب الأحمر؟", "وصل رئيس اللجنة الدولية للصليب الأحمر بيتر مورير إلى صنعاء",
         ("رئيس",), "بيتر مورير"),
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


def test_a_number_without_a_word_of_harm_is_no_toll() -> None:
    question = read("How many people were killed in the blast?")
    guards = candidates("The market was guarded by 11 people.", question, (), ())
    toll = candidates("The blast killed 32 people.", question, (), ())
    assert guards[0].fit < 0.85 <= toll[0].fit
