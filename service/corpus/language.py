"""The language of an article as ISO 639-1: what was declared, else what its script says."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from service.records import Language

CODES = {
    "ara": "ar", "arb": "ar", "arabic": "ar", "عربي": "ar", "عربية": "ar", "العربية": "ar",
    "eng": "en", "english": "en", "إنجليزي": "en", "إنجليزية": "en", "الإنجليزية": "en",
    "kur": "ku", "ckb": "ku", "kmr": "ku", "kurdish": "ku", "fas": "fa", "per": "fa", "persian": "fa", "farsi": "fa",
    "tur": "tr", "turkish": "tr", "heb": "he", "hebrew": "he", "fra": "fr", "fre": "fr", "french": "fr",
}  # fmt: skip
ARABIC = ((0x620, 0x64A), (0x66E, 0x6D3), (0x6FA, 0x6FC), (0xFB50, 0xFDFB), (0xFE70, 0xFEFC))
LATIN = ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F))
SAMPLE_CHARS = 8_000


def declared(value: str) -> str:
    """``ar-IQ``, ``ara`` and ``Arabic`` are ``ar``; "" for a name that is none, such as ``und``."""
    name = value.strip().casefold()
    code = CODES.get(name) or CODES.get(re.split("[-_]", name)[0], re.split("[-_]", name)[0])
    return code if re.fullmatch("[a-z]{2}", code) else ""


def detected(text: str) -> str:
    """Arabic or English by the greater share of letters in the beginning; "" without either."""
    sample = text[:SAMPLE_CHARS]
    codes = np.frombuffer(sample.encode("utf-16-le", "surrogatepass"), np.uint16)
    _, arabic, latin = np.bincount(_scripts()[codes], minlength=3).tolist()
    if not arabic and not latin:
        return ""
    return Language.ARABIC.value if arabic >= latin else Language.ENGLISH.value


@lru_cache(maxsize=1)
def _scripts() -> npt.NDArray[np.uint8]:
    """For each code point of the basic plane: 1 for an Arabic letter, 2 for a Latin one."""
    scripts = np.zeros(0x10000, np.uint8)
    for number, ranges in ((1, ARABIC), (2, LATIN)):
        for first, last in ranges:
            scripts[first : last + 1] = number
    return scripts
