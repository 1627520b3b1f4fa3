"""Why a passage is shown, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from service.isolates import isolated
from service.records import Language, Leg, Match, Passage
from service.web.texts import PHRASES, phrase

_LEGS = (Leg.BM25, Leg.CROSS, Leg.DENSE, Leg.PLACE, Leg.FEEDBACK, Leg.ALIGNMENT, Leg.RERANKER)


def reasons(passage: Passage, forms: Mapping[str, Sequence[str]], language: Language) -> list[str]:
    """Sentences for a reader, the plainest first; ``forms`` are the words here that stand for the question's."""
    return [*_words(passage.matches, forms, language), *_facts(passage, language), *_ranks(passage, language)]


def evidence(kind: str, language: Language) -> str:
    """How a word was found, in words; a kind that the interface has no words for is named as it is."""
    key = f"evidence_{kind}"
    return phrase(language, key) if key in PHRASES[language] else kind


def _words(matches: Sequence[Match], forms: Mapping[str, Sequence[str]], language: Language) -> Iterator[str]:
    t = partial(phrase, language)
    same = list(dict.fromkeys(m.source for m in matches if m.evidence == "same"))
    if same:
        yield t("why_same", words=_listed(same, language))
    for source, words in forms.items():
        others = [m for m in matches if m.source == source and m.evidence != "same"]
        if not others or not words:
            continue
        best = max(others, key=lambda m: m.weight)
        how = evidence(best.evidence, language)
        yield t("why_other", word=isolated(source), forms=_listed(words[:4], language), how=how)


def _facts(passage: Passage, language: Language) -> Iterator[str]:
    t = partial(phrase, language)
    for place in passage.places:
        name = place.name_ar if language is Language.ARABIC and place.name_ar else place.name_en
        km, off = f"{place.distance_km:g}", f"{place.precision_km:g}"
        yield t("why_near", place=isolated(name), km=km, off=off)
    days = [day.first if day.first == day.last else f"{day.first} – {day.last}" for day in passage.dates]
    if days:
        yield t("why_dates", days=_listed(list(dict.fromkeys(days)), language))


def _ranks(passage: Passage, language: Language) -> Iterator[str]:
    rank = {score.leg: score.rank for score in passage.legs}
    said = [f"{phrase(language, f'leg_{leg.value}')} {rank[leg]}" for leg in _LEGS if rank.get(leg)]
    if said:
        yield phrase(language, "why_ranks", ranks=_listed(said, language))


def _listed(words: Sequence[str], language: Language) -> str:
    return ("، " if language is Language.ARABIC else ", ").join(map(isolated, words))
