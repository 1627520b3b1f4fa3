"""Wire copies are told from independent reports."""

from __future__ import annotations

from service.near_copies import groups
from service.records import Passage

WIRE = (
    "قال الجيش الأمريكي إن الولايات المتحدة أرسلت ست طائرات من طراز إف 16 ونحو 300 عسكري إلى قاعدة إنجيرليك الجوية في "
    "تركيا اليوم الأحد بعد أن وافقت أنقرة الشهر الماضي على السماح لطائرات أمريكية بشن ضربات جوية ضد تنظيم داعش."
)


def passage(text: str, article_id: str = "", near: tuple[str, ...] = ()) -> Passage:
    return Passage(
        1, 1.0, article_id, "", "", "", "", "", "ar", text, 0, len(text), (), (), "", (), (), (), (), near_copies=near
    )


def grouped(*texts: str) -> list[int]:
    return groups([passage(text) for text in texts])


def test_another_first_line_and_an_ending_make_no_other_report() -> None:
    reprint = "أنقرة - رويترز: " + WIRE.replace("اليوم الأحد ", "") + " ولم يدل بتفاصيل."
    other = (
        "ارتفعت أسعار النفط في التعاملات الآسيوية وسط مخاوف من نقص الإمدادات، وقال متعاملون إن السوق تترقب قرار أوبك."
    )
    assert grouped(WIRE, other, reprint, WIRE) == [0, 1, 0, 0]


def test_a_cut_version_belongs_to_the_whole() -> None:
    assert grouped(WIRE, WIRE[: len(WIRE) // 2]) == [0, 0]


def test_empty_texts_are_nobodys_copy() -> None:
    assert grouped("", "", "...") == [0, 1, 2]


def test_what_the_index_groups_is_one_report() -> None:
    told = [
        passage(WIRE, "a", near=("b",)),
        passage("قصف آخر", "c"),
        passage("نص يختلف كثيرا عن الأول", "b", near=("a",)),
    ]
    assert groups(told) == [0, 1, 0]
