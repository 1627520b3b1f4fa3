"""Answers -> measures: is the first citation one that holds the answer, is a refusal right, does every citation hold.

A refusal of a question that has an answer is a miss everywhere, and a false refusal.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service import analyzer, chunker
from service.errors import InputError
from service.evaluation import Qrels
from service.records import Answer, Article, Citation

MEASURES = ("evidence@1", "evidence@3", "quote hit@3", "short answer", "false refusals")
_FIRST = 3
_SEED = 20150811
_ASKED_WORDS = (4, 14)  # of a question built from the corpus


@dataclass(frozen=True, slots=True)
class Topic:
    """A question with what is known of its answer; no evidence and no answers for one that cannot be answered."""

    name: str
    text: str
    articles: frozenset[str] = frozenset()  # that hold the answer, by the assessor's evidence
    quotes: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()  # accepted ones, in both languages


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked."""

    topic: Topic
    answer: Answer
    values: Mapping[str, float]  # by MEASURES; empty for a question without an answer


def read(path: Path, field: str, collection: str) -> list[Topic]:
    """Questions of a JSON Lines file; those that name another collection are left out."""
    topics = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record.get("collection", collection) != collection:
                continue
            evidence = record.get("evidence", ())
            topics.append(
                Topic(
                    str(record["topic"]),
                    str(record[field]),
                    frozenset(str(e["doc"]) for e in evidence),
                    tuple(str(e["quote"]) for e in evidence),
                    tuple(map(str, [*record.get("answers_ar", ()), *record.get("answers_en", ())])),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}:{number}: wanted topic, {field} and evidence, found {error!r}") from error
    if not topics:
        raise InputError(f"{path} has no question for collection {collection}")
    return topics


def judge(topic: Topic, answer: Answer, grades: Mapping[str, int]) -> dict[str, float]:
    """The measures of one answered question; ``grades`` are its judged articles'."""
    first = [] if answer.abstained else list(answer.citations[:_FIRST])
    holding = [_holds(topic, citation, grades) for citation in first]
    quoted = any(_contains(c.quote, [*topic.quotes, *topic.answers]) for c in first)
    return {
        "evidence@1": float(any(holding[:1])),
        "evidence@3": float(any(holding)),
        "quote hit@3": float(quoted),
        "short answer": float(bool(answer.short_answer) and same_answer(answer.short_answer, topic.answers)),
        "false refusals": float(answer.abstained),
    }


def same_answer(found: str, accepted: Sequence[str]) -> bool:
    """Whether one says the other, word for word in plain spelling, or they are the same number."""
    from service import numerals

    values = {number.value for number in numerals.find(found)}
    for answer in accepted:
        if _contains(found, [answer]) or _contains(answer, [found]):
            return True
        if values & {number.value for number in numerals.find(answer)}:
            return True
    return False


def valid(citation: Citation, article: Article) -> bool:
    """Checked here again, from the stored article alone: offsets, quote and hash."""
    digest = hashlib.sha256(article.text.encode()).hexdigest()
    return article.text[citation.start : citation.end] == citation.quote != "" and digest == citation.sha256


def markers_hold(answer: Answer) -> bool:
    """Whether markers are 1 to n, each of one citation, every one used and none used that is not there."""
    given = [citation.marker for citation in answer.citations]
    used = [marker for sentence in answer.sentences for marker in sentence.markers]
    listed = {figure.marker for figure in answer.figures}
    return (
        given == list(range(1, len(given) + 1))
        and set(used) == set(given)
        and listed <= set(given)
        and all(len(set(s.markers)) == len(s.markers) > 0 for s in answer.sentences if s.supported)
    )


def from_corpus(articles: Sequence[Article], count: int) -> list[Topic]:
    """Questions made of the words of the collection's own sentences, in a random order that is always the same."""
    choose = random.Random(_SEED)
    low, high = _ASKED_WORDS
    topics: list[Topic] = []
    for article in articles:
        spans = [s for s in chunker.sentences(article.text) if len(analyzer.words(article.text[s[0] : s[1]])) >= low]
        if spans and len(topics) < count:
            start, end = choose.choice(spans)
            words = analyzer.words(article.text[start:end])
            at = choose.randrange(max(1, len(words) - high))
            topics.append(Topic(f"{article.article_id}:{start}", " ".join(words[at : at + high])))
    return topics


def sample(names: Sequence[str], count: int) -> list[str]:
    return random.Random(_SEED).sample(list(names), min(count, len(names)))


def curve(answerable: Iterable[float], unanswerable: Iterable[float]) -> list[tuple[float, float, float]]:
    """(threshold, false refusals, false answers) as shares, at each threshold that changes something, ascending."""
    right, wrong = sorted(answerable), sorted(unanswerable)
    points = []
    for threshold in sorted({0.0, *right, *wrong, 1.0}):
        refused = sum(confidence < threshold for confidence in right) / len(right)
        answered = sum(confidence >= threshold for confidence in wrong) / len(wrong)
        points.append((threshold, refused, answered))
    return points


def reliability(pairs: Sequence[tuple[float, bool]], bins: int = 5) -> list[tuple[float, float, int, float, float]]:
    """(from, to, questions, mean confidence, share right) of equal bins of confidence that are not empty."""
    table = []
    for n in range(bins):
        low, high = n / bins, (n + 1) / bins
        inside = [(c, r) for c, r in pairs if low <= c < high or (c == 1.0 and n == bins - 1)]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            table.append((low, high, len(inside), mean, sum(r for _, r in inside) / len(inside)))
    return table


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000 * len(ordered)) // 1000) - 1)]


def ask_all(ask: Callable[[str], Answer], topics: Sequence[Topic], qrels: Qrels | None) -> list[Outcome]:
    """``qrels`` is None for questions without an answer."""
    outcomes = []
    for topic in topics:
        answer = ask(topic.text)
        values = {} if qrels is None else judge(topic, answer, qrels.get(topic.name, {}))
        outcomes.append(Outcome(topic, answer, values))
    return outcomes


def _holds(topic: Topic, citation: Citation, grades: Mapping[str, int]) -> bool:
    names = {citation.article_id, *citation.copies}
    if names & topic.articles:
        return True
    return any(grades.get(name) == 2 for name in names) and _contains(citation.quote, topic.answers)


def _contains(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts stands in the text, whole words in plain spelling."""
    plain = f" {_plain(text)} "
    return any(f" {_plain(part)} " in plain for part in parts if _plain(part))


def _plain(text: str) -> str:
    return " ".join(analyzer.normalize(word) for word in analyzer.words(text))
