"""Concepts scored by compiled loops, in numpy and by the definition: the same, whatever the segments and deletions."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import analyzer
from service.backends.base import Filter
from service.backends.embedded import kernels
from service.backends.embedded.concepts import MIN_ARTICLE_IDF
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.variants import Spellings, build, trigrams
from service.records import Article, Concept, Language, Ranking
from service.vocabulary import Terms
from tests.backends.test_embedded import FEW, TERMS, collection, histories, reader, vector, write

CONCEPTS = st.lists(
    st.builds(
        Concept,
        st.just("x"),
        st.dictionaries(st.sampled_from([*TERMS, "absent"]), st.sampled_from([0.0, 0.3, 1.0]), min_size=1, max_size=4),
        st.sampled_from([0.5, 1.0]),
    ),
    max_size=4,
)
K1, B, EPSILON = 1.5, 0.75, 0.25


def by_definition(live: list[Article], words: int, concepts: list[Concept], share: float) -> dict[str, float]:
    """Scores by docid of chunks of so many words each."""
    chunks: dict[str, tuple[str, Counter[str]]] = {}
    articles: dict[str, Counter[str]] = {}
    for article in live:
        parts = article.text.split()
        pieces = [" ".join(parts[i : i + words]) for i in range(0, len(parts), words)] or [""]
        terms = [Counter(analyzer.terms(piece)) for piece in pieces]
        chunks |= {f"{article.article_id}#{i}": (article.article_id, found) for i, found in enumerate(terms)}
        articles[article.article_id] = sum(terms, Counter())
    df = Counter(term for _, found in chunks.values() for term in found)
    idfs = [math.log(len(chunks) - n + 0.5) - math.log(n + 0.5) for n in df.values()]
    floor = EPSILON * sum(idfs) / len(idfs) if idfs else 0.0

    def frequency(concept: Concept, found: Counter[str]) -> float:
        return sum(found[term] * weight for term, weight in concept.terms.items())

    def part(f: float, length: int, mean: float) -> float:
        return f * (K1 + 1) / (f + K1 * (1 - B + B * length / mean)) if f else 0.0

    mean = sum(found.total() for _, found in chunks.values()) / len(chunks)
    whole = sum(found.total() for found in articles.values()) / len(articles)
    scores = {}
    for docid, (home, found) in chunks.items():
        if not any(found[term] and weight for concept in concepts for term, weight in concept.terms.items()):
            continue
        scores[docid] = 0.0
        for concept in concepts:
            held = sum(df[term] * weight for term, weight in concept.terms.items())
            idf = math.log(len(chunks) - held + 0.5) - math.log(held + 0.5) if held < len(chunks) + 0.5 else -1.0
            idf = idf if idf >= 0 else floor
            scores[docid] += concept.weight * idf * part(frequency(concept, found), found.total(), mean)
            if share:
                inside = sum(min(1.0, frequency(concept, other)) for other in articles.values())
                rarity = math.log(max(len(articles) - inside, 0.0) + 0.5) - math.log(inside + 0.5)
                value = part(frequency(concept, articles[home]), articles[home].total(), whole)
                scores[docid] += share * concept.weight * max(rarity, MIN_ARTICLE_IDF) * value
    return scores


def in_both_ways(index: EmbeddedReader, concepts: list[Concept], depth: int, share: float) -> list[Ranking]:
    found = []
    for loops in ([], [kernels.load()]):
        with mock.patch.object(kernels, "_ready", loops):
            assert (kernels.ready() is None) is not bool(loops)
            found.append(index.search_terms(concepts, depth, None, share))
            assert index.best_possible(concepts, share) == index.best_possible(list(concepts), share)
    return found


@FEW
@given(histories(), CONCEPTS, st.sampled_from([0.0, 1.5]), st.integers(1, 3))
def test_compiled_loops_and_numpy_give_the_scores_of_the_definition(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int],
    concepts: list[Concept],
    share: float,
    words: int,
) -> None:
    live, commits, deletions, segment_chunks = history
    expected = by_definition(live, words, concepts, share)
    with collection() as folder:
        for articles, gone in zip(commits, deletions, strict=True):
            write(folder, articles, gone, segment_chunks, words=words)
        with closing(reader(folder)) as index:
            for found in in_both_ways(index, concepts, 1000, share):
                got = dict(zip(index.docids(found.keys.tolist()), found.scores.tolist(), strict=True))
                assert got == pytest.approx(expected, abs=1e-6)
            # what is left of one search must not show in the next, nor what a filter left out
            plain = [Concept(term, {term: 1.0}) for term in TERMS]
            for allowed in (None, Filter(phrases=(((TERMS[2],),),))):
                first, second = [index.search_terms(plain, 5, allowed, share) for _ in range(2)]
                assert first.keys.tolist() == second.keys.tolist()
                assert first.scores.tolist() == second.scores.tolist()


@settings(max_examples=10)
@given(histories(), st.integers(1, 6))
def test_the_best_by_compiled_loops_are_the_best_by_numpy(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int], depth: int
) -> None:
    _, commits, deletions, segment_chunks = history
    concepts = [Concept("a", {TERMS[0]: 0.7, TERMS[2]: 0.2}), Concept("b", {TERMS[3]: 1.0}, 0.3)]
    with collection() as folder:
        for articles, gone in zip(commits, deletions, strict=True):
            write(folder, articles, gone, segment_chunks, words=2)
        with closing(reader(folder)) as index:
            slow, fast = in_both_ways(index, concepts, depth, 1.5)
            assert fast.keys.tolist() == slow.keys.tolist()
            assert fast.scores == pytest.approx(slow.scores, abs=1e-12)


def test_without_a_folder_for_its_cache_numba_compiles_all_the_same() -> None:
    import numba

    honest = numba.njit
    asked: list[bool] = []

    def njit(*given: object, cache: bool = False, **options: object) -> object:
        if given and isinstance(given[0], list):  # numba decorates functions of its own too
            asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return honest(*given, **options)

    with mock.patch.object(numba, "njit", njit):
        loops = kernels._compiled()
    assert asked == [True, False] * 3
    assert loops.alike is not None


def test_without_numba_everything_stays_in_numpy() -> None:
    with (
        mock.patch.dict("sys.modules", {"numba": None}),
        mock.patch.object(kernels, "_ready", []),
        mock.patch.object(kernels, "_started", []) as started,
    ):
        kernels.load_soon()
        started[0].join()
        assert kernels.ready() is None


@FEW
@given(histories(), st.lists(st.tuples(st.integers(0, 13), st.sampled_from([0.1, 0.6])), min_size=1, max_size=4))
def test_the_mass_of_terms_is_that_of_the_texts(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int], picked: list[tuple[int, float]]
) -> None:
    live, commits, deletions, segment_chunks = history
    corpus = [analyzer.terms(article.text) for article in live]
    with collection() as folder:
        for articles, gone in zip(commits, deletions, strict=True):
            write(folder, articles, gone, segment_chunks)
        with closing(reader(folder)) as index:
            keys = index.search_vector(vector(""), 1000).keys.tolist()
            by_docid = dict(zip(index.docids(keys), keys, strict=True))
            chosen = [(i % len(live), share) for i, share in picked]
            expected: dict[str, float] = {}
            for i, share in chosen:
                for term, count in Counter(corpus[i]).items():
                    expected[term] = expected.get(term, 0.0) + share * count / len(corpus[i])
            sought = [by_docid[f"{live[i].article_id}#0"] for i, _ in chosen]
            terms, mass, df = index.term_mass(sought, [share for _, share in chosen])
            assert list(terms) == sorted(expected)
            assert mass.tolist() == pytest.approx([expected[term] for term in terms])
            assert df.tolist() == [sum(term in row for row in corpus) for term in terms]
            assert len(set(index.homes(keys))) == len(live), "a chunk an article here"
            spoken = Counter(index.languages(keys))
            assert all(index.chunks_in(language) == spoken[language] for language in Language)
            assert index.article_lengths(sought) == [len(corpus[i]) for i, _ in chosen]
            assert [terms[i] for i in range(len(terms))] == list(terms[:])


@given(st.sets(st.text("abcغار", min_size=1, max_size=7), max_size=30), st.text("abcغار", min_size=1, max_size=7))
def test_terms_spelt_alike_are_those_of_the_definition(names: set[str], term: str) -> None:
    terms = Terms.pack(sorted(name.encode() for name in names))
    spellings = Spellings(build(terms), terms)
    mine = trigrams(term)
    expected = {
        name: likeness
        for name in names - {term}
        if (likeness := 2 * len(mine & trigrams(name)) / (len(mine) + len(trigrams(name)))) >= 0.5
    }
    for loops in ([], [kernels.load()]):
        with mock.patch.object(kernels, "_ready", loops):
            assert spellings.alike(term, 0.5) == spellings.alike(term, 0.5) == pytest.approx(expected)
            best = sorted(expected, key=lambda name: (-expected[name], name))
            for most in (1, 3):
                few = spellings.alike(term, 0.5, most)
                assert sorted(few, key=lambda name: (-few[name], name))[:most] == best[:most]
