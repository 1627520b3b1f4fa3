from __future__ import annotations

from service.records import Match, Passage
from service.web.marks import Form, Marks, Run

ENGLISH = "Jets made strikes near Hawija."
ARABIC = "نفذ التحالف الغارات ثم غارات قرب الحويجة، وقال إنها ضربة."


def passage(text: str, language: str, *words: str, start: int = 0) -> Passage:
    spans, at = [], 0
    for word in words:
        at = text.index(word, at)
        spans.append((start + at, start + at + len(word)))
        at += len(word)
    matches = (
        Match("strikes", "strike", 1.0, "same"),
        Match("Hawija", "hawija", 1.0, "same"),
        Match("strikes", "غار", 0.5, "lexicon"),
        Match("strikes", "ضرب", 0.1, "lexicon"),
        Match("Hawija", "حويج", 0.8, "sound"),
    )
    return Passage(
        1, 1.0, "a", "a#0", "", "", "", "", language, text, start, start + len(text), tuple(spans), matches=matches
    )


def test_a_mark_leads_to_its_question_word_and_its_forms_in_the_other_language() -> None:
    english = passage(ENGLISH, "en", "strikes", "Hawija", start=40)
    arabic = passage(ARABIC, "ar", "الغارات", "غارات", "الحويجة", "ضربة")
    marks = Marks([english, arabic])

    strikes, hawija = marks.tips["strikes"], marks.tips["Hawija"]
    assert strikes.forms == (Form("غارات", "ar"),)  # the word without its article; the unlikely one is not told
    assert hawija.forms == (Form("الحويجة", "ar"),)
    assert (strikes.evidence, hawija.evidence) == ("lexicon", "sound")
    assert marks.runs(english) == [
        Run("Jets made ", False),
        Run("strikes", True, strikes.key),
        Run(" near ", False),
        Run("Hawija", True, hawija.key),
        Run(".", False),
    ]
    assert [run.tip for run in marks.runs(arabic) if run.marked] == [strikes.key, strikes.key, hawija.key, strikes.key]


def test_without_the_other_language_there_is_only_the_word_itself() -> None:
    marks = Marks([passage(ENGLISH, "en", "strikes")])

    assert marks.tips["strikes"].forms == ()
    assert marks.tips["strikes"].evidence == "same"


def test_the_words_of_one_passage_are_told_apart() -> None:
    english, arabic = passage(ENGLISH, "en", "strikes"), passage(ARABIC, "ar", "الغارات", "الحويجة")
    marks = Marks([english, arabic])

    assert marks.forms(english) == {}
    assert marks.forms(arabic) == {"strikes": ["الغارات"], "Hawija": ["الحويجة"]}


def test_marks_without_a_match_are_marked_all_the_same() -> None:
    bare = Passage(1, 1.0, "a", "a#0", "", "", "", "", "en", "odd words", 0, 9, ((0, 3),))

    assert Marks([bare]).runs(bare) == [Run("odd", True), Run(" words", False)]
