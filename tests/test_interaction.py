"""Short articles read again, word by word against the question."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from string import ascii_lowercase

import numpy as np
import numpy.typing as npt
import pytest

from service import alignment, interaction
from service.encoder import StaticEncoder
from service.engine import Engine
from service.errors import SettingsError
from service.records import Concept, Filters, Fusion, Leg, Ranking
from service.retriever import Retriever

Reports = Callable[..., Path]
FILLER = "The market opened at nine and traders came from every quarter of the town to sell grain and cloth. "


def holds(asked: list[str], weights: npt.NDArray[np.float64], *texts: tuple[str, str]) -> interaction.Held:
    known = alignment.words_known()
    parts = [interaction.read_texts(text, known) for text in texts]
    return interaction._held(known, [(title, text) for title, text in parts], asked, weights)


def part(asked: list[str], *texts: str) -> list[float]:
    """What each text holds of equally rare words, of 1."""
    held = holds(asked, np.ones(len(asked)), *(("", text) for text in texts)).share
    return (held / sum((interaction._IN_PASSAGE, interaction._IN_SENTENCE, interaction._IN_PAIRS))).round(6).tolist()


def test_all_words_beside_each_other_in_one_sentence_are_the_whole_question() -> None:
    asked = ["bridge", "raid"]
    together, far, apart, one, none = part(
        asked,
        "A raid, a bridge.",
        "The raid was said by many people in town to be at a bridge.",
        "A raid. Later, people of the town came to one bridge.",
        "A raid took place.",
        "!!!",
    )
    assert together == pytest.approx(1.0) and none == 0.0
    assert together > far > apart > one > none


def test_a_word_of_the_other_language_counts_as_far_as_it_is_alike() -> None:
    same, translated, other = part(["hospital"], "A hospital.", "افتتح المستشفى.", "زار التاجر السوق.")
    assert same == pytest.approx(translated, abs=0.1)
    assert other < translated / 2


def test_different_words_of_one_language_can_be_kept_from_being_as_alike_as_translations() -> None:
    known = alignment.words_known()
    words = ["hospital", "clinics", "المستشفى"]
    free, kept = (known.strengths(["hospital"], known.rows(words), 0.1, True, akin)[0] for akin in (1.0, 0.3))
    assert free[1] > 0.3 and kept[1] == pytest.approx(0.3)
    assert kept[[0, 2]].tolist() == free[[0, 2]].tolist()


def test_the_more_words_and_the_rarer_the_more_is_found() -> None:
    for asked, weights, found in (
        (["bridge", "raid"], [1.0, 1.0], 2.0),
        (["bridge", "raid"], [1.0, 5.0], 6.0),
        (["bridge", "zxqvk"], [1.0, 1.0], 0.5),  # one of two: half of 1
        (["bridge", *["zxqvk"] * 9], [1.0] * 10, 0.1),
        (["bridge", "raid"], [0.0, 0.0], 0.0),  # words of most passages
    ):
        held = holds(asked, np.array(weights), ("", "A raid on the bridge."))
        assert held.rarity[0] == pytest.approx(found, abs=0.01)
        assert (held.share > 0).all()


def test_a_number_is_itself_alone() -> None:
    written, arabic, other = part(["2014"], "Elected in 2014.", "انتخب في ٢٠١٤.", "Elected in 2015.")
    assert written == arabic > other == 0.0


def test_neighbours_are_counted_within_a_text_and_stop_words_are_nobodys() -> None:
    asked = ["bridge", "raid"]
    held = holds(asked, np.ones(2), ("Trade", "At last a bridge"), ("raid", "raid"), ("", "a bridge")).share
    assert held[0] == holds(asked, np.ones(2), ("Trade", "At last a bridge")).share[0] == held[2]
    known = alignment.words_known()
    ((rows, starts),) = interaction.read_texts(["It was on the bridge. There!"], known)
    assert starts == (0, 5)
    like = known.strengths(["there", "bridge"], rows, strict=True)
    assert like[0].max() == 0.0 < like[1].max(), "a stop word is like nothing"


class Slow(StaticEncoder):
    """Lets other threads in between looking for what is new and keeping it."""

    def _words(self, plain: Sequence[str]) -> npt.NDArray[np.float32]:
        found = super()._words(plain)
        time.sleep(0.003)
        return found


def test_words_that_many_threads_learn_at_once_are_what_one_learns() -> None:
    words = [["".join(Random(f"{thread} {n}").choices(ascii_lowercase, k=9)) for n in range(60)] for thread in range(4)]
    shared = Slow()

    def learn(mine: list[str]) -> npt.NDArray[np.float32]:
        parts = [shared.encode_words(mine[start : start + 10]) for start in range(0, len(mine), 10)]
        return np.concatenate([*parts, shared.encode_passages(mine)])

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(learn, words))
    alone = StaticEncoder()
    for mine, vectors in zip(words, found, strict=True):
        assert np.allclose(vectors, np.concatenate([alone.encode_words(mine), alone.encode_passages(mine)]), atol=1e-6)


def test_any_word_of_an_or_will_do() -> None:
    one, other, none = part(["raid OR 2014"], "A raid.", "In 2014.", "In 2015.")
    assert one == other > 0.5 and none < 0.2


def test_where_all_words_are_common_each_counts_alike() -> None:
    held = holds(["bridge"], np.zeros(1), ("", "A bridge."), ("A bridge", "A train."), ("", "A train.")).share
    assert held[0] == held[1] > held[2]  # a title is read, too


@pytest.fixture
def answered(engine: Engine, reports: Reports) -> Engine:
    """One report that says it in a sentence, and others that hold the same words, more often and scattered."""
    says = {"id": "says", "text": "The ferry sank near the island of Kos in a storm." + " Rain fell all day." * 3}
    others = [
        {"id": f"o{n}", "text": f"Ferry ferry number {n}. Island island. Then a storm; a storm. Something else sank."}
        for n in range(12)
    ]
    rest = [{"id": f"r{n}", "text": f"{FILLER} Report {n}."} for n in range(60)]
    engine.ingest("c", [reports(says, *others, *rest)])
    return engine


def first(engine: Engine, text: str = "ferry sank island storm", **changed: object) -> str:
    found = Retriever(engine.reader("c"), engine.encoder, replace(engine.settings, **changed))  # type: ignore[arg-type]
    return found.search(text).passages[0].article_id


def test_the_report_that_says_it_comes_first(answered: Engine) -> None:
    assert first(answered, weight_alignment=0.0) != "says"
    assert first(answered) == "says"
    (leg,) = [
        score
        for score in answered.retriever("c").search("ferry sank island storm", explain=True).passages[0].legs
        if score.leg is Leg.ALIGNMENT
    ]
    assert leg.rank == 1 and leg.score is not None and 0.5 < leg.score <= 1
    hits = answered.retriever("c").rank("ferry sank island storm", Leg.ALIGNMENT)
    assert len(hits) <= interaction.READ and sum(hit.score for hit in hits) == pytest.approx(1.0)


def test_neither_ranks_nor_what_is_newest_are_read_again(answered: Engine) -> None:
    for changed in ({"fusion": Fusion.RRF}, {"weight_alignment": 0.0}):
        retriever = Retriever(answered.reader("c"), answered.encoder, replace(answered.settings, **changed))
        legs = retriever.search("ferry sank", explain=True).passages[0].legs
        assert Leg.ALIGNMENT not in {score.leg for score in legs}
        with pytest.raises(SettingsError, match="alignment is switched off"):
            retriever.rank("ferry sank", Leg.ALIGNMENT)
    found = answered.retriever("c").search("ferry sank", explain=True, filters=Filters(recent=True))
    assert Leg.ALIGNMENT not in {score.leg for score in found.passages[0].legs}
    assert answered.retriever("c").rank("zzzz", Leg.ALIGNMENT) == []


def test_long_articles_are_not_read_again(engine: Engine, reports: Reports) -> None:
    long = [{"id": f"l{n}", "text": f"A raid at a bridge, day {n}. " + FILLER * 20} for n in range(3)]
    short = [{"id": f"s{n}", "text": f"غارة قرب جسر في اليوم {n}."} for n in range(3)]
    engine.ingest("c", [reports(*long)])
    assert engine.retriever("c").rank("raid bridge", Leg.ALIGNMENT) == []

    engine.ingest("c", [reports(*short, name="2.jsonl")])  # of the other language: they alone are read for
    read = engine.retriever("c").rank("raid bridge", Leg.ALIGNMENT)
    assert {hit.docid[0] for hit in read} == {"s"}


def test_articles_are_short_by_degrees(engine: Engine, reports: Reports) -> None:
    lengths = {name: 10 * count for name, count in (("a", 10), ("b", 14), ("c", 17))}
    engine.ingest("c", [reports(*({"id": i, "text": "raid " * terms} for i, terms in lengths.items()))])
    reader = engine.reader("c")
    found = reader.search_terms([Concept("raid", {"raid": 1.0})], 10)
    keys = found.keys.tolist()
    ids = [docid.split("#")[0] for docid in reader.docids(keys)]
    assert dict(zip(ids, reader.article_lengths(keys), strict=True)) == lengths  # both passages of c know all of it
    concepts = {leg: [Concept("raid", {"raid": 1.0})] for leg in (Leg.BM25, Leg.CROSS)}
    shares = {}
    for key, name in zip(keys, ids, strict=True):
        read = interaction.Reading(reader).ranking(concepts, Ranking(np.array([key]), np.ones(1)))
        shares[name] = float(read.scores.sum())
    assert shares["a"] == 1.0 and 0 < shares["b"] < 1 and shares["c"] == 0.0
