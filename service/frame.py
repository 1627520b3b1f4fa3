"""Words that say how a question is put (what type, which name, كم عدد) rather than what it asks about."""

from __future__ import annotations

from functools import lru_cache

from service import analyzer

_WORDS = """
name names named type types kind kinds sort sorts term terms word words call called calls mean means meant describe
described refer refers referred happen happened happens many much example examples give given say said some someone
something one thing things way ways according about approximately number numbers often usual usually considered known
become became
اسم أسماء نوع أنواع مصطلح كلمة يسمى سمي تسمى يطلق أطلق عدد معنى يعني مثال أمثلة وصف يصف أحد إحدى بعض شيء أشياء طريقة
شخص بحسب وفقا يعتبر أصبح عادة
"""


@lru_cache(maxsize=1)
def _terms() -> frozenset[str]:
    return frozenset(term for word in _WORDS.split() for term in analyzer.terms(word))


def is_frame(source: str) -> bool:
    """Whether a word of a question, as typed, only says how the question is put."""
    found = analyzer.terms(source)
    return len(found) == 1 and found[0] in _terms()
