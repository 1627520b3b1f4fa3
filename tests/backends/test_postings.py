from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from service.backends.embedded.forward import Forward
from service.backends.embedded.postings import Postings, PostingsBuilder, Statistics, mean_idf
from service.vocabulary import Terms

ROWS = st.lists(
    st.lists(st.sampled_from(["غارة", "strike", "a", "é", "\U0001f6f0", "\uffff"]), max_size=8), max_size=12
)


def built(rows: list[list[str]]) -> Postings:
    builder = PostingsBuilder()
    for row in rows:
        builder.add(row)
    assert len(builder) == len(rows)
    return builder.build()


@given(ROWS)
def test_postings_are_the_rows_turned_over(rows: list[list[str]]) -> None:
    found = built(rows)
    assert list(found.terms) == sorted({term for row in rows for term in row}, key=str.encode)
    for term in found.terms:
        wanted = [(i, row.count(term)) for i, row in enumerate(rows) if term in row]
        held, counts = found.of(term)
        assert list(zip(held.tolist(), counts.tolist(), strict=True)) == wanted
    assert [len(part) for part in found.of("absent")] == [0, 0]


@given(ROWS)
def test_the_forward_index_has_the_terms_of_each_row(rows: list[list[str]]) -> None:
    postings = built(rows)
    forward = Forward.of(postings, len(rows))
    numbers, counts, sizes = forward.bags(np.arange(len(rows)))
    ends = np.cumsum(sizes).tolist()
    for row, start, end in zip(rows, [0, *ends], ends, strict=False):
        held = [postings.terms[number] for number in numbers[start:end].tolist()]
        assert held == sorted(set(row), key=str.encode)
        assert dict(zip(held, counts[start:end].tolist(), strict=True)) == Counter(row)
    assert ends[-1:] == ([len(numbers)] if rows else [])


@given(st.sets(st.text("ab ", max_size=5)), st.text("ab ", max_size=3))
def test_a_vocabulary_knows_whether_a_term_begins_so(names: set[str], start: str) -> None:
    terms = Terms.pack(sorted(name.encode() for name in names))
    assert terms.has_prefix(start) == any(name.startswith(start) for name in names)
    before = [terms.find(name) for name in names]
    terms.learn()
    assert [terms.find(name) for name in names] == before
    assert terms.find("c") == -1


@pytest.mark.parametrize(("times", "kind"), [(255, np.uint8), (256, np.uint16)])
def test_counts_take_one_byte_on_disk_where_that_is_enough(times: int, kind: type, tmp_path: Path) -> None:
    built([["a"] * times]).save(tmp_path, "terms")
    assert Postings.load(tmp_path, "terms").of("a")[1].tolist() == [times]
    assert Postings.load(tmp_path, "terms").counts.dtype == kind


@pytest.mark.parametrize("rows", [[], [[]], [["b", "a", "b"], [], ["ب"]]])
def test_they_come_back_from_disk_as_they_were(rows: list[list[str]], tmp_path: Path) -> None:
    built(rows).save(tmp_path, "terms")
    found = Postings.load(tmp_path, "terms")
    assert list(found.terms) == list(built(rows).terms)
    for term in found.terms:
        assert [part.tolist() for part in found.of(term)] == [part.tolist() for part in built(rows).of(term)]


def test_a_count_beyond_two_bytes_stays_at_the_most() -> None:
    assert built([["a"] * 70_000]).of("a")[1].tolist() == [65_535]


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=6)))
def test_vocabulary_finds_each_of_its_terms_and_no_other(names: set[str]) -> None:
    terms = Terms.pack(sorted(name.encode() for name in names))
    assert [terms[i] for i in range(len(terms))] == list(terms) == sorted(names, key=str.encode)
    assert terms[1:3] == list(terms)[1:3]
    for name in [*names, "absent", "", "\U0010ffff"]:
        i = terms.find(name)
        assert terms[i] == name if name in names else i == -1
    wanted = [*sorted(names), "absent"]
    with tempfile.TemporaryDirectory() as folder:
        terms.save(Path(folder), "names", hashed=True)
        hashed = Terms.load(Path(folder), "names", hashed=True)
        assert hashed.find_many(wanted).tolist() == terms.find_many(wanted).tolist() == [terms.find(n) for n in wanted]


@given(ROWS.filter(lambda rows: any(rows)), st.sampled_from([0.0, 0.25, 0.5]))
def test_idf_is_that_of_rank_bm25(rows: list[list[str]], epsilon: float) -> None:
    oracle = BM25Okapi(rows, epsilon=epsilon)
    df = Counter(term for row in rows for term in set(row))
    statistics = Statistics(len(rows), 1.0, mean_idf(len(rows), np.array(list(df.values()), np.int64)))
    for term, count in df.items():
        assert statistics.idf(count, epsilon) == pytest.approx(oracle.idf[term], abs=1e-9)


def test_nothing_has_no_idf() -> None:
    assert mean_idf(0, np.zeros(0, np.int64)) == 0.0
    assert Statistics(0, 0.0, 0.0).idf(0, 0.25) == 0.0


def test_a_list_that_is_looked_up_often_answers_the_same_from_memory() -> None:
    names = sorted(f"w{i}".encode() for i in range(50))
    terms = Terms.pack(names)
    asked = [f"w{i}" for i in range(0, 80, 3)]
    first = [terms.find(name) for name in asked]
    for _ in range(100):
        again = [terms.find(name) for name in asked]
        assert again == first
    assert first == [names.index(name.encode()) if name.encode() in names else -1 for name in asked]
