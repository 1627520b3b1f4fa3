from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusion import Lowered, by_key, convex, ordered, ranks, rrf
from service.records import Leg, Ranking

WEIGHTS = dict.fromkeys(Leg, 1.0)


def ranking(**scores: float) -> Ranking:
    """Of keys k1, k2, ..., best first, ties by key."""
    best = sorted(((int(name[1:]), score) for name, score in scores.items()), key=lambda entry: (-entry[1], entry[0]))
    return Ranking(np.array([key for key, _ in best], np.int64), np.array([score for _, score in best], np.float64))


def as_dict(found: Ranking) -> dict[int, float]:
    return dict(zip(found.keys.tolist(), found.scores.tolist(), strict=True))


RANKINGS = st.dictionaries(
    st.sampled_from([Leg.BM25, Leg.CROSS, Leg.DENSE]),
    st.dictionaries(st.integers(1, 30).map(lambda n: f"k{n}"), st.floats(-2, 5).map(lambda x: round(x, 1))).map(
        lambda scores: ranking(**scores)
    ),
)


def test_equal_scores_share_a_rank() -> None:
    assert ranks(ranking(k1=5, k2=3, k3=3, k4=3, k5=1)).tolist() == [1, 2, 2, 2, 5]
    assert ranks(ranking()).tolist() == []


@given(st.lists(st.sampled_from([0, 1, 2, 3, 7, 2**40, 2**61])))
def test_the_order_by_key_is_stable_whatever_the_keys(keys: list[int]) -> None:
    assert by_key(np.array(keys, np.int64)).tolist() == sorted(range(len(keys)), key=keys.__getitem__)


@given(RANKINGS, st.integers(1, 10))
def test_less_depth_gives_the_head_of_the_same_ranking(legs: dict[Leg, Ranking], depth: int) -> None:
    whole, head = convex(legs, WEIGHTS, 1_000), convex(legs, WEIGHTS, depth)
    assert head.keys.tolist() == whole.keys[:depth].tolist()
    assert head.scores.tolist() == whole.scores[:depth].tolist()


def test_rrf_adds_weight_over_constant_plus_rank() -> None:
    legs = {Leg.BM25: ranking(k1=9, k2=8), Leg.DENSE: ranking(k2=0.9, k3=0.5)}
    found = as_dict(rrf(legs, {Leg.BM25: 1.0, Leg.DENSE: 0.5}, depth=10, rrf_k=60))
    assert found == pytest.approx({1: 1 / 61, 2: 1 / 62 + 0.5 / 61, 3: 0.5 / 62})


def test_convex_takes_the_better_leg_of_words_and_adds_the_vectors() -> None:
    legs = {
        Leg.BM25: ranking(k1=10, k2=5),
        Leg.CROSS: ranking(k2=8, k3=4),
        Leg.DENSE: ranking(k1=0.9, k3=0.7, k4=0.5),
    }
    found = as_dict(convex(legs, {**WEIGHTS, Leg.DENSE: 0.3}, depth=10))
    assert found == pytest.approx({1: 1.0 + 0.3, 2: 0.8, 3: 0.4 + 0.15, 4: 0.0})


@pytest.mark.parametrize(("off", "left"), [(Leg.BM25, {2: 1.0}), (Leg.CROSS, {1: 1.0})])
def test_a_leg_of_words_without_weight_leaves_the_other(off: Leg, left: dict[int, float]) -> None:
    legs = {Leg.BM25: Ranking(np.array([1]), np.array([1.0])), Leg.CROSS: Ranking(np.array([2]), np.array([0.9]))}
    found = convex(legs, {leg: float(leg is not off) for leg in legs}, 10)
    assert dict(zip(found.keys.tolist(), found.scores.tolist(), strict=True)) == left


def test_what_is_lowered_counts_less_before_the_best_are_taken() -> None:
    words = Ranking(np.array([1, 2, 3]), np.array([1.0, 0.8, 0.6]))
    lowered = Lowered(np.array([1, 9]), 0.5)
    found = convex({Leg.BM25: words}, {Leg.BM25: 1.0}, 2, lowered)
    assert dict(zip(found.keys.tolist(), found.scores.tolist(), strict=True)) == pytest.approx({2: 0.8, 3: 0.6})


@pytest.mark.parametrize("fuse", [convex, rrf])
def test_a_leg_without_weight_changes_no_order(fuse: type) -> None:
    words = {Leg.BM25: ranking(k1=3, k2=2, k3=1)}
    legs = {**words, Leg.DENSE: ranking(k3=0.9, k2=0.1)}
    weights = {**WEIGHTS, Leg.DENSE: 0.0}
    assert fuse(legs, weights, 10).keys.tolist() == fuse(words, weights, 10).keys.tolist() == [1, 2, 3]


@pytest.mark.parametrize("fuse", [convex, rrf])
@given(RANKINGS, st.integers(1, 40))
def test_fused_is_every_key_once_best_first_ties_by_key(fuse: type, legs: dict[Leg, Ranking], depth: int) -> None:
    found = fuse(legs, WEIGHTS, depth)
    everything = fuse(legs, WEIGHTS, 1000)
    assert sorted(everything.keys.tolist()) == sorted({key for r in legs.values() for key in r.keys.tolist()})
    pairs = [(-score, key) for key, score in zip(everything.keys.tolist(), everything.scores.tolist(), strict=True)]
    assert pairs == sorted(pairs)
    assert np.isfinite(everything.scores).all()
    assert found.keys.tolist() == everything.keys[:depth].tolist()


@pytest.mark.parametrize("fuse", [convex, rrf])
@given(RANKINGS)
def test_the_order_of_the_legs_does_not_matter(fuse: type, legs: dict[Leg, Ranking]) -> None:
    backwards = dict(reversed(legs.items()))
    assert as_dict(fuse(legs, WEIGHTS, 100)) == as_dict(fuse(backwards, WEIGHTS, 100))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.sampled_from([-1.5, 0.0, 0.1, 0.1 + 0.2, 0.3, 7.0])),
        unique_by=lambda e: e[0],
    )
)
def test_ordered_is_by_score_and_among_equals_by_key(entries: list[tuple[int, float]]) -> None:
    keys, scores = np.array([k for k, _ in entries], np.int64), np.array([s for _, s in entries], np.float64)
    assert ordered(keys, scores).tolist() == np.lexsort((keys, -scores)).tolist()
