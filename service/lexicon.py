"""The team's bilingual lexicon, packed: index terms of one language -> weighted index terms of the other.

A key is one index term, or several joined by spaces (a phrase); so is a target. Weights of a key sum to 1, in sense
order. English headwords that share a stem (directive, direct) also have a key of their own: "=" and the word. Packed by
scripts/train_encoder --lexicon-only from the team's own lists (of a folder of training data, and scripts/lists) and the
gazetteer's names, never from other lists.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from service import analyzer, forms, lemmas
from service.errors import ModelError
from service.mapping import mapped
from service.records import Language
from service.vocabulary import Terms

BUNDLED = Path(__file__).parent / "models" / "lexicon"
LISTS = Path(__file__).parent.parent / "scripts" / "lists"  # of a checkout: what was packed ships, the lists do not
ABBREVIATIONS = "abbreviations.tsv"  # in LISTS with all Arabic names, in BUNDLED with the first
BETWEEN = "، "  # Arabic equivalents of the lists
MAX_PHRASE = 5  # index terms
_TARGETS_KEPT = 8
_LEAST_OF_A_HEADWORD = 0.15  # weight of an equivalent; rarer senses go under the stem alone
_LATIN = re.compile("[A-Za-z]+")
_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """One direction."""

    keys: Terms
    offsets: npt.NDArray[np.int32]
    targets: Terms
    target_ids: npt.NDArray[np.unsignedinteger[Any]]
    weights: npt.NDArray[np.float16]

    def look_up(self, key: str) -> list[tuple[str, float]]:
        """(target, weight), likeliest first; empty for an unknown key."""
        return list(_entry(self, key))

    def begins_phrase(self, term: str) -> bool:
        """Whether a key of several terms begins with this one."""
        return _begins_phrase(self, term)

    def look_up_word(self, plain: str) -> list[tuple[str, float]]:
        """(target, weight) of the headword that a word in plain spelling is a form of, where it has a key."""
        for word in _arabic_candidates(plain) if analyzer.is_arabic(plain) else lemmas.candidates(plain):
            found = self.look_up("=" + word)
            if found:
                return found
        return []


@lru_cache(maxsize=20_000)
def _entry(lexicon: Lexicon, key: str) -> tuple[tuple[str, float], ...]:
    i = lexicon.keys.find(key)
    if i < 0:
        return ()
    span = slice(lexicon.offsets[i], lexicon.offsets[i + 1])
    found = zip(lexicon.target_ids[span].tolist(), lexicon.weights[span].tolist(), strict=True)
    return tuple((lexicon.targets[t], float(w)) for t, w in found)


@lru_cache(maxsize=20_000)
def _begins_phrase(lexicon: Lexicon, term: str) -> bool:
    return lexicon.keys.has_prefix(term + " ")


@lru_cache(maxsize=4)
def load(source: Language, folder: Path = BUNDLED) -> Lexicon:
    """The lexicon from ``source`` into the other language. Raises ModelError when it does not fit this code."""
    name = "en-ar" if source is Language.ENGLISH else "ar-en"
    try:
        made_with = json.loads((folder / "config.json").read_text(encoding="utf-8"))["analyzer"]
        arrays = {part: mapped(folder / f"{name}.{part}.npy") for part in ("offsets", "ids", "weights")}
        keys, targets = Terms.load(folder, f"{name}.keys"), Terms.load(folder, f"{name}.targets")
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the lexicon in {folder} cannot be loaded ({error}): install rasad again") from error
    if made_with != analyzer.ANALYZER_ID:
        raise ModelError(
            f"the lexicon in {folder} was packed with analyzer {made_with}, this code has {analyzer.ANALYZER_ID}: "
            "run scripts/train_encoder --data DIR --lexicon-only"
        )
    return Lexicon(keys, arrays["offsets"], targets, arrays["ids"], arrays["weights"])


def pack(
    folder: Path, english_arabic: Iterable[tuple[str, str, float]], headwords: frozenset[str] = frozenset()
) -> dict[str, int]:
    """Write both directions from (English, Arabic, weight) lines; weights add up. Returns entries per direction.

    ``headwords``: English words in plain spelling; those that share a stem get keys of their own, as do Arabic words.
    """
    tables: dict[str, dict[str, dict[str, float]]] = {"en-ar": {}, "ar-en": {}}
    shared = Counter(analyzer.stem(word) for word in headwords)
    arabic_headwords: dict[str, list[tuple[str, str, float]]] = {}  # term: words in plain spelling, what they mean
    for english, arabic, weight in english_arabic:
        source, target = " ".join(analyzer.terms(english)), " ".join(analyzer.terms(arabic))
        if not source or not target or max(source.count(" "), target.count(" ")) >= MAX_PHRASE:
            continue
        keys = [("en-ar", source, target), ("ar-en", target, source)]
        headword = _headword(english, headwords)
        if headword and shared[analyzer.stem(headword)] > 1:
            keys.append(("en-ar", "=" + headword, target))
        if weight >= _LEAST_OF_A_HEADWORD and len(analyzer.words(arabic)) == 1:
            arabic_headwords.setdefault(target, []).append((_bare(analyzer.normalize(arabic)), source, weight))
        for name, key, value in keys:
            entry = tables[name].setdefault(key, {})
            entry[value] = entry.get(value, 0.0) + weight
    for found in arabic_headwords.values():
        for word, source, weight in found if len({word for word, _, _ in found}) > 1 else ():
            entry = tables["ar-en"].setdefault("=" + word, {})
            entry[source] = entry.get(source, 0.0) + weight
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        _write(folder, name, table)
    entries = {name: len(table) for name, table in tables.items()}
    config = {"analyzer": analyzer.ANALYZER_ID, "entries": entries}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return entries


def _bare(plain: str) -> str:
    """An Arabic word in plain spelling without article."""
    for article in _ARTICLES:
        if plain.startswith(article) and len(plain) - len(article) >= 2:
            return plain[len(article) :]
    return plain


def _arabic_candidates(plain: str) -> Iterator[str]:
    """The headwords that an Arabic word may be a form of, likeliest first: without article, without a proclitic."""
    yield _bare(plain)
    if len(plain) > 4 and plain[0] in "وفبلك":
        yield plain[1:]


def _headword(english: str, headwords: frozenset[str]) -> str:
    """The headword that a single English word is a form of, "" when there is none."""
    words = analyzer.words(english)
    if len(words) != 1:
        return ""
    return next((word for word in lemmas.candidates(analyzer.normalize(words[0])) if word in headwords), "")


def pack_stems(folder: Path, data: Path) -> int:
    """Write the table of Arabic stems (forms.py) from the team's list. Returns how many stems stand for another."""
    entries = []
    for _, spellings, equivalents in _columns(data / "lexicon-ar-en.tsv", 3):
        meanings = frozenset(analyzer.stem(analyzer.normalize(e)) for e in equivalents.split(", ") if " " not in e)
        plain = map(analyzer.normalize, spellings.split())
        stems = (stem for word in plain for stem in forms.listed(word, analyzer.light(word)))
        entries += [(stem, meanings) for stem in dict.fromkeys(stems)]
    return forms.save(folder / forms.BUNDLED.name, entries)


def headwords(folder: Path, lists: Path = LISTS) -> frozenset[str]:
    """The single-word headwords of the team's English lists, in plain spelling."""
    listed = (english for path in _english_lists(folder, lists) for english, _ in _columns(path, 2))
    return frozenset(analyzer.normalize(word) for word in listed if len(analyzer.words(word)) == 1)


def _english_lists(folder: Path, lists: Path) -> list[Path]:
    return [folder / "lexicon-en-ar.tsv", *sorted(lists.glob("lexicon-en-ar-*.tsv"))]


def team_lists(folder: Path, lists: Path = LISTS) -> Iterator[tuple[str, str, float]]:
    """(English, Arabic, weight) lines of the team's lists in a folder of training data, in sense order.

    A headword of several lists: the senses of a later one come after those of an earlier.
    """
    listed: Counter[str] = Counter()
    silent = {short: name for short, name, _, _ in abbreviations(lists) if not analyzer.terms(short)}
    for path in (*_english_lists(folder, lists), folder / "lexicon-phrases.tsv"):
        for english, arabic in _columns(path, 2):
            for word in arabic.split(BETWEEN):
                listed[english] += 1
                for written in dict.fromkeys((english, _in_full(english, silent))):
                    yield written, word.rstrip("ـ"), 1.0 / listed[english]
    for _, name, arabic, _ in abbreviations(lists):
        for rank, word in enumerate(arabic.split(BETWEEN)):
            yield name, word, 1.0 / (rank + 1)
    for _, spellings, equivalents in _columns(folder / "lexicon-ar-en.tsv", 3):
        for rank, english in enumerate(equivalents.split(", ")):
            for form in spellings.split()[:1]:
                yield english, form, 0.5 / (rank + 1)
    for row in _columns(folder / "gazetteer.tsv", 10):
        names_en, names_ar = [row[0], *row[1].split("|")], [row[2], *row[3].split("|")]
        for english in filter(None, names_en):
            for rank, arabic in enumerate(filter(None, names_ar)):
                yield english, arabic, 1.0 / (rank + 1)


def abbreviations(lists: Path) -> Iterator[list[str]]:
    """Abbreviation, English name, Arabic names and the Arabic word that stands for it alone, "" for none."""
    return _columns(lists / ABBREVIATIONS, 4)


def _in_full(english: str, names: Mapping[str, str]) -> str:
    """A phrase with names for abbreviations: United States forces."""
    return _LATIN.sub(lambda found: names.get(found[0], found[0]), english)


def _columns(path: Path, count: int) -> Iterator[list[str]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            columns = line.rstrip("\n").split("\t")
            if len(columns) == count and not line.startswith("#") and not (number == 0 and columns[0] == "name_en"):
                yield columns


def _write(folder: Path, name: str, table: dict[str, dict[str, float]]) -> None:
    keys = sorted(table, key=str.encode)
    targets = sorted({target for entry in table.values() for target in entry}, key=str.encode)
    number = {target: i for i, target in enumerate(targets)}
    offsets, ids, weights = [0], [], []
    for key in keys:
        best = sorted(table[key].items(), key=lambda item: (-item[1], item[0]))[:_TARGETS_KEPT]
        total = sum(weight for _, weight in best)
        ids += [number[target] for target, _ in best]
        weights += [weight / total for _, weight in best]
        offsets.append(len(ids))
    Terms.pack(key.encode() for key in keys).save(folder, f"{name}.keys")
    Terms.pack(target.encode() for target in targets).save(folder, f"{name}.targets")
    np.save(folder / f"{name}.offsets.npy", np.array(offsets, np.int32))
    np.save(folder / f"{name}.ids.npy", np.array(ids, np.min_scalar_type(len(targets))))
    np.save(folder / f"{name}.weights.npy", np.array(weights, np.float16))
