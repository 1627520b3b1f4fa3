"""What the interface says, in English and Arabic, with each language's plural forms (CLDR's categories)."""

from __future__ import annotations

from collections.abc import Mapping

from service.records import Language
from service.web.phrases_ar import ARABIC
from service.web.phrases_en import ENGLISH, Phrase

PHRASES: Mapping[Language, Mapping[str, Phrase]] = {Language.ENGLISH: ENGLISH, Language.ARABIC: ARABIC}


def phrase(language: Language, key: str, n: int | None = None, **values: object) -> str:
    """The interface's words for ``key``; ``n`` chooses the plural form."""
    found = PHRASES[language][key]
    if isinstance(found, str):
        return found.format(**values) if values else found
    return found[plural(language, n or 0)].format(n=n, **values)


def plural(language: Language, n: int) -> str:
    """CLDR's plural category of the whole number ``n``."""
    if language is not Language.ARABIC:
        return "one" if n == 1 else "other"
    if n <= 2:
        return ("zero", "one", "two")[n]
    if 3 <= n % 100 <= 10:
        return "few"
    return "many" if n % 100 >= 11 else "other"
