"""A filter as a condition of the server's query language, of numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from service.backends.base import Alternatives, Filter
from service.backends.milvus import periods
from service.backends.milvus.dictionary import Dictionary
from service.backends.milvus.schema import key_of
from service.places import area as areas_of
from service.places.area import Area
from service.places.columns import Columns

NOTHING = "id < 0"
Listed = Callable[[str], Sequence[int]]
Phrases = Callable[[tuple[str, ...], str], Sequence[int]]  # passages in which words stand together, among some


class Conditions:
    """Conditions over one version's rows."""

    def __init__(self, dictionary: Dictionary, phrases: Phrases, listed: Listed | None) -> None:
        """``listed`` gives the passages a condition holds for, where the server does not know "not"."""
        self._words, self._phrases, self._listed = dictionary, phrases, listed
        self._place_numbers = np.array(sorted(dictionary.places), np.int64)
        self._columns = Columns.of([dictionary.places[number] for number in self._place_numbers.tolist()])

    def weights(self, area: Area) -> dict[int, float]:
        """Numbers of the places that fit an area, and how well."""
        if not len(self._place_numbers):
            return {}
        found = areas_of.weights(area, self._columns)
        held = np.flatnonzero(found)
        return dict(zip(self._place_numbers[held].tolist(), found[held].tolist(), strict=True))

    def of_articles(self, keep: Filter | None) -> str:
        """What must hold for an article that has a passage the filter lets through; "" for nothing."""
        return " and ".join(self._shared(keep)) if keep else ""

    def of_passages(self, keep: Filter | None) -> str:
        """What holds for the passages that the filter lets through; "" for all."""
        if not keep:
            return ""
        clauses = self._shared(keep)
        clauses += [self._without(self._with_phrase((phrase,), clauses), clauses) for phrase in keep.excluded]
        for group in keep.phrases:
            clauses.append(self._with_phrase(group, clauses))
        return " and ".join(clauses)

    def _shared(self, keep: Filter) -> list[str]:
        clauses = []
        for prefix, groups in (("t:", keep.titles), ("s:", keep.sources)):
            for words in groups:
                options = [all_of("fields", [key_of(prefix + term) for term in terms]) for terms in words if terms]
                clauses.append(_either(options))
        for field, names in (("source_id", keep.published_by), ("language_id", keep.languages)):
            if names:
                clauses.append(f"{field} in {[key_of(name) for name in names]}")
        for group in keep.areas:
            clauses.append(any_of("places", sorted({number for area in group for number in self.weights(area)})))
        if any(keep.period):
            clauses.append(in_period(keep.period))
        return clauses

    def _without(self, unwanted: str, clauses: Sequence[str]) -> str:
        if self._listed is None:
            return f"not {unwanted}"
        return f"id not in {[-1, *self._listed(' and '.join([unwanted, *clauses]))]}"

    def _with_phrase(self, group: Alternatives, clauses: Sequence[str]) -> str:
        """Passages with one of the alternatives; words that must stand together are looked for in the texts."""
        options, found = [], set[int]()
        for phrase in group:
            rows = self._words.find(phrase)
            if (rows < 0).any():
                continue
            held = all_of("terms", [int(self._words.numbers[row]) for row in rows])
            if len(phrase) == 1:
                options.append(held)
            else:
                found.update(self._phrases(phrase, " and ".join([held, *clauses])))
        if found:
            options.append(f"id in {sorted(found)}")
        return _either(options)


def in_period(period: tuple[str, str]) -> str:
    """Articles published in a period, and passages that name a day of it."""
    first = date.fromisoformat(period[0]).toordinal() if period[0] else 1
    last = date.fromisoformat(period[1]).toordinal() if period[1] else date.max.toordinal()
    named = any_of("days", periods.spans(first, last))
    return f"((published >= {first} and published <= {last}) or {named})"


def all_of(field: str, numbers: Sequence[int]) -> str:
    return f"array_contains_all({field}, {list(numbers)})" if numbers else NOTHING


def any_of(field: str, numbers: Sequence[int]) -> str:
    return f"array_contains_any({field}, {list(numbers)})" if numbers else NOTHING


def _either(options: Sequence[str]) -> str:
    return f"({' or '.join(options)})" if options else f"({NOTHING})"
