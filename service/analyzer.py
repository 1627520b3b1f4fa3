"""Text -> index terms, Arabic and English: one code path for articles and questions.

Arabic: Unicode compatibility forms, diacritics, tatweel, alef, alef maqsura and teh marbuta are normalised by
camel-tools; Persian and Kurdish letters take their Arabic shape; then a light stemmer in the manner of light10
(Larkey, Ballesteros & Connell 2007) with the proclitics و ف ب ك ل, and forms.py for what it leaves. English: lower case
and Snowball with irregular forms (english.py); letters and digits part (F16 = F-16).
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Callable, Container
from functools import lru_cache
from itertools import accumulate, compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service import english, forms
from service.stopwords import is_stop_word

ANALYZER_ID = "ar-en-4"  # change it with every change of the terms: an index made with another one refuses to open

_MARKS = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u200b-\u200f\u2060\ufeff\u00ad"
_ARABIC = "\u0620-\u064a\u066e-\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfd\ufe70-\ufefc"
_DIGIT = "0-9\u0660-\u0669\u06f0-\u06f9"
_WORD = re.compile(
    rf"[{_DIGIT}]+(?:[.,\u066b\u066c][{_DIGIT}]+)*"  # a number, with its separators
    rf"|[{_ARABIC}](?:[{_ARABIC}{_MARKS}])*"  # an Arabic word, its diacritics and zero-width marks inside
    rf"|[^\W\d_{_ARABIC}](?:[^\W\d_{_ARABIC}]|[\u0300-\u036f\u200b-\u200d\u00ad])*(?:['\u2019\u02bc][^\W\d_{_ARABIC}]+)*"
)
_PIECES = re.compile(f"({_WORD.pattern})")
_DROP = re.compile(rf"[{_MARKS}\u0300-\u036f]")
_FOREIGN_LETTERS = str.maketrans(
    {"ی": "ي", "ې": "ي", "ێ": "ي", "ے": "ي", "ک": "ك", "گ": "ك", "ڪ": "ك", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۀ": "ه",
     "ۆ": "و", "ۇ": "و", "ۋ": "و", "ڕ": "ر", "ڵ": "ل", "ڤ": "ف", "پ": "ب", "چ": "ج", "ژ": "ج", "ڎ": "د", "ٱ": "ا"}
)  # fmt: skip
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_ARTICLES = {"و": ("وال", "ولل"), "ف": ("فال", "فلل"), "ب": ("بال",), "ك": ("كال",), "ا": ("ال",), "ل": ("لل",)}
_LETTERS = re.compile("[\u0621-\u063a\u0641-\u064a]+")  # an Arabic word with nothing to drop or to decompose
_TEXTS_KEPT = 2_048  # passages shown lately: the same ones come up for many questions; 3 KB each


class Token(NamedTuple):
    """One index term and where it stands: code points, half-open, in the text as received."""

    term: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Index terms in text order with their offsets; stop words carry no term and are left out."""
    return [Token(term, m.start(), m.end()) for m in _WORD.finditer(text) if (term := _term[m.group()])]


def occurrences(text: str, wanted: Container[str]) -> list[tuple[str, int, int]]:
    """(term, start, end) of the words whose index term is wanted, in text order."""
    found, ends = _laid_out(text)
    held = compress(range(len(found)), map(wanted.__contains__, found))
    return [(found[i], ends[2 * i], ends[2 * i + 1]) for i in held if found[i]]


@lru_cache(maxsize=_TEXTS_KEPT)
def _laid_out(text: str) -> tuple[tuple[str, ...], array[int]]:
    """The index terms of all words, "" for stop words; where words and what lies between them end, in turn."""
    pieces = _PIECES.split(text)  # what lies between words, and the words, in turn: no match object for each
    return tuple(map(_term.__getitem__, pieces[1::2])), array("I", accumulate(map(len, pieces)))


def terms(text: str) -> list[str]:
    """Index terms in text order, stop words left out."""
    return [term for word in _WORD.findall(text) if (term := _term[word])]


def words(text: str) -> list[str]:
    """Every word of the text, as written."""
    return _WORD.findall(text)


def is_arabic(word: str) -> bool:
    """Whether the word's first Arabic or Latin letter is Arabic."""
    for char in word:
        if char.isalpha():
            return "\u0600" <= char <= "\u08ff" or "\ufb50" <= char <= "\ufefc"
    return False


def arabic_share(text: str) -> float:
    """Share of Arabic letters among all letters, 0.0 to 1.0; 0.0 for a text without letters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _letters()[np.minimum(codes, _LAST_CODE)]
    letters = int(np.count_nonzero(kinds & 1))
    if (beyond := codes > _LAST_CODE).any():
        letters += sum(chr(code).isalpha() for code in codes[beyond].tolist())
    return min(1.0, int(np.count_nonzero(kinds & 2)) / letters) if letters else 0.0


_LAST_CODE = 0xFFFF  # of the table; it is no letter


@lru_cache(maxsize=1)
def _letters() -> npt.NDArray[np.uint8]:
    """For each code point of the basic plane: 1 for a letter, 2 for one of the Arabic blocks, 3 for both."""
    kinds = np.array([chr(code).isalpha() for code in range(_LAST_CODE + 1)], np.uint8)
    kinds[0x620:0x900] |= 2
    kinds[0xFB50:0xFEFD] |= 2
    return kinds


class _Remembered(dict[str, str]):
    """What a function made of words; asked as a plain dictionary, as every word of every text is looked up in it.

    Of more than ``most`` words, some that were not met for long are let go.
    """

    def __init__(self, function: Callable[[str], str], most: int) -> None:
        super().__init__()
        self._function, self._half = function, max(1, most // 2)
        self._before: dict[str, str] = {}

    def __missing__(self, word: str) -> str:
        found = self._before.get(word)
        if found is None:
            found = self._function(word)
        if len(self) >= self._half:
            self._before = dict(self)
            self.clear()
        self[word] = found
        return found


def _index_term(word: str) -> str:
    """The index term of one word as written, "" for a stop word."""
    plain = normalize(word)
    return "" if says_nothing(plain) else stem(plain)


def says_nothing(plain: str) -> bool:
    """Whether a word in plain spelling is a stop word, or a mark or letter that stands alone."""
    return is_stop_word(plain) or (len(plain) < 2 and not plain.isalnum()) or (len(plain) == 1 and is_arabic(plain))


def _plain(word: str) -> str:
    """The word in its plain spelling: what two spellings of the same word share."""
    if _LETTERS.fullmatch(word):
        return _without_hamza(word.translate(_plain_letters()))
    folded = _DROP.sub("", unicodedata.normalize("NFKC", word))
    if folded.isascii():
        return _plain_latin(folded)
    folded = folded.translate(_FOREIGN_LETTERS)
    if is_arabic(folded):
        return _plain_arabic(folded)
    return _plain_latin("".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c)))


# What an ingest meets: most of the different words of a million passages.
_term = _Remembered(_index_term, 500_000)
normalize: Callable[[str], str] = lru_cache(maxsize=400_000)(_plain)


def remember(most: int) -> None:
    """Keep no more than so many words in mind. A service reads texts for days, an ingest ends.

    Plain spellings are asked for where a term is not known, and seldom else: a tenth of them is enough.
    """
    global _term, normalize
    _term, normalize = _Remembered(_index_term, most), lru_cache(maxsize=max(1, most // 10))(_plain)


def _plain_arabic(word: str) -> str:
    from camel_tools.utils import dediac  # no data needed; kept off the import path
    from camel_tools.utils import normalize as camel

    word = dediac.dediac_ar(word)
    word = camel.normalize_alef_maksura_ar(camel.normalize_teh_marbuta_ar(camel.normalize_alef_ar(word)))
    return _without_hamza(word)


def _without_hamza(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("ء") else word  # المخاء = المخا


@lru_cache(maxsize=1)
def _plain_letters() -> dict[int, str]:
    """What the letters that change become: for words of plain letters as quick as it can be, and the same."""
    letters = (chr(code) for code in range(0x621, 0x64B) if _LETTERS.fullmatch(chr(code)))
    return {ord(letter): plain for letter in letters if (plain := _plain_arabic(letter)) != letter}


def _plain_latin(word: str) -> str:
    word = word.casefold().replace("\u2019", "'").replace("\u02bc", "'")
    if word[:1].isdecimal():
        word = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in word)
        word = word.replace("\u066c", ",").replace("\u066b", ".")
        return word.replace(",", "") if _THOUSANDS.fullmatch(word) else word.rstrip(".,")
    return word.removesuffix("'s").replace("'", "")


def stem(plain: str) -> str:
    """The index term of a word in plain spelling."""
    if not is_arabic(plain):
        return english.stem(plain)
    return forms.settled(light_stem(plain), plain)


def light(plain: str) -> str:
    """The light stem of a word in plain spelling: what the bundled encoder was trained on."""
    return light_stem(plain) if is_arabic(plain) else english.light(plain)


def light_stem(word: str) -> str:
    """Arabic light stem of a word in plain spelling: proclitics with the article, then one common suffix."""
    if word in forms.WHOLE:
        return "الله"
    if len(word) >= 4 and word[0] == "و" and not word.startswith("وال"):
        word = word[1:]
    for article in _ARTICLES.get(word[:1], ()):
        if word.startswith(article) and len(word) - len(article) >= 3:
            word = word[len(article) :]
            break
    return forms.without_suffix(word)
