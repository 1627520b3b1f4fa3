from __future__ import annotations

import pytest

from service.records import DateMention, Language, Leg, LegScore, Match, NearPlace, Passage
from service.web.phrases_en import ENGLISH
from service.web.reasons import evidence, reasons

HAWIJA = NearPlace("Hawija", "الحويجة", 35.3, 43.8, "district", "Iraq", 3.5, 20.0, 0, 5, 0.9)
PASSAGE = Passage(
    1, 1.0, "a", "a#0", "", "", "", "", "en", "text", 0, 4,
    legs=(LegScore(Leg.BM25, 0.7, 2), LegScore(Leg.DENSE, None, None)),
    matches=(Match("strikes", "strike", 1.0, "same"), Match("Hawija", "حويج", 0.8, "sound")),
    places=(HAWIJA,),
    dates=(DateMention(0, 4, "2020-05-14", "2020-05-14"), DateMention(0, 4, "2020-05-01", "2020-05-31")),
)  # fmt: skip


def plain(sentences: list[str]) -> list[str]:
    return [sentence.replace("\u2068", "").replace("\u2069", "") for sentence in sentences]


def test_why_in_words() -> None:
    assert plain(reasons(PASSAGE, {"Hawija": ["الحويجة", "للحويجة"]}, Language.ENGLISH)) == [
        "It has your words strikes.",
        "Hawija was found as الحويجة, للحويجة (by its sound).",
        "It names Hawija, 3.5 km from the place asked for (give or take 20 km).",
        "It names 2020-05-14, 2020-05-01 – 2020-05-31, within the time asked for.",
        "Its places in the rankings: your words 2.",
    ]
    assert "يذكر الحويجة، على بعد 3.5 كم" in " ".join(plain(reasons(PASSAGE, {}, Language.ARABIC)))


def test_words_of_both_directions_are_isolated() -> None:
    [_, crossed, *_] = reasons(PASSAGE, {"Hawija": ["الحويجة"]}, Language.ENGLISH)

    assert "\u2068الحويجة\u2069" in crossed


@pytest.mark.parametrize("leg", [leg for leg in Leg if leg is not Leg.FUSED])
def test_every_leg_has_words(leg: Leg) -> None:
    assert f"leg_{leg.value}" in ENGLISH


def test_evidence_without_words_is_named_as_it_is() -> None:
    assert evidence("sound", Language.ENGLISH) == "by its sound"
    assert evidence("telepathy", Language.ARABIC) == "telepathy"
