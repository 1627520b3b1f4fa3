"""A question -> sentences of the reports that answer it, each cited and checked, or "the reports do not say"."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from service import agreement, confidence, evidence, gloss, near_copies, question_terms, spans, verification
from service.backends.base import Reader
from service.encoder import Encoder
from service.evidence import Sentence
from service.question import Question, read
from service.records import Answer, AnswerSentence, Citation, Language, Passage, SearchResult
from service.retriever import Retriever
from service.settings import Settings


class Answerer:
    """Answers from one pinned version of a collection; safe to use from several threads."""

    def __init__(self, retriever: Retriever, reader: Reader, encoder: Encoder, settings: Settings) -> None:
        self._retriever, self._reader, self._encoder, self._settings = retriever, reader, encoder, settings

    def answer(self, text: str) -> Answer:
        """An extractive answer, or a refusal with the nearest passages. Raises QueryError."""
        began = time.perf_counter()
        result = self._retriever.search(text, self._settings.answer_passages)
        question = read(text)
        terms = question_terms.question_terms(
            question, self._retriever.concepts(text), self._reader.document_frequency, self._reader.manifest.chunks
        )
        found = evidence.sentences(question, terms, result.passages, self._encoder, self._settings.answer_looked_at)
        ranking = confidence.ranked(found)
        sure = confidence.probability(ranking[0][1]) if ranking else 0.0
        answer = _refusal(question, result, sure, self._settings.k)
        if sure >= self._settings.answer_threshold:
            units = question_terms.unit_forms(question, terms)
            answer = self._extract(answer, question, units, self._chosen(ranking, result.passages), result.passages)
        return replace(answer, took_ms=round((time.perf_counter() - began) * 1000, 2))

    def _chosen(
        self, ranking: Sequence[tuple[float, Sentence]], passages: Sequence[Passage]
    ) -> list[tuple[Sentence, tuple[str, ...]]]:
        """The best sentence of each independent report, with the ids of the reports that are near copies of it."""
        best: dict[str, tuple[float, Sentence]] = {}
        for score, sentence in ranking:
            best.setdefault(passages[sentence.passage].article_id, (score, sentence))
        rows = list(best.values())
        group = near_copies.groups([passages[sentence.passage].text for _, sentence in rows])
        chosen: list[tuple[Sentence, tuple[str, ...]]] = []
        for i, (score, sentence) in enumerate(rows):
            if group[i] != i:
                continue
            if len(chosen) == self._settings.answer_sentences or score < rows[0][0] - self._settings.answer_margin:
                break
            mine = [passages[rows[j][1].passage] for j in range(len(rows)) if group[j] == i]
            own = passages[sentence.passage]
            copies = [*own.copies, *(i for p in mine if p is not own for i in (p.article_id, *p.copies))]
            chosen.append((sentence, tuple(dict.fromkeys(copies))))
        return chosen

    def _extract(
        self, refusal: Answer, question: Question, units: frozenset[str],
        chosen: Sequence[tuple[Sentence, tuple[str, ...]]], passages: Sequence[Passage],
    ) -> Answer:  # fmt: skip
        drafts = [_citation(passages[s.passage], s, copies) for s, copies in chosen]
        asked = {(s.start, passages[s.passage].article_id): s.asked for s, _ in chosen}
        sound = verification.verified(drafts, lambda article_id: self._reader.article(article_id)[0])
        if not sound or sound[0] != drafts[0]:  # the confidence was that of the first
            return refusal
        citations = tuple(replace(citation, marker=n) for n, citation in enumerate(sound, 1))
        short = []
        for citation in citations:
            found = spans.candidates(citation.quote, question, units, asked[citation.start, citation.article_id])
            short.append(found[0] if found and found[0].fit >= confidence.NO_FIT else None)
        first = short[0]
        return replace(
            refusal,
            abstained=False,
            short_answer=citations[0].quote[first.start : first.end] if first else "",
            sentences=tuple(AnswerSentence(citation.quote, (citation.marker,)) for citation in citations),
            citations=citations,
            figures=agreement.differing(citations, short),
            nearest=(),
        )


def _citation(passage: Passage, sentence: Sentence, copies: tuple[str, ...]) -> Citation:
    help_in_english = gloss.english(sentence.text) if passage.language == Language.ARABIC else ""
    return Citation(
        0, passage.article_id, passage.title, passage.source, passage.published, passage.url, sentence.start,
        sentence.end, sentence.text, passage.sha256, copies, passage.language, help_in_english,
    )  # fmt: skip


def _refusal(question: Question, result: SearchResult, sure: float, k: int) -> Answer:
    return Answer(
        question.text, result.language, True, round(sure, 4), question.type.value, "", (), (), (),
        result.passages[:k], result.collection, result.version, 0.0, "", result.notices,
    )  # fmt: skip
