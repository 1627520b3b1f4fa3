"""A language model's reply -> sentences that what they cite supports, with quotes; or the extractive answer and why.

Every marker of the reply must name a passage that was sent. A sentence is kept when the passages it cites support it
together; its citations are then the nearest sentences of those passages, verbatim, numbered anew, checked like all
others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from service import analyzer, counters, grounding, llm, verification
from service.encoder import Encoder
from service.errors import EndpointError
from service.notices import say
from service.question_terms import Term
from service.records import Answer, AnswerSentence, Citation, Passage, Unsupported
from service.settings import Settings

Terms = Callable[[str], Sequence[Term]]
Cite = Callable[[Passage, int, int], Citation]  # start, end in the article; its marker is still to be set
_MARKER = re.compile(r"\[\s*([0-9\u0660-\u0669]{1,3}(?:\s*[,،]\s*[0-9\u0660-\u0669]{1,3})*)\s*\]")
_END = re.compile(
    r"[.!?\u061f\u06d4\u2026]+[\"'\u201d\u00bb)]*(?:\s*\[[^\][\n]{1,40}\])*(?=\s|$)|(?:\[[^\][\n]{1,40}\])+\s*(?=\n|$)|\n"
)
_MORE = re.compile(r"[^\s\[]|\[[^\]\n]{41}")  # the next sentence has begun: no marker of this one can follow
_LOOSE = re.compile(r" ([.,;:!?\u060c\u061b\u061f])")  # left where a marker stood
_ABBREVIATED = re.compile(r"(?:^|[\s(])[A-Z][a-z]{0,2}\.$")


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence of the reply as it may be shown, and the citations it brings."""

    text: str
    citations: tuple[Citation, ...]
    supported: bool


class Composer:
    """Writes one answer from one set of passages."""

    def __init__(
        self, settings: Settings, encoder: Encoder, terms: Terms, cite: Cite, article_of: verification.ArticleOf
    ) -> None:
        self._settings, self._encoder, self._terms = settings, encoder, terms
        self._cite, self._article_of = cite, article_of

    def compose(self, extractive: Answer, passages: Sequence[Passage]) -> Iterator[AnswerSentence | Answer]:
        """Sentences as they are checked, then the whole answer; with none, the extractive one and a notice."""
        settings = self._settings
        kept: list[AnswerSentence] = []
        citations: list[Citation] = []
        dropped, why = 0, ""
        try:
            pieces = llm.reply(
                settings.llm_url, settings.llm_model, settings.llm_key, settings.llm_timeout_s,
                llm.messages(extractive.question, [passage.text for passage in passages]),
            )  # fmt: skip
            for text in sentences(pieces):
                if llm.NO_ANSWER in text.upper():
                    why = say(extractive.language, "model_no_answer")
                    break
                checked = self._check(text, passages)
                if not checked.supported:
                    counters.count(counters.SENTENCES_UNSUPPORTED)
                    dropped += 1
                    if settings.llm_unsupported is Unsupported.DROP:
                        continue
                sentence = AnswerSentence(checked.text, _numbered(checked.citations, citations), checked.supported)
                kept.append(sentence)
                yield sentence
        except EndpointError as error:
            why = str(error)
        if why or not any(sentence.supported for sentence in kept):
            counters.count(counters.MODEL_FALLBACKS)
            why = why or say(extractive.language, "model_unsupported")
            yield replace(extractive, notices=(*extractive.notices, say(extractive.language, "own_words", why=why)))
            return
        notices = extractive.notices
        if dropped:
            what = "left_out" if settings.llm_unsupported is Unsupported.DROP else "marked"
            notices = (*notices, say(extractive.language, f"sentences_{what}", n=dropped))
        yield replace(
            extractive, sentences=tuple(kept), citations=tuple(citations), model=settings.llm_model, notices=notices
        )

    def _check(self, text: str, passages: Sequence[Passage]) -> Checked:
        plain = _LOOSE.sub(r"\1", " ".join(_MARKER.sub(" ", text).split()))
        numbers = list(dict.fromkeys(int(n) for m in _MARKER.finditer(text) for n in re.findall(r"\d+", m.group(1))))
        if not numbers or any(not 1 <= n <= len(passages) for n in numbers) or not analyzer.words(plain):
            return Checked(plain, (), False)
        terms = self._terms(" ".join(analyzer.words(plain))[: self._settings.max_query_chars])
        cited = [passages[n - 1] for n in numbers]
        together = grounding.support(plain, terms, "\n".join(passage.text for passage in cited), self._encoder)
        if together < self._settings.llm_support:
            return Checked(plain, (), False)
        quotes = []
        for passage in cited:
            start, end, _ = grounding.nearest(plain, grounding.without_planted(passage.text), self._encoder)
            quotes.append(self._cite(passage, passage.start + start, passage.start + end))
        sound = verification.verified(quotes, self._article_of)
        return Checked(plain, tuple(sound), bool(sound))


def sentences(pieces: Iterator[str]) -> Iterator[str]:
    """The reply cut into sentences with the markers after their ends, each as soon as it is whole."""
    buffer = ""
    for piece in pieces:
        buffer += piece
        while (end := _end(buffer)) and _MORE.search(buffer, end):
            yield from _filled(buffer[:end])
            buffer = buffer[end:]
    while end := _end(buffer):
        yield from _filled(buffer[:end])
        buffer = buffer[end:]
    yield from _filled(buffer)


def _end(text: str) -> int:
    """Where the first sentence ends, 0 when it does not; not after Dr. or an initial."""
    for end in _END.finditer(text):
        if not _ABBREVIATED.search(text, 0, end.end()):
            return end.end()
    return 0


def _filled(text: str) -> Iterator[str]:
    if any(char.isalnum() for char in _MARKER.sub("", text)):
        yield text.strip()


def _numbered(new: Sequence[Citation], citations: list[Citation]) -> tuple[int, ...]:
    """The markers of these citations: those of the same quote again, else the next ones, which are added."""
    markers = []
    for citation in new:
        same = [
            c.marker
            for c in citations
            if (c.article_id, c.start, c.end) == (citation.article_id, citation.start, citation.end)
        ]
        if not same:
            citations.append(replace(citation, marker=len(citations) + 1))
        markers.append(same[0] if same else len(citations))
    return tuple(dict.fromkeys(markers))
