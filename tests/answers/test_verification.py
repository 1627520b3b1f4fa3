"""Verification before display: what is not exactly what is stored is dropped and counted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import counters
from service.answerer import Answerer
from service.engine import Engine
from service.errors import ArticleNotFound
from service.records import Answer, Article, Citation
from service.verification import holds, verified

TEXT = "🛰 صباح هادئ.\nنفّذ التحالف غارات قرب الحويجة."
ARTICLE = Article("a-1", TEXT, hashlib.sha256(TEXT.encode()).hexdigest())
START = TEXT.index("نفّذ")
GOOD = Citation(1, "a-1", "", "", "", "", START, len(TEXT), TEXT[START:], ARTICLE.sha256)


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, start=START - 1),
        replace(GOOD, end=GOOD.end + 1),
        replace(GOOD, start=-5, end=-1, quote=TEXT[-5:-1]),
        replace(GOOD, start=5, end=5, quote=""),
        replace(GOOD, quote=GOOD.quote.replace("نفّذ", "نفذ")),  # a diacritic less is another text
        replace(GOOD, sha256="0" * 64),
        replace(GOOD, article_id="a-2"),
    ],
)
def test_what_differs_does_not_hold(bad: Citation) -> None:
    assert holds(GOOD, ARTICLE)
    assert not holds(bad, ARTICLE)


def test_an_article_changed_under_its_hash_does_not_hold() -> None:
    changed = replace(ARTICLE, text=TEXT + " ")
    assert not holds(GOOD, changed)


def test_dropped_ones_are_counted() -> None:
    def article(article_id: str) -> Article:
        if article_id != "a-1":
            raise ArticleNotFound(article_id)
        return ARTICLE

    before = counters.snapshot()[counters.CITATIONS_DROPPED]
    kept = verified([GOOD, replace(GOOD, end=20), replace(GOOD, article_id="gone")], article)
    assert kept == [GOOD]
    assert counters.snapshot()[counters.CITATIONS_DROPPED] == before + 2


@given(st.text(min_size=1, max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_exactly_the_slice_holds(text: str, start: int, end: int) -> None:
    article = Article("x", text, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    citation = Citation(1, "x", "", "", "", "", start, end, text[start:end], article.sha256)
    assert holds(citation, article) == (0 <= start < end <= len(text))


def check(answer: Answer, seeds: Engine) -> None:
    """Every promise of an answer, against the stored articles."""
    assert answer.abstained == (not answer.sentences) == (not answer.citations)
    assert [citation.marker for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    used = [marker for sentence in answer.sentences for marker in sentence.markers]
    assert set(used) == {citation.marker for citation in answer.citations}
    assert all(len(set(sentence.markers)) == len(sentence.markers) for sentence in answer.sentences)
    for citation in answer.citations:
        article = seeds.article("seeds", citation.article_id)[0]
        assert article.text[citation.start : citation.end] == citation.quote != ""
        assert hashlib.sha256(article.text.encode()).hexdigest() == citation.sha256
        assert citation.article_id not in citation.copies
    if answer.citations:
        assert answer.short_answer in answer.citations[0].quote
    places = [(citation.article_id, citation.start) for citation in answer.citations]
    assert len(set(places)) == len(places)


WORDS = "Hawija الحويجة غارات strikes كم how many قتل killed Baiji بيجي 2014 داعش oil نفط من who".split()


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
def test_every_citation_of_any_question_is_what_is_stored(
    seeds: Engine, unsure_answerer: Answerer, words: list[str]
) -> None:
    check(unsure_answerer.answer(" ".join(words)), seeds)


@pytest.fixture(scope="session")
def unsure_answerer(seeds: Engine) -> Answerer:
    """One that answers whatever the confidence, so that there are citations to look at."""
    settings = replace(seeds.settings, answer_threshold=0.0)
    return Answerer(seeds.retriever("seeds"), seeds.reader("seeds"), seeds.encoder, settings)
