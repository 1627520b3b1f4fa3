"""Wire copies are told from independent reports."""

from __future__ import annotations

from service.near_copies import groups

WIRE = (
    "قال الجيش الأمريكي إن الولايات المتحدة أرسلت ست طائرات من طراز إف 16 ونحو 300 عسكري إلى قاعدة إنجيرليك الجوية في "
    "تركيا اليوم الأحد بعد أن وافقت أنقرة الشهر الماضي على السماح لطائرات أمريكية بشن ضربات جوية ضد تنظيم داعش."
)


def test_another_first_line_and_an_ending_make_no_other_report() -> None:
    reprint = "أنقرة - رويترز: " + WIRE.replace("اليوم الأحد ", "") + " ولم يدل بتفاصيل."
    other = (
        "ارتفعت أسعار النفط في التعاملات الآسيوية وسط مخاوف من نقص الإمدادات، وقال متعاملون إن السوق تترقب قرار أوبك."
    )
    assert groups([WIRE, other, reprint, WIRE]) == [0, 1, 0, 0]


def test_a_cut_version_belongs_to_the_whole() -> None:
    assert groups([WIRE, WIRE[: len(WIRE) // 2]]) == [0, 0]


def test_empty_texts_are_nobodys_copy() -> None:
    assert groups(["", "", "..."]) == [0, 1, 2]
