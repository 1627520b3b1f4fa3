"""How a word sounds, across scripts: the consonant skeleton shared by Hawija, Huwayjah and الحويجة.

Letters that transliterations confuse fall into one class (ك ق خ q k kh -> k; ج غ g j gh -> g; س ص ز s z -> s ...);
short and long vowels, hamza and ع carry nothing; doubled consonants count once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations

_ARABIC = str.maketrans(
    {"ب": "b", "ت": "t", "ث": "t", "ج": "g", "ح": "h", "خ": "k", "د": "d", "ذ": "d", "ر": "r", "ز": "s", "س": "s",
     "ش": "x", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "غ": "g", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m",
     "ن": "n", "ه": "h", "ع": "", "ء": "", "ا": "", "و": "", "ي": "", "ؤ": "", "ئ": ""}
)  # fmt: skip
_DIGRAPHS = (("tch", "x"), ("sch", "x"), ("sh", "x"), ("ch", "x"), ("kh", "k"), ("gh", "g"), ("th", "t"), ("dh", "d"),
             ("ph", "f"), ("ck", "k"), ("ts", "s"), ("x", "ks"), ("ce", "s"), ("ci", "s"))  # fmt: skip
_LATIN = str.maketrans(
    {"p": "b", "v": "f", "c": "k", "q": "k", "j": "g", "z": "s", "a": "", "e": "", "i": "", "o": "", "u": "", "y": "",
     "w": ""}
)  # fmt: skip
_PROCLITICS = ("وال", "بال", "كال", "فال", "لل", "و", "ب", "ل", "ك", "ف")
_ENDS_OF_ENGLISH = "rsngdt"  # classes that end what Snowball takes off
_DOUBLE = re.compile(r"(.)\1+")


@lru_cache(maxsize=200_000)
def skeleton(plain: str) -> str:
    """Consonant classes of a word in plain spelling (analyzer.normalize), "" when it has none."""
    if plain and "\u0600" <= plain[-1] <= "\u06ff":
        word = plain[2:] if plain.startswith("ال") and len(plain) > 4 else plain
        if word.endswith("ه"):
            word = word[:-1]
        return _DOUBLE.sub(r"\1", word.translate(_ARABIC))
    if not plain.isascii() or not plain.isalpha():
        return ""
    word = plain.removesuffix("h") if len(plain) > 3 and plain[-2:-1] in "aei" else plain
    word = _DOUBLE.sub(r"\1", word)
    return _DOUBLE.sub(r"\1", "".join(sound for sound in _sounds(word) if sound not in "aeiouyw"))


def respellings(plain: str) -> list[tuple[str, str]]:
    """(spelling, skeleton) under which an index may keep a word of the other script; skeletons of two classes or more.

    Latin letters that are read in several ways, a plural's s, Arabic proclitics, the n or t that a light stem loses as
    if it were an ending (تيموجين -> تيموج), and what an English stem loses (Kissinger -> kissing).
    """
    spellings = [plain]
    if plain.isascii():
        spellings += [plain.replace("ts", "tes"), plain.replace("ch", "tesh"), plain.replace("ch", "kh")]
        spellings.append(plain.replace("g", "k"))
        if plain.endswith("s") and len(plain) > 4:
            spellings.append(plain[:-1])
    else:
        if plain[-1:] in ("ز", "س") and len(plain) > 4:
            spellings.append(plain[:-1])
        lead = next((p for p in _PROCLITICS if plain.startswith(p) and len(plain) - len(p) >= 4), "")
        spellings += [spelling[len(lead) :] for spelling in spellings if lead]
    found = []
    for spelling in dict.fromkeys(spellings):
        sound = skeleton(spelling)
        if len(sound) >= 2:
            found.append((spelling, sound))
            if not plain.isascii() and len(sound) >= 4 and sound[-1] in _ENDS_OF_ENGLISH:
                found.append((spelling, sound[:-1]))
            if plain.isascii() and len(sound) >= 3 and sound[-1] in "nt":
                found.append((spelling[:-1], sound[:-1]))
    return found


# classes that transliterations take for one another (Georgetown, جورجتاون), or leave out (Edinburgh, إدنبره)
_CONFUSED = {"g": ("k", "x", ""), "k": ("g", "x"), "d": ("t",), "t": ("d",), "b": ("f",), "f": ("b",), "s": ("x",),
             "x": ("s", "k"), "h": ("",)}  # fmt: skip


@lru_cache(maxsize=20_000)
def neighbours(sound: str) -> tuple[str, ...]:
    """Skeletons that differ from one of three classes or more in one or two confused classes; [] for shorter ones."""
    if len(sound) < 3:
        return ()
    changes = [(i, other) for i, heard in enumerate(sound) for other in _CONFUSED.get(heard, ())]
    once = {sound[:i] + other + sound[i + 1 :] for i, other in changes}
    twice = {
        sound[:i] + one + sound[i + 1 : j] + two + sound[j + 1 :]
        for (i, one), (j, two) in combinations(changes, 2) if i < j
    }  # fmt: skip
    return tuple(sorted(found for found in once | twice if len(found) >= 2 and found != sound))


_LONG = {"ا": "aeiou", "و": "ouwv", "ي": "iyeaj", "ع": "aeiou", "ء": "aeiou", "ئ": "iye", "ؤ": "uo", "ه": "ae"}


def likeness(latin: str, arabic: str) -> float:
    """How alike a Latin and an Arabic spelling sound, 0.0 to 1.0: an edit distance that lets vowels go cheaply.

    Both in plain spelling, in either order of arguments.
    """
    if latin and "\u0600" <= latin[0] <= "\u06ff":
        latin, arabic = arabic, latin
    heard = _sounds(_DOUBLE.sub(r"\1", latin))
    letters = arabic[2:] if arabic.startswith("ال") and len(arabic) > 4 else arabic
    previous = [0.0]
    for sound in heard:
        previous.append(previous[-1] + _unheard(sound))
    for letter in letters:
        row = [previous[0] + _unwritten(letter)]
        for j, sound in enumerate(heard):
            same = previous[j] + _difference(sound, letter)
            row.append(min(same, previous[j + 1] + _unwritten(letter), row[j] + _unheard(sound)))
        previous = row
    size = max(2, sum(1 for sound in heard if sound not in "aeiouyw"), sum(1 for c in letters if c not in _LONG))
    return max(0.0, 1.0 - previous[-1] / size)


_ARABIC_SOUND = {chr(letter): sound for letter, sound in _ARABIC.items() if sound}


def _difference(sound: str, letter: str) -> float:
    written = _ARABIC_SOUND.get(letter)
    if sound == written or sound in _LONG.get(letter, ""):
        return 0.0
    return 0.5 if written is not None and written in _CONFUSED.get(sound, ()) else 1.0


def _sounds(latin: str) -> list[str]:
    """Latin letters as consonant classes and vowels, digraphs taken together."""
    heard = []
    i = 0
    while i < len(latin):
        for digraph, sound in _DIGRAPHS:
            if latin.startswith(digraph, i):
                heard += list(sound)
                i += len(digraph) - (digraph[-1] in "ei")
                break
        else:
            heard.append(latin[i] if latin[i] in "aeiouyw" else latin[i].translate(_LATIN))
            i += 1
    return heard


def _unheard(sound: str) -> float:
    """Cost of a Latin sound that Arabic does not write."""
    return 0.15 if sound in "aeiou" else 0.4 if sound in "hyw" else 1.0


def _unwritten(letter: str) -> float:
    """Cost of an Arabic letter that the Latin spelling does not show."""
    return 0.15 if letter in "عءه" else 0.4 if letter in _LONG else 1.0
