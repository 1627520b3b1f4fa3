"""Examples of the API's answers: what the sample collection gives, shortened."""

from __future__ import annotations

import hashlib
from typing import Any

_TEXT = (
    "Aircraft of the French forces carried out air strikes on Thursday 14 May against places where ISIS fighters were "
    "hiding in the village of Muzayrir, in the Hawija district of Kirkuk province, northern Iraq."
)
_SHA = hashlib.sha256(_TEXT.encode()).hexdigest()
_ABOUT: dict[str, Any] = {
    "article_id": "seed-005",
    "title": "French aircraft strike ISIS hideouts in Muzayrir village near Hawija",
    "source": "Rasad seeds",
    "published": "2020-05-14",
    "url": "",
    "language": "en",
}

PASSAGE: dict[str, Any] = {
    "rank": 1,
    "score": 1.93,
    **_ABOUT,
    "docid": "seed-005#0",
    "text": _TEXT,
    "start": 0,
    "end": len(_TEXT),
    "sha256": _SHA,
    "highlights": [[46, 53], [155, 161]],
    "copies": [],
    "near_copies": [],
    "places": [
        {
            "name_en": "Hawija",
            "name_ar": "الحويجة",
            "lat": 35.3259,
            "lon": 43.7727,
            "kind": "district",
            "country": "Iraq",
            "distance_km": 0.0,
            "precision_km": 20.0,
            "start": 155,
            "end": 161,
            "confidence": 0.97,
        }
    ],
    "dates": [],
}
SEARCH: dict[str, Any] = {
    "query": "strikes near Hawija",
    "language": "en",
    "collection": "seeds",
    "version": "v000001",
    "took_ms": 6.1,
    "notices": [],
    "areas": ["near Hawija (Kirkuk, Iraq)"],
    "period": ["", ""],
    "passages": [PASSAGE],
    "next": "WyJ2MDAwMDAxIiwxLCI1ZjRkY2MzYjVhYTc2NWQ2Il0",
}
ARTICLE = {**_ABOUT, "text": _TEXT, "sha256": _SHA, "copies": []}
COLLECTIONS: dict[str, Any] = {
    "default": "seeds",
    "collections": [
        {
            "name": "seeds",
            "version": "v000001",
            "created": "2026-11-20T09:00:00+00:00",
            "articles": 96,
            "copies": 0,
            "passages": 131,
            "size_bytes": 3_120_000,
            "encoder": "bilingual-1",
            "problem": "",
        }
    ],
}
_QUOTE = _TEXT
ANSWER: dict[str, Any] = {
    "question": "Who struck Muzayrir village?",
    "language": "en",
    "abstained": False,
    "confidence": 0.81,
    "answer_type": "person",
    "short_answer": "",
    "sentences": [{"text": _QUOTE, "markers": [1], "supported": True}],
    "citations": [
        {
            "marker": 1,
            **_ABOUT,
            "start": 0,
            "end": len(_QUOTE),
            "quote": _QUOTE,
            "sha256": _SHA,
            "copies": [],
            "machine_gloss": "",
        }
    ],
    "figures": [],
    "nearest": [],
    "collection": "seeds",
    "version": "v000001",
    "model": "",
    "took_ms": 14.2,
    "notices": [],
}
