"""The language of an article as ISO 639-1: what was declared, else what its script says."""

from __future__ import annotations

import re

from service.records import Language

CODES = {
    "ara": "ar", "arb": "ar", "arabic": "ar", "عربي": "ar", "عربية": "ar", "العربية": "ar",
    "eng": "en", "english": "en", "إنجليزي": "en", "إنجليزية": "en", "الإنجليزية": "en",
    "kur": "ku", "ckb": "ku", "kmr": "ku", "kurdish": "ku", "fas": "fa", "per": "fa", "persian": "fa", "farsi": "fa",
    "tur": "tr", "turkish": "tr", "heb": "he", "hebrew": "he", "fra": "fr", "fre": "fr", "french": "fr",
}  # fmt: skip
ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06fc\ufb50-\ufdfb\ufe70-\ufefc]+")
LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
SAMPLE_CHARS = 8_000


def declared(value: str) -> str:
    """``ar-IQ``, ``ara`` and ``Arabic`` are ``ar``; "" for a name that is none, such as ``und``."""
    name = value.strip().casefold()
    code = CODES.get(name) or CODES.get(re.split("[-_]", name)[0], re.split("[-_]", name)[0])
    return code if re.fullmatch("[a-z]{2}", code) else ""


def detected(text: str) -> str:
    """Arabic or English by the greater share of letters in the beginning; "" without either."""
    sample = text[:SAMPLE_CHARS]
    arabic = sum(map(len, ARABIC.findall(sample)))
    latin = sum(map(len, LATIN.findall(sample)))
    if not arabic and not latin:
        return ""
    return Language.ARABIC.value if arabic >= latin else Language.ENGLISH.value
