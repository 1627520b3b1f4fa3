from __future__ import annotations

from service.records import Passage
from service.web.repeats import fold

LONG = "The coalition announced the strikes near the village in a brief statement on Thursday and gave no numbers"


def passage(rank: int, article: str, text: str) -> Passage:
    return Passage(rank, 1.0, article, f"{article}#{rank}", "", "", "", "", "en", text, 0, len(text))


def test_near_copies_are_folded_under_the_best() -> None:
    found = fold(
        [passage(1, "a", LONG), passage(2, "b", "Rain fell over the hills."), passage(3, "c", LONG + " (wire)")]
    )

    assert [(f.passage.rank, [p.rank for p in f.repeats]) for f in found] == [(1, [3]), (2, [])]


def test_passages_of_one_article_stay_apart() -> None:
    assert [f.passage.rank for f in fold([passage(1, "a", LONG), passage(2, "a", LONG)])] == [1, 2]
