"""Training of the bundled bilingual encoder, in PyTorch: scripts/train_encoder --data DIR.

A text is a weighted bag of words, a word a bag of features (features.py); both languages share one space. The loss is
the symmetric in-batch cross-entropy over cosines (InfoNCE; van den Oord et al. 2018; translation ranking, Yang et al.
2019); words are dropped at random from sentences, the weights of words are fixed (SIF). Row-wise Adagrad touches only
the rows of a batch. Two cores need about ten minutes; a seed and one thread count give the same vectors again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from service import abbreviations, bundle, features, lexicon, training_pairs
from service.encoder import BUNDLED
from service.errors import ServiceError

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The figures of one training run; what is not here is in training_pairs.py."""

    dim: int = 256
    epochs: int = 7
    sentences_per_batch: int = 2048
    words_per_batch: int = 2048
    temperature: float = 0.05
    learning_rate: float = 0.1  # of row-wise Adagrad, falling linearly to a fiftieth
    word_dropout: float = 0.1  # share of a sentence's words left out
    sif: float = 1.5e-4  # a of the word weight a / (a + p)
    gram_weight: float = 0.5  # of a word's n-grams together, beside its stem and skeleton
    buckets: int = 60_000
    min_stem_count: float = 3.0
    min_skeleton_count: float = 4.0
    max_words: int = 160  # of a sentence
    seed: int = 0


class Corpus:
    """Training pairs as arrays of word numbers."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.words: dict[str, int] = {}
        self._max_words = recipe.max_words
        self.sentences = [(share, self._read(training_pairs.tab_separated(folder / name)))
                          for name, share in training_pairs.SENTENCES.items()]  # fmt: skip
        self.sentences.append((1.0, self._read(training_pairs.reports(folder))))
        self.lists = [(share, self._read(training_pairs.tab_separated(folder / name)))
                      for name, share in training_pairs.WORDS.items()]  # fmt: skip
        self.lists.append((1.0, self._read(training_pairs.lexicon(folder))))

    def counts(self) -> np.ndarray:
        """How often an epoch shows each word, (n,)."""
        counts = np.zeros(len(self.words))
        for share, pairs in [*self.sentences, *self.lists]:
            for pair in pairs:
                for side in pair:
                    np.add.at(counts, side, share)
        return counts

    def batches(self, recipe: Recipe, rng: np.random.Generator) -> list[tuple[bool, list[Pair]]]:
        """One epoch, shuffled: (whether these are sentences, pairs)."""
        found: list[tuple[bool, list[Pair]]] = []
        for are_sentences, parts, size in (
            (True, self.sentences, recipe.sentences_per_batch),
            (False, self.lists, recipe.words_per_batch),
        ):
            drawn = [pairs[i] for share, pairs in parts for i in _draw(len(pairs), share, rng)]
            order = rng.permutation(len(drawn))
            found += [(are_sentences, [drawn[i] for i in order[at : at + size]]) for at in range(0, len(drawn), size)]
        return [found[i] for i in rng.permutation(len(found))]

    def _read(self, pairs: Iterable[tuple[str, str]]) -> list[Pair]:
        numbered = ((self._numbers(english), self._numbers(arabic)) for english, arabic in pairs)
        return [(e, a) for e, a in numbered if len(e) and len(a)]

    def _numbers(self, text: str) -> np.ndarray:
        words = features.spellings(text)[: self._max_words]
        return np.array([self.words.setdefault(word, len(self.words)) for word in words], np.int32)


class Model:
    """Feature vectors, and which features each word has."""

    def __init__(self, words: Sequence[str], counts: np.ndarray, recipe: Recipe) -> None:
        self.recipe = recipe
        names = [features.named(word) for word in words]
        stems = [keys[0] for keys in names]
        totals = _totals(stems, counts)
        per_key = _totals([key for keys in names for key in keys], np.repeat(counts, [len(keys) for keys in names]))
        self.keys = sorted(
            (key for key, count in per_key.items()
             if count >= (recipe.min_stem_count if key[0] == "s" else recipe.min_skeleton_count)),
            key=str.encode,
        )  # fmt: skip
        number = {key: i for i, key in enumerate(self.keys)}
        frequency = np.array([totals[stem] for stem in stems]) / (counts.sum() / 2)  # a language is half of the pairs
        self.weights = torch.from_numpy((recipe.sif / (recipe.sif + frequency)).astype(np.float32))
        self.stem_weight = {stem: float(w) for stem, w in zip(stems, self.weights, strict=True)}
        rows: list[int] = []
        shares: list[float] = []
        starts = [0]
        for word, keys in zip(words, names, strict=True):
            known = [number[key] for key in keys if key in number]
            grams = features.grams(word, recipe.buckets)
            rows += known + [len(self.keys) + gram for gram in grams]
            shares += [1.0] * len(known) + [recipe.gram_weight / max(1, len(grams)) ** 0.5] * len(grams)
            starts.append(len(rows))
        self._rows, self._starts = np.array(rows), np.array(starts)
        self._shares = np.array(shares, np.float32)
        size = len(self.keys) + recipe.buckets
        self.vectors = torch.randn(size, recipe.dim) * 0.1 / recipe.dim**0.5
        self._squares = torch.full((size,), 1e-3)

    def step(self, batch: Sequence[Pair], rate: float) -> float:
        """One update; returns the loss."""
        sides = [_flat([pair[side] for pair in batch]) for side in (0, 1)]
        words, where = np.unique(np.concatenate([numbers for numbers, _ in sides]), return_inverse=True)
        first, lengths = self._starts[words], np.diff(self._starts)[words]
        ends = np.cumsum(lengths)
        at = np.repeat(first - ends + lengths, lengths) + np.arange(ends[-1])
        rows, feature = np.unique(self._rows[at], return_inverse=True)
        touched = torch.from_numpy(rows)
        leaf = self.vectors[touched].requires_grad_(True)
        bag = F.embedding_bag(
            torch.from_numpy(feature), leaf, torch.from_numpy(ends - lengths), mode="sum",
            per_sample_weights=torch.from_numpy(self._shares[at]),
        )  # fmt: skip
        bag = bag * self.weights[torch.from_numpy(words)].unsqueeze(1)
        cut = len(sides[0][0])
        english, arabic = (
            F.normalize(F.embedding_bag(torch.from_numpy(part), bag, torch.from_numpy(offsets), mode="sum"), dim=1)
            for part, offsets in ((where[:cut], sides[0][1]), (where[cut:], sides[1][1]))
        )
        cosines = (english @ arabic.T / self.recipe.temperature).masked_fill(_same_sides(batch), -1e4)
        wanted = torch.arange(len(batch))
        loss = (F.cross_entropy(cosines, wanted) + F.cross_entropy(cosines.T, wanted)) / 2
        loss.backward()
        assert leaf.grad is not None
        with torch.no_grad():
            self._squares[touched] += leaf.grad.pow(2).mean(1)
            self.vectors[touched] -= rate * leaf.grad / self._squares[touched].sqrt().unsqueeze(1)
        return float(loss.detach())


def train(folder: Path, recipe: Recipe) -> Iterator[tuple[int, float, Corpus, Model]]:
    """(epoch, mean loss, corpus, model) after each epoch."""
    training_pairs.check_folder(folder)
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    corpus = Corpus(folder, recipe)
    model = Model(list(corpus.words), corpus.counts(), recipe)
    done = 0
    for epoch in range(recipe.epochs):
        batches = corpus.batches(recipe, rng)
        losses = []
        for are_sentences, batch in batches:
            rate = recipe.learning_rate * max(0.02, 1 - done / (len(batches) * recipe.epochs))
            kept = _dropped(batch, recipe.word_dropout, rng) if are_sentences else batch
            losses.append(model.step(kept, rate))
            done += 1
        yield epoch, float(np.mean(losses)), corpus, model


def main(argv: Sequence[str] | None = None) -> int:
    """Train, then write the encoder's folder and the packed lexicon."""
    parser = argparse.ArgumentParser(prog="train_encoder", description="Train the bundled bilingual encoder.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the pairs and the team's lists")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="folder of the encoder (default: the bundled one)")
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--lexicon-only", action="store_true", help="only pack the team's lexicon again")
    options = parser.parse_args(argv)
    try:
        packed = options.out.parent / "lexicon"
        moved = lexicon.pack_stems(packed, options.data)
        entries = lexicon.pack(packed, lexicon.team_lists(options.data), lexicon.headwords(options.data))
        spelt = abbreviations.pack(packed, lexicon.LISTS)
        print(f"lexicon: {entries}, {spelt} abbreviations, {moved} stems stand for another", file=sys.stderr)
        began = time.monotonic()
        recipe = Recipe(epochs=options.epochs)
        for epoch, loss, corpus, model in () if options.lexicon_only else train(options.data, recipe):
            print(f"epoch {epoch + 1}: loss {loss:.3f}, {time.monotonic() - began:.0f} s", file=sys.stderr)
            if epoch + 1 == recipe.epochs:
                bundle.write(
                    options.out, model.vectors.numpy(), model.keys, model.stem_weight,
                    _usual_spellings(corpus), recipe.buckets, recipe.gram_weight,
                )  # fmt: skip
                bundle.whiten(options.out, training_pairs.texts(options.data))
    except ServiceError as error:
        print(f"train_encoder: {error}", file=sys.stderr)
        return 2
    return 0


def _usual_spellings(corpus: Corpus) -> dict[str, str]:
    """Stem key -> the spelling seen most often."""
    usual: dict[str, tuple[float, str]] = {}
    for word, count in zip(corpus.words, corpus.counts().tolist(), strict=True):
        key = features.named(word)[0]
        usual[key] = max(usual.get(key, (0.0, "")), (count, word))
    return {key: word for key, (_, word) in usual.items()}


def _totals(keys: Sequence[str], counts: np.ndarray) -> dict[str, float]:
    totals: dict[str, float] = {}
    for key, count in zip(keys, counts.tolist(), strict=True):
        totals[key] = totals.get(key, 0.0) + count
    return totals


def _draw(size: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Numbers below ``size``, ``share`` times as many, each as evenly often as can be."""
    whole = int(share)
    return np.concatenate([*[np.arange(size)] * whole, rng.permutation(size)[: round((share - whole) * size)]])


def _dropped(batch: Sequence[Pair], share: float, rng: np.random.Generator) -> list[Pair]:
    def some(words: np.ndarray) -> np.ndarray:
        kept = rng.random(len(words)) >= share
        return words[kept] if kept.any() else words

    return [(some(english), some(arabic)) for english, arabic in batch]


def _flat(texts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.array([len(text) for text in texts])
    return np.concatenate(texts), np.cumsum(lengths) - lengths


def _same_sides(batch: Sequence[Pair]) -> torch.Tensor:
    """True where two pairs share a side, which makes them no negatives of each other."""
    same = np.zeros((len(batch), len(batch)), bool)
    for side in (0, 1):
        _, ids = np.unique([hash(pair[side].tobytes()) for pair in batch], return_inverse=True)
        same |= ids[:, None] == ids[None, :]
    np.fill_diagonal(same, False)
    return torch.from_numpy(same)


if __name__ == "__main__":
    sys.exit(main())
