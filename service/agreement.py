"""Several reports, one question: do those that are independent give the same figure?"""

from __future__ import annotations

from collections.abc import Sequence

from service.records import Citation, Figure
from service.spans import Span

_SURE = 0.85  # how well a figure must fit what is asked for
_SAME = 1e-9


def differing(citations: Sequence[Citation], spans: Sequence[Span | None]) -> tuple[Figure, ...]:
    """Each distinct figure with the report that gives it, in order of citation; empty where the reports agree.

    ``spans[i]`` is the short answer in ``citations[i].quote``. Near copies are one citation, so reports here are
    independent.
    """
    figures: list[Figure] = []
    for citation, span in zip(citations, spans, strict=True):
        if span is None or span.value is None or span.fit < _SURE:
            continue
        if all(abs(figure.value - span.value) > _SAME for figure in figures):
            text = citation.quote[span.start : span.end]
            figures.append(Figure(text, span.value, citation.marker, citation.source, citation.published))
    return tuple(figures) if len(figures) > 1 else ()
