from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.chunker import chunk, sentences
from service.records import Article

ARABIC = "الحُوَيْجَة كـركوك غارات، ؟ ۔ \u200f\u202b\u2066 ٣٬٥٠٠ لآلئ \u0640\u064b"
TEXTS = st.one_of(
    st.text(),
    st.text(st.sampled_from(ARABIC + " .!?\n\r\t\u2028\u00a0\u200bab\U0001f6f0\"'»)"), max_size=400),
    st.lists(st.sampled_from(["غارة", "قُرب", "strike", "U.S.", "Dr.", "x" * 450, "؟", ".", "\n", "\r\n", "!»"])).map(
        " ".join
    ),
)


def article(text: str) -> Article:
    return Article("a", text, "")


def said(count: int, mark: str = ".") -> str:
    """A sentence of so many words."""
    return " ".join(["word"] * count) + mark


@given(TEXTS, st.integers(1, 40), st.integers(0, 3))
def test_a_chunk_is_a_slice_and_the_chunks_hold_every_word(text: str, words: int, overlap: int) -> None:
    chunks = chunk(article(text), words, overlap)
    covered = [False] * len(text)
    for ordinal, found in enumerate(chunks):
        assert (found.article_id, found.ordinal, found.docid) == ("a", ordinal, f"a#{ordinal}")
        assert text[found.start : found.end] == found.text
        assert found.text == found.text.strip() != ""
        covered[found.start : found.end] = [True] * (found.end - found.start)
    assert all(done or char.isspace() for done, char in zip(covered, text, strict=True))
    for left, right in itertools.pairwise(chunks):
        assert left.start < right.start and left.end < right.end, "no chunk lies inside another"


@given(TEXTS)
def test_sentences_are_trimmed_in_order_and_apart(text: str) -> None:
    spans = sentences(text)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(spans))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Jets struck. Nobody was hurt! Why?", ["Jets struck.", "Nobody was hurt!", "Why?"]),
        ("نفذت غارات. من قُتل؟ لا أحد۔ انتهى", ["نفذت غارات.", "من قُتل؟", "لا أحد۔", "انتهى"]),
        ("one\ntwo\r\n\r\nthree\u2028four", ["one", "two", "three", "four"]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("On 3.5 km at 10.30 near U.S. forces, Dr. J. Smith", ["On 3.5 km at 10.30 near U.S. forces, Dr. J. Smith"]),
        ("قال د. أحمد إن الغارة", ["قال د. أحمد إن الغارة"]),
        (" \n\t\u00a0 ", []),
    ],
)
def test_sentences_end_at_marks_of_both_scripts_and_at_line_breaks(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def test_chunks_are_whole_sentences_near_the_target_with_one_shared() -> None:
    text = " ".join(said(20, f" {n}.") for n in range(20))
    chunks = chunk(article(text), words=120)
    assert {len(found.text.split()) for found in chunks[:-1]} == {105}
    for left, right in itertools.pairwise(chunks):
        shared = text[right.start : left.end]
        assert len(sentences(shared)) == 1 and left.text.endswith(shared) and right.text.startswith(shared)


def test_a_shared_sentence_gives_way_where_it_leaves_no_room_for_the_next() -> None:
    text = f"{said(60)} {said(60)} {said(100)}"
    first, second = chunk(article(text), words=120)
    assert (len(first.text.split()), len(second.text.split())) == (120, 100)


def test_text_without_punctuation_is_cut_between_words() -> None:
    text = " ".join(f"كلمة{n}" for n in range(1000))
    chunks = chunk(article(text), words=120)
    assert " ".join(found.text for found in chunks) == text
    assert {len(found.text.split()) for found in chunks[:-1]} == {120}


def test_a_run_without_spaces_is_cut_all_the_same() -> None:
    text = "A1+/" * 25_000
    chunks = chunk(article(text), words=120)
    assert "".join(found.text for found in chunks) == text
    assert max(len(found.text) for found in chunks) <= 150 * 200


def test_no_chunk_of_a_few_words_at_the_end() -> None:
    text = f"{said(60)} {said(55)} {said(10)}"
    assert [found.text for found in chunk(article(text), words=120)] == [text]


def test_time_grows_with_the_text_not_with_its_square() -> None:
    def seconds(lines: int) -> float:
        began = time.process_time()
        chunk(article("ضربة.\n" * lines))
        return time.process_time() - began

    assert seconds(160_000) < 12 * seconds(20_000), "8 times the text"
