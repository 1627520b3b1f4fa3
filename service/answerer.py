"""A question -> sentences of the reports that answer it, each cited and checked, or "the reports do not say"."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service import agreement, confidence, evidence, gloss, near_copies, spans, verification
from service.backends.base import Reader
from service.composer import Composer
from service.encoder import Encoder
from service.evidence import Sentence
from service.focus import NO_FILTERS
from service.notices import say
from service.question import Question, read
from service.question_terms import Term, question_terms, unit_forms
from service.records import Answer, AnswerSentence, Article, Citation, Filters, Language, Passage, SearchResult
from service.retriever import Retriever
from service.settings import Settings
from service.stages import stage


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best sentence of one independent report, and the ids of the reports that are near copies of it."""

    sentence: Sentence
    passage: Passage
    copies: tuple[str, ...]


class Answerer:
    """Answers from one pinned version of a collection; safe to use from several threads."""

    def __init__(self, retriever: Retriever, reader: Reader, encoder: Encoder, settings: Settings) -> None:
        self._retriever, self._reader, self._encoder, self._settings = retriever, reader, encoder, settings

    def answer(self, text: str, filters: Filters = NO_FILTERS) -> Answer:
        """The whole answer, or a refusal with the nearest passages, from what the filters let through.

        Raises QueryError.
        """
        return next(part for part in self.stream(text, filters) if isinstance(part, Answer))

    def stream(self, text: str, filters: Filters = NO_FILTERS) -> Iterator[AnswerSentence | Answer]:
        """With a language model, its sentences as they are checked; then, and without one, the whole answer."""
        began = time.perf_counter()
        answer, sources = self._extractive(text, filters)
        parts: Iterator[AnswerSentence | Answer] = iter((answer,))
        if self._settings.llm_url and not answer.abstained:
            composer = Composer(self._settings, self._encoder, self._terms, _citation, self._article)
            parts = composer.compose(answer, sources)
        for part in parts:
            if isinstance(part, Answer):
                part = replace(part, took_ms=round((time.perf_counter() - began) * 1000, 2))
            yield part

    def _extractive(self, text: str, filters: Filters) -> tuple[Answer, list[Passage]]:
        """The answer in quotes, and the passages of independent reports that a language model may write from."""
        settings = self._settings
        result = self._retriever.search(
            text, settings.answer_passages, filters=replace(filters, facets=False, strict_phrases=True)
        )
        question, terms = read(text), self._terms(text)
        with stage("sentences"):
            found = evidence.sentences(question, terms, result.passages, self._encoder, settings.answer_looked_at)
            ranking = confidence.ranked(found)
        sure = confidence.probability(ranking[0][1], question) if ranking else 0.0
        refusal = _refusal(question, result, sure, settings.k)
        if not ranking or not self._sure(ranking[0][1], question):
            return refusal, []
        reports = self._reports(ranking, result.passages)
        lowest = confidence.score(reports[0].sentence) - settings.answer_margin
        chosen = [r for r in reports[: settings.answer_sentences] if confidence.score(r.sentence) >= lowest]
        answer = self._cited(refusal, question, unit_forms(question, terms), chosen)
        return answer, [report.passage for report in reports[: settings.llm_passages]]

    def _sure(self, sentence: Sentence, question: Question) -> bool:
        return confidence.probability(sentence, question) >= self._settings.answer_threshold

    def _terms(self, text: str) -> list[Term]:
        return question_terms(
            read(text), self._retriever.concepts(text), self._reader.document_frequencies, self._reader.manifest.chunks
        )

    def _article(self, article_id: str) -> Article:
        return self._reader.article(article_id)[0]

    def _reports(self, ranking: Sequence[tuple[float, Sentence]], passages: Sequence[Passage]) -> list[Chosen]:
        """Best first; near copies are one report, told by its best sentence."""
        best: dict[str, Sentence] = {}
        for _, sentence in ranking:
            best.setdefault(passages[sentence.passage].article_id, sentence)
        own = [passages[sentence.passage] for sentence in best.values()]
        group = near_copies.groups(own)
        reports = []
        for i, sentence in enumerate(best.values()):
            if group[i] == i:
                alike = [own[j] for j in range(i, len(own)) if group[j] == i]
                names = dict.fromkeys(name for p in alike for name in (p.article_id, *p.copies, *p.near_copies))
                copies = tuple(name for name in names if name != own[i].article_id)
                reports.append(Chosen(sentence, own[i], copies))
        return reports

    def _cited(self, refusal: Answer, question: Question, units: frozenset[str], chosen: Sequence[Chosen]) -> Answer:
        drafts = [
            replace(_citation(c.passage, c.sentence.start, c.sentence.end), copies=c.copies, marker=n)
            for n, c in enumerate(chosen, 1)
        ]
        sound = verification.verified(drafts, self._article)
        if not sound or sound[0] is not drafts[0]:  # the confidence was that of the first
            return replace(refusal, notices=(*refusal.notices, say(refusal.language, "quote_not_stored")))
        kept = [(c, draft) for c, draft in zip(chosen, drafts, strict=True) if any(draft is s for s in sound)]
        citations = tuple(replace(draft, marker=n) for n, (_, draft) in enumerate(kept, 1))
        short = [_short(c.sentence, question, units) for c, _ in kept]
        sure = [self._sure(c.sentence, question) for c, _ in kept]
        figures = agreement.differing(citations, [s if ok else None for s, ok in zip(short, sure, strict=True)])
        first = short[0] if not figures or figures[0].marker == 1 else None  # the others' figures are surer
        return replace(
            refusal,
            abstained=False,
            short_answer=citations[0].quote[first.start : first.end] if first else "",
            sentences=tuple(AnswerSentence(citation.quote, (citation.marker,)) for citation in citations),
            citations=citations,
            figures=figures,
            nearest=(),
        )


def _short(sentence: Sentence, question: Question, units: frozenset[str]) -> spans.Span | None:
    found = spans.candidates(sentence.text, question, units, sentence.asked)
    return found[0] if found and found[0].fit >= confidence.NO_FIT else None


def _citation(passage: Passage, start: int, end: int) -> Citation:
    """The citation of [start, end) of the article, which lies in the passage; its marker is still to be set."""
    quote = passage.text[start - passage.start : end - passage.start]
    return Citation(
        0, passage.article_id, passage.title, passage.source, passage.published, passage.url, start, end, quote,
        passage.sha256, passage.copies, passage.language,
        gloss.english(quote) if passage.language == Language.ARABIC else "",
    )  # fmt: skip


def _refusal(question: Question, result: SearchResult, sure: float, k: int) -> Answer:
    return Answer(
        question.text, result.language, True, round(sure, 4), question.type.value, "", (), (), (),
        result.passages[:k], result.collection, result.version, 0.0, "", result.notices,
    )  # fmt: skip
