"""The marked words of passages, each with the word of the question that it answers and its forms in the other language.

The index knows which term met which question word; readers want whole words. So the forms are taken from the passages
shown: "strikes" is followed by غارات and ضربات where these are what was found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from service import analyzer, gloss
from service.records import Language, Match, Passage

_FORMS = 4  # shown for one question word
_LEAST = 0.3  # of the best form's weight: what is less likely is marked, but not told as a translation
_ARTICLES = ("وال", "بال", "فال", "كال", "ال", "لل")


@dataclass(frozen=True)
class Form:
    """A word as it stands in a passage, or a machine's gloss of it."""

    text: str
    lang: str
    machine: bool = False


@dataclass(frozen=True)
class Tip:
    """A question word and what it was found as."""

    key: str  # id of the element that holds it
    source: str
    source_lang: str
    forms: tuple[Form, ...]
    evidence: str  # of the best match: same | lexicon | phrase | nearest | sound | synonym or spelling


@dataclass(frozen=True)
class Run:
    """A stretch of text that is marked as a whole or not at all; ``tip`` is the key of its tip, "" for none."""

    text: str
    marked: bool
    tip: str = ""


class Marks:
    """The tips of one page of passages."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        best: dict[str, Match] = {}
        for match in (match for passage in passages for match in passage.matches):
            if match.form not in best or match.weight > best[match.form].weight:
                best[match.form] = match
        self._of_term = best
        words: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for passage in passages:
            for start, end, term in _marked(passage):
                if term in best:
                    words[best[term].source][term][passage.text[start:end]] += 1
        self.tips = {
            source: self._tip(f"tip-{number}", source, words[source]) for number, source in enumerate(sorted(words), 1)
        }

    def runs(self, passage: Passage) -> list[Run]:
        """The passage's text cut at its marks."""
        tips = {(start, end): self.tips[self._of_term[term].source].key
                for start, end, term in _marked(passage) if term in self._of_term}  # fmt: skip
        return runs(passage.text, passage.start, passage.highlights, tips)

    def forms(self, passage: Passage) -> dict[str, list[str]]:
        """For each question word, the words of this passage that are not itself and stand for it."""
        found: dict[str, list[str]] = defaultdict(list)
        for start, end, term in _marked(passage):
            match = self._of_term.get(term)
            if match and match.evidence != "same" and (word := passage.text[start:end]) not in found[match.source]:
                found[match.source].append(word)
        return found

    def _tip(self, key: str, source: str, words: dict[str, Counter[str]]) -> Tip:
        source_lang = _language(source)
        order = sorted(words, key=lambda term: (-self._of_term[term].weight, term))
        other = [term for term in order if _language(term) != source_lang]
        shown = other or [term for term in order if self._of_term[term].evidence != "same"]
        shown = [t for t in shown if self._of_term[t].weight >= _LEAST * self._of_term[shown[0]].weight]
        forms = [_usual(words[term]) for term in shown[:_FORMS]]
        found = [Form(form, _language(form)) for form in dict.fromkeys(forms)]
        if not other and source_lang == Language.ARABIC and (meaning := gloss.english(source)) != source and meaning:
            found.append(Form(meaning, Language.ENGLISH.value, machine=True))
        evidence = self._of_term[(shown or order)[0]].evidence
        return Tip(key, source, source_lang, tuple(found), evidence)


def runs(
    text: str, start: int, spans: Sequence[tuple[int, int]], tips: dict[tuple[int, int], str] | None = None
) -> list[Run]:
    """``text`` cut at ``spans``, which are offsets into the article that ``text`` begins at ``start`` of."""
    cut: list[Run] = []
    at = 0
    for first, last in sorted(spans):
        first, last = max(first - start, at), min(last - start, len(text))
        if first >= last:
            continue
        if at < first:
            cut.append(Run(text[at:first], False))
        cut.append(Run(text[first:last], True, (tips or {}).get((first, last), "")))
        at = last
    if at < len(text):
        cut.append(Run(text[at:], False))
    return cut


def _marked(passage: Passage) -> list[tuple[int, int, str]]:
    """(start, end, index term) of the marks, within the passage's own text."""
    spans = {(start - passage.start, end - passage.start) for start, end in passage.highlights}
    found = [(token.start, token.end, token.term) for token in analyzer.tokenize(passage.text)]
    return [(start, end, term) for start, end, term in found if (start, end) in spans]


def _usual(words: Counter[str]) -> str:
    """The most frequent of the words, those with and without the article counted as one; without it where it occurs."""
    together: Counter[str] = Counter()
    for word, count in words.items():
        together[_bare(word)] += count
    chosen = min(together, key=lambda bare: (-together[bare], len(bare), bare))
    return min((word for word in words if _bare(word) == chosen), key=lambda word: (word != chosen, -words[word], word))


def _bare(word: str) -> str:
    """An Arabic word without its article and what is written together with it."""
    lead = next((lead for lead in _ARTICLES if word.startswith(lead) and len(word) >= len(lead) + 3), "")
    return word[len(lead) :]


def _language(text: str) -> str:
    return (Language.ARABIC if analyzer.arabic_share(text) >= 0.5 else Language.ENGLISH).value
