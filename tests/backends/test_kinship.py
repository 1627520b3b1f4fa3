"""Near copies are one group, however they came; what is otherwise alike is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import duplicates
from service.backends.embedded.kinship import Kinship, label, settled
from service.engine import Engine
from service.settings import Settings
from service.vocabulary import hashes

WORDS = [f"word{i}" for i in range(400)]


def kinship(texts: Sequence[Sequence[str]], first: int = 0) -> Kinship:
    lengths = np.array([len(text) for text in texts], np.int64)
    labels = np.array([label(f"d{first + i}") for i in range(len(texts))], np.uint64)
    signatures = duplicates.signatures(hashes([word for text in texts for word in text]), lengths, 8)
    return Kinship(duplicates.keys(signatures, labels), labels)


def groups(labels: Sequence[int]) -> list[int]:
    """The number of the first member of each one's group."""
    known = {label(f"d{i}"): i for i in range(len(labels))}
    return [known[int(found)] for found in labels]


def test_texts_with_most_sequences_in_common_are_near_copies() -> None:
    text = WORDS[:100]
    changed = [*text[:50], "other", *text[51:]]  # 3 of 98 sequences
    half = [*text[:50], *WORDS[200:250]]
    found = settled(kinship([text, WORDS[100:200], changed, half, text[5:]]), (), 0.6)
    assert groups(found.labels) == [0, 1, 0, 3, 0]


def test_short_texts_are_like_no_others() -> None:
    assert groups(settled(kinship([["a", "b"], ["a", "b"], [], [], ["a"] * 4]), (), 0.6).labels) == [0, 1, 2, 3, 4]


def test_likeness_is_estimated_about_as_jaccard_has_it() -> None:
    for shared in (0, 40, 60, 80, 95):
        texts = [WORDS[:100], [*WORDS[:shared], *WORDS[200 : 300 - shared]]]
        one, other = ({tuple(t[i : i + 3]) for i in range(98)} for t in texts)
        lengths = np.array([100, 100])
        signatures = duplicates.signatures(hashes([word for text in texts for word in text]), lengths, 64)
        keys = duplicates.keys(signatures, np.array([1, 2], np.uint64))
        found = duplicates.alike(keys[:, :1], keys[:, 1:])[0]
        assert found == pytest.approx(len(one & other) / len(one | other), abs=0.1)


def test_the_library_computes_what_it_did_when_indexes_were_made() -> None:
    signature = duplicates.signatures(hashes("strikes near hawija in may".split()), np.array([5]), 1)
    assert signature.tolist() == GOLDEN, "a new version of rensa: signatures in indexes are no longer comparable"


GOLDEN = [[102519737, 871575705, 778211964, 1336558872]]
TEXTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 99), st.booleans()).map(
        lambda t: [w if not t[2] or i != t[1] else "x" for i, w in enumerate(WORDS[t[0] * 30 : t[0] * 30 + 100])]
    ),
    min_size=1,
    max_size=20,
)


@given(TEXTS, st.integers(0, 20), st.integers(0, 20))
def test_groups_do_not_depend_on_the_portions(texts: list[list[str]], one: int, other: int) -> None:
    whole = settled(kinship(texts), (), 0.6)
    cuts = sorted({0, min(one, len(texts)), min(other, len(texts)), len(texts)})
    parts: list[Kinship] = []
    for start, end in pairwise(cuts):
        parts.append(settled(kinship(texts[start:end], start), parts, 0.6))
    assert np.concatenate([part.labels for part in parts]).tolist() == whole.labels.tolist()


Reports = Callable[..., Path]


def text(number: int, size: int = 60) -> str:
    return " ".join(f"report{(number * 7919 + i) % 5000}" for i in range(size)) + "."


def test_results_say_which_articles_are_near_copies(engine: Engine, reports: Reports) -> None:
    engine.ingest("c", [reports({"id": "a", "text": text(1)}, {"id": "b", "text": text(2)})])
    wire = f"BAGHDAD (wire) {text(1)}"
    engine.ingest("c", [reports({"id": "w", "text": wire}, {"id": "x", "text": text(1, 59)}, name="more.jsonl")])
    passages = engine.retriever("c").search('"report2919"').passages
    assert {p.article_id: p.near_copies for p in passages} == {"a": ("w", "x"), "w": ("a", "x"), "x": ("a", "w")}
    engine.delete("c", ["a"])
    passages = engine.retriever("c").search('"report2919"').passages
    assert {p.article_id: p.near_copies for p in passages} == {"w": ("x",), "x": ("w",)}, "without their first"


def test_settings_say_how_alike_they_are(indexes: Path, reports: Reports) -> None:
    path = reports({"id": "a", "text": text(1)}, {"id": "w", "text": text(1, 45) + text(9, 15)})
    for name, alike, wanted in (("strict", 0.95, ()), ("loose", 0.3, ("w",))):
        with closing(Engine(Settings(indexes=indexes, near_copy_alike=alike, near_copy_bands=16))) as engine:
            engine.ingest(name, [path])
            assert engine.status(name).recipe["near_copies"] == f"words3/16/{alike:g}"
            (passage,) = (p for p in engine.retriever(name).search('"report2919"').passages if p.article_id == "a")
            assert passage.near_copies == wanted
