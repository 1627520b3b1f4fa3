"""What a question asks for, in both languages."""

from __future__ import annotations

import pytest

from service.question import AnswerType, read

NUMBER, PERSON, PLACE, DATE, CAUSE = (
    AnswerType.NUMBER, AnswerType.PERSON, AnswerType.PLACE, AnswerType.DATE, AnswerType.CAUSE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many people were killed in Baquba?", NUMBER),
        ("كم شخصا قتل في بعقوبة؟", NUMBER),
        ("ما عدد القتلى؟", NUMBER),
        ("إلى كم ارتفع عدد القتلى؟", NUMBER),
        ("How much did Nikkei pay for the paper?", AnswerType.MONEY),
        ("كم دفعت نيكاي لشراء الصحيفة؟", AnswerType.MONEY),
        ("ما أعلى سعر حددته الوزارة؟", AnswerType.MONEY),
        ("What share of the town was lost?", AnswerType.PERCENT),
        ("كم استغرق إخماد الحريق؟", AnswerType.DURATION),
        ("How long did it burn?", AnswerType.DURATION),
        ("How old was the gunman?", AnswerType.DURATION),
        ("كم كان عمر المسلح؟", AnswerType.DURATION),
        ("بكم برميل تراجعت الصادرات؟", NUMBER),
        ("بكم بيعت الصحيفة؟", AnswerType.MONEY),
        ("ما مساحة المتنزه؟", NUMBER),
        ("In which clinic was he treated?", PLACE),
        ("Who commands Division 30?", PERSON),
        ("من هو قائد الفرقة 30؟", PERSON),
        ("Who claimed responsibility for the attack?", AnswerType.ORGANISATION),
        ("من أعلن مسؤوليته عن الهجوم؟", AnswerType.ORGANISATION),
        ("Who was responsible for security?", PERSON),
        ("What is the name of the air force colonel killed in Latakia?", PERSON),
        ("ما اسم العقيد الذي قتل؟", PERSON),
        ("Where was the convoy hit?", PLACE),
        ("أين أصيبت القافلة؟", PLACE),
        ("من أين جاءت الأسلحة؟", PLACE),
        ("في أي سجن احتجز؟", PLACE),
        ("On which Yanbu beach did they drown?", PLACE),
        ("على أي شاطئ غرق الرجل؟", PLACE),
        ("When did the base close?", DATE),
        ("متى أغلقت القاعدة؟", DATE),
        ("In which year was the time changed?", DATE),
        ("Which Iraqi force recaptured the university?", AnswerType.ORGANISATION),
        ("لدى أي شركة كان يعمل الرهينة؟", AnswerType.ORGANISATION),
        ("Why did they protest?", CAUSE),
        ("لماذا احتج الأهالي؟", CAUSE),
        ("ما سبب الحريق؟", CAUSE),
        ("What was the final score of the match?", AnswerType.SCORE),
        ("What was the name of the horse?", AnswerType.NAME),
        ("What did the strike destroy when it hit?", AnswerType.OTHER),
        ("ماذا دمرت الضربة؟", AnswerType.OTHER),
        ("strikes near Hawija", AnswerType.OTHER),
    ],
)
def test_type(text: str, kind: AnswerType) -> None:
    assert read(text).type is kind


def test_what_is_counted() -> None:
    assert read("كم مقاتلا قتل؟").unit == ("مقاتلا",)
    assert read("How many farmers were abducted?").unit[0] == "farmers"
    assert read("كم مقاتلا قتل؟").about_people
    assert not read("How many wells were blown up?").about_people


def test_dates_asked_for() -> None:
    assert [(d.year, d.month, d.day) for d in read("What happened on 14 May 2020?").dates] == [(2020, 5, 14)]


def test_what_is_measured_is_not_counted() -> None:
    assert read("كم كانت سرعة الحافلة؟").unit == ()
    assert read("What is the area of the park?").unit == ()
    assert read("ما عدد القتلى؟").unit == ("القتلى",)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("In which Tripoli prison was he held?", " Tripoli prison was he held?"),
        ("من أي ناد جاء اللاعب؟", " ناد جاء اللاعب؟"),
        ("strikes near Hawija", "strikes near Hawija"),
    ],
)
def test_what_is_asked_about_comes_after_the_question_word(text: str, rest: str) -> None:
    assert text[read(text).asked_at :] == rest


def test_whose_office_is_asked_for() -> None:
    assert read("Who is the new leader of the group?").unit == ("leader",)
    assert read("من هو مدرب الفريق؟").unit == ("مدرب",)
    assert read("Who killed the driver?").unit == ()
