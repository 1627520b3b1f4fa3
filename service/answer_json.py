"""An answer as the JSON that the command and the API give, field by field: what users' scripts rely on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.records import Answer, Citation, Figure, Passage


def as_json(answer: Answer) -> dict[str, Any]:
    """Plain values; offsets are code points into the article's text as received."""
    return {
        "question": answer.question,
        "language": answer.language.value,
        "abstained": answer.abstained,
        "confidence": answer.confidence,
        "answer_type": answer.answer_type,
        "short_answer": answer.short_answer,
        "sentences": [{"text": s.text, "markers": list(s.markers), "supported": s.supported} for s in answer.sentences],
        "citations": [citation(c) for c in answer.citations],
        "figures": [figure(f) for f in answer.figures],
        "nearest": [nearest(p) for p in answer.nearest],
        "collection": answer.collection,
        "version": answer.version,
        "model": answer.model,
        "took_ms": answer.took_ms,
        "notices": list(answer.notices),
    }


def citation(found: Citation) -> dict[str, Any]:
    return {
        "marker": found.marker,
        "article_id": found.article_id,
        "title": found.title,
        "source": found.source,
        "published": found.published,
        "url": found.url,
        "start": found.start,
        "end": found.end,
        "quote": found.quote,
        "sha256": found.sha256,
        "copies": list(found.copies),
        "language": found.language,
        "machine_gloss": found.gloss,
    }


def figure(found: Figure) -> Mapping[str, Any]:
    return {
        "text": found.text,
        "value": found.value,
        "marker": found.marker,
        "source": found.source,
        "published": found.published,
    }


def nearest(passage: Passage) -> dict[str, Any]:
    return {
        "article_id": passage.article_id,
        "title": passage.title,
        "source": passage.source,
        "published": passage.published,
        "url": passage.url,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "sha256": passage.sha256,
        "copies": list(passage.copies),
    }
