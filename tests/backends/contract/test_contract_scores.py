"""Every backend gives BM25's scores and inner products, of whatever history, and the embedded backend's rankings."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from service.engine import SAMPLE, Engine
from service.records import Article, Backends, Concept, Filters, Language, Leg
from tests.backends.contract.conftest import KINDS, article, put, settings_of
from tests.backends.contract.oracle import Oracle

WORDS = "غارة الحويجة قصف مدفعي قرية مزرعة strike mosul raid bridge market hospital 2020 كركوك".split()
TOPICS = Path(__file__).parents[3] / "seeds" / "topics.jsonl"
QUESTIONS = sorted(
    {
        str(value)
        for line in TOPICS.read_text("utf-8").splitlines()
        for name, value in json.loads(line).items()
        if name.startswith(("query_", "question_"))
    }
)

FILTERS = (
    Filters(),
    Filters(since="2015", until="2021-06", facets=True),
    Filters(place=("Iraq",), facets=True),
    Filters(near="Hawija", within_km=80, language=("ar",)),
)


def reports(count: int, seed: int = 1) -> list[Article]:
    chance = random.Random(seed)
    return [article(f"r{seed}-{i}", " ".join(chance.choices(WORDS, k=chance.randint(3, 60)))) for i in range(count)]


def agree(engine: Engine, live: list[Article]) -> None:
    """Scores of single words, of all of them, and of vectors, against the definitions."""
    made, reader = engine.settings, engine.reader("c")
    oracle = Oracle(live, engine.encoder)
    known = reader.manifest
    assert (known.articles, known.chunks) == (len(live), len(oracle.docids))
    terms = sorted(oracle.df)
    for asked in ([terms[0]], [terms[-1]], terms[:4], terms):
        wanted = oracle.bm25(asked, made.bm25_k1, made.bm25_b, made.bm25_epsilon, known.statistics["mean_length"])
        found = reader.search_terms([Concept(term, {term: 1.0}) for term in asked], 10_000)
        scores = dict(zip(reader.docids(found.keys.tolist()), found.scores.tolist(), strict=True))
        assert scores == pytest.approx(wanted, abs=1e-4)
        assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert reader.document_frequencies([*terms, "nowhere"]).tolist() == [*(oracle.df[term] for term in terms), 0]
    vector = engine.encoder.encode_query("غارة على الحويجة")
    found = reader.search_vector(vector, 10_000)
    scores = dict(zip(reader.docids(found.keys.tolist()), found.scores.tolist(), strict=True))
    assert scores == pytest.approx(oracle.dense(vector), abs=1e-4)
    spoken = Counter(reader.languages(found.keys.tolist()))
    assert {language: reader.chunks_in(language) for language in Language} == {
        language: spoken[language] for language in Language
    }


def test_scores_as_published(engine: Engine) -> None:
    live = reports(60)
    put(engine, *live)
    agree(engine, live)
    live_mean = Oracle(live, engine.encoder).mean_length
    assert engine.status("c").statistics["mean_length"] == pytest.approx(live_mean)


def test_scores_after_more_came_and_some_went(engine: Engine) -> None:
    live = reports(40)
    put(engine, *live)
    more = reports(25, seed=2)
    put(engine, *more)
    engine.delete("c", [a.article_id for a in live[:10]])
    changed = article(live[20].article_id, "strike strike mosul غارة جديدة على السوق")
    put(engine, changed, update=True)
    agree(engine, [*live[10:20], changed, *live[21:], *more])


def test_a_word_of_most_passages_weighs_as_little_as_it_should(engine: Engine) -> None:
    live = [article(f"d{i}", text) for i, text in enumerate(["strike strike mosul", "strike raid", "strike bridge"])]
    put(engine, *live)
    agree(engine, live)


def test_fewer_are_asked_for_than_there_are_and_more(engine: Engine) -> None:
    put(engine, *[article(f"d{i:02}", f"غارة على الحويجة q{i:02}") for i in range(12)], article("other", "bridge"))
    reader = engine.reader("c")
    best = [Concept(term, {term: 1.0}) for term in reader.vocabulary() if reader.document_frequency(term) == 12]
    found = reader.search_terms(best[:1], 5)
    assert reader.docids(found.keys.tolist()) == [f"d{i:02}#0" for i in range(5)], "ties at the end go by docid"
    assert len(reader.search_terms(best[:1], 20_000)) == 12
    vector = engine.encoder.encode_query("bridge")
    assert len(reader.search_vector(vector, 20_000)) == 13 and len(reader.search_vector(vector, 1)) == 1


@pytest.mark.parametrize("kind", KINDS[1:], indirect=True)
def test_passages_of_the_best_articles_are_listed_or_searched_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the best articles have too many passages to be listed, the server is asked for the best of them."""
    long = [article(f"long{i}", " ".join(random.Random(i).choices(WORDS, k=400))) for i in range(6)]
    put(engine, *reports(20), *long)
    asked = ["غارة strike", "قصف مدفعي", "bridge market", "hospital كركوك"]
    wanted = [engine.retriever("c").rank(question, depth=8) for question in asked]  # few by their own words alone
    monkeypatch.setattr("service.backends.milvus.candidates.PAGE", 5)
    assert [engine.retriever("c").rank(question, depth=8) for question in asked] == wanted


@pytest.fixture(scope="module", params=KINDS)
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """The sample collection on this backend, and on the embedded one."""
    with ExitStack() as stack:
        engines = []
        for kind in (Backends(request.param), Backends.EMBEDDED):
            made = replace(settings_of(kind, tmp_path_factory.mktemp("sample")), chunk_words=120)
            engines.append(stack.enter_context(closing(Engine(made))))
            engines[-1].prepare_sample()
        yield engines[0], engines[1]


@pytest.mark.parametrize("leg", [Leg.BM25, Leg.CROSS, Leg.DENSE, Leg.FEEDBACK, Leg.PLACE, Leg.ALIGNMENT, Leg.FUSED])
def test_the_sample_is_ranked_as_by_the_embedded_backend(sample: tuple[Engine, Engine], leg: Leg) -> None:
    one, other = (engine.retriever(SAMPLE) for engine in sample)
    for question in QUESTIONS:
        found, wanted = ({h.docid: h.score for h in r.rank(question, leg)} for r in (one, other))
        assert found == pytest.approx(wanted, abs=1e-4), question
        ranked = [sorted(scores, key=lambda d: (-round(scores[d], 3), d))[:20] for scores in (found, wanted)]
        assert ranked[0] == ranked[1], question


def test_what_is_shown_is_what_the_embedded_backend_shows(sample: tuple[Engine, Engine]) -> None:
    one, other = (engine.retriever(SAMPLE) for engine in sample)
    for question in QUESTIONS[::4]:
        for filters in FILTERS:
            found, wanted = (r.search(question, 5, True, filters) for r in (one, other))
            assert [p.docid for p in found.passages] == [p.docid for p in wanted.passages], (question, filters)
            for p, q in zip(found.passages, wanted.passages, strict=True):
                assert replace(p, score=0, legs=()) == replace(q, score=0, legs=())
            assert (found.facets, found.areas, found.period) == (wanted.facets, wanted.areas, wanted.period)
