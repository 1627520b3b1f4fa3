from __future__ import annotations

from pathlib import Path

import pytest
from benchmarking.passages import Passage, grown, of_articles, questions, read, write

from service.settings import Settings

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"
REAL = list(of_articles([str(SEEDS)], Settings()))


def test_passages_are_slices_of_the_articles() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in SEEDS.glob("*")}

    assert len(REAL) >= 90
    assert all(any(passage.text in text for text in texts.values()) for passage in REAL)


@pytest.mark.parametrize("count", [1, 40, 500])
def test_a_set_has_the_size_that_was_asked_and_no_text_twice(count: int) -> None:
    made = list(grown(REAL, count))

    assert len(made) == len({passage.id for passage in made}) == len({passage.indexed for passage in made}) == count
    assert made == list(grown(REAL, count))


def test_a_small_set_is_a_sample_of_the_real_ones() -> None:
    assert {passage.text for passage in grown(REAL, 30)} <= {passage.text for passage in REAL}


def test_what_is_made_has_only_words_of_the_real_ones() -> None:
    known = {word for passage in REAL for word in passage.text.split()}

    assert {word for passage in grown(REAL, 300) for word in passage.text.split()} <= known


def test_too_few_words_for_so_many_passages_are_said() -> None:
    with pytest.raises(ValueError, match="different passages could be made of 1, wanted 5"):
        list(grown([Passage("a", "a", "", "one")], 5))


def test_questions_are_four_words_of_one_passage() -> None:
    asked = questions(REAL, 20)

    assert len(asked) == 20 and asked == questions(REAL, 20)
    assert all(any(set(text.split()) <= set(passage.text.split()) for passage in REAL) for text in asked)


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert write(tmp_path / "p.jsonl", REAL) == len(REAL)
    assert list(read(tmp_path / "p.jsonl")) == REAL
