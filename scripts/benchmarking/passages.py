"""The passages and questions that every engine gets, as files.

``passages.jsonl`` has one passage a line: id, article, title, text. They are the chunks of the articles given, articles
with the same text once. A set of N passages is made of them so:

- N up to their number: a sample without replacement, in their order;
- more: all of them, and then passages whose first half is that of one and whose second half is that of another, both
  drawn at random; every thirtieth word is replaced by a word of a third. The vocabulary stops growing there, and so the
  lists of each word grow as fast as the collection, which is the harder case for every engine.

A question is four words of one passage, none of whose index terms is among the 100 most frequent ones.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from service import analyzer, chunker, corpus
from service.records import Article
from service.settings import Settings

SEED = 20261121
_FREQUENT = 100
_WORDS = 4
_EVERY = 30  # words, of which one comes from a third passage


@dataclass(frozen=True, slots=True)
class Passage:
    id: str
    article: str
    title: str
    text: str

    @property
    def indexed(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text


def of_articles(paths: Sequence[str], settings: Settings) -> Iterator[Passage]:
    seen: set[str] = set()
    for record in corpus.read(paths, max_text_bytes=settings.max_text_bytes):
        if isinstance(record, Article) and record.sha256 not in seen:
            seen.add(record.sha256)
            for chunk in chunker.chunk(record, settings.chunk_words, settings.chunk_overlap_sentences):
                yield Passage(chunk.docid, record.article_id, record.title, chunk.text)


def grown(real: Sequence[Passage], count: int, seed: int = SEED) -> Iterator[Passage]:
    """``count`` passages with different texts, each an article of its own; the same ones for the same seed."""
    if not real:
        raise ValueError("no passage to make others from")
    rng = random.Random(seed)
    chosen = sorted(rng.sample(range(len(real)), count)) if count < len(real) else range(len(real))
    seen: set[int] = set()
    number = 0
    for i in chosen:
        if (key := hash(real[i].indexed)) not in seen:
            seen.add(key)
            yield Passage(f"p{number}", f"p{number}", real[i].title, real[i].text)
            number += 1
    tries = 0
    while number < count and tries < 100 * count:
        tries += 1
        text = _mixed(*(rng.choice(real).text.split() for _ in range(3)), rng)
        if text and (key := hash(text)) not in seen:
            seen.add(key)
            yield Passage(f"p{number}", f"p{number}", "", text)
            number += 1
    if number < count:
        raise ValueError(f"only {number} different passages could be made of {len(real)}, wanted {count}")


def _mixed(one: list[str], other: list[str], third: list[str], rng: random.Random) -> str:
    words = one[: max(1, len(one) // 2)] + other[len(other) // 2 :]
    for at in range(rng.randrange(_EVERY), len(words), _EVERY):
        words[at] = rng.choice(third) if third else words[at]
    return " ".join(words)


def questions(passages: Iterable[Passage], count: int, seed: int = SEED) -> list[str]:
    """Of passages drawn at random; fewer where few passages have enough words."""
    rng = random.Random(seed + 1)
    listed = list(passages)
    drawn = rng.sample(listed, min(len(listed), 4 * count))
    frequencies: Counter[str] = Counter()
    for passage in rng.sample(listed, min(len(listed), 5_000)):
        frequencies.update(set(analyzer.terms(passage.indexed)))
    frequent = {term for term, _ in frequencies.most_common(_FREQUENT)}
    found = []
    for passage in drawn:
        words = [word for word in dict.fromkeys(passage.text.split()) if _is_telling(word, frequent)]
        if len(words) >= _WORDS:
            found.append(" ".join(rng.sample(words, _WORDS)))
    return found[:count]


def _is_telling(word: str, frequent: set[str]) -> bool:
    terms = analyzer.terms(word)
    return word.isalpha() and len(terms) == 1 and terms[0] not in frequent


def write(path: Path, passages: Iterable[Passage]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, passage in enumerate(passages, 1):  # noqa: B007 (the count is what is wanted)
            file.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
    return count


def read(path: Path) -> Iterator[Passage]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Passage(**json.loads(line))
