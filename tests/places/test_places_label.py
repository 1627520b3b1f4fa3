from __future__ import annotations

import pytest

from service.places import gazetteer
from service.places.asked import one
from service.places.label import label, labelled, shown
from service.records import Language

NAMES = gazetteer.load()


@pytest.mark.parametrize(
    "text",
    [
        "Hawija, Kirkuk, Iraq",
        "Wadi al-Shay, Kirkuk, Iraq",
        "Washington, District of Columbia, United States",
        "Jeddah, Mecca, Saudi Arabia",
    ],
)
def test_a_label_leads_back_to_its_place(text: str) -> None:
    place, others = one(text, NAMES)

    assert place is not None
    assert label(place) == text
    assert others == []


def test_what_is_no_label_is_read_as_words() -> None:
    assert labelled("Hawija", NAMES) is None
    assert labelled("Xyzzyville, Iraq", NAMES) is None
    place, _ = one("Hawija, Syria", NAMES)
    assert place is not None and place.country == "Syria"


def test_labels_are_shown_in_the_readers_language() -> None:
    assert shown("Hawija, Kirkuk, Iraq", Language.ARABIC, NAMES) == "الحويجة، كركوك، العراق"
    assert shown("Iraq", Language.ARABIC, NAMES) == "العراق"
    assert shown("Hawija, Kirkuk, Iraq", Language.ENGLISH, NAMES) == "Hawija, Kirkuk, Iraq"
    assert shown("Xyzzyville, Iraq", Language.ARABIC, NAMES) == "Xyzzyville، العراق"
