"""Questions whose answers are known exactly, asked without a pause while nodes die."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milvus_cluster.report import Searches
from service.backends.base import Filter, Reader
from service.backends.milvus import witnesses
from service.backends.milvus.reader import MilvusReader
from service.errors import ArticleNotFound, EngineIncomplete, EngineUnavailable

K = 10
EVERY_S = 0.015
NEAR = 1e-4  # scores that differ by less are equal
Vector = npt.NDArray[np.float32]
KEEPS = (None, None, Filter(languages=("ar",)), Filter(period=("2000-01-01", "2015-06-30")))


@dataclass(frozen=True)
class Known:
    """A version's reader, and the scores of the best passages for every question and filter, in their order."""

    reader: MilvusReader
    scores: Mapping[tuple[int, int], Sequence[float]]
    texts: Mapping[str, str]  # of articles, by id
    raw: Mapping[tuple[bytes, str], Sequence[float]]  # the same scores by vector and condition, as they are sent

    @classmethod
    def of(cls, reader: MilvusReader, exact: Reader, vectors: Sequence[Vector], texts: Mapping[str, str]) -> Known:
        scores, raw = {}, {}
        for f, keep in enumerate(KEEPS):
            where = f"({reader._where(keep)}) or {witnesses.WHERE}"
            for q, vector in enumerate(vectors):
                scores[q, f] = exact.search_vector(vector, K, keep).scores.tolist()
                raw[vector.tobytes(), where] = scores[q, f]
        return cls(reader, scores, texts, raw)


def recall(found: Sequence[float], wanted: Sequence[float]) -> float:
    """Share of the best that were found, by their scores: equal passages stand for one another."""
    if not wanted:
        return 1.0
    return sum(score >= wanted[-1] - NEAR for score in found[: len(wanted)]) / len(wanted)


class Reading:
    """One thread that asks; ``known`` may be put in another's place at any time."""

    def __init__(self, vectors: Sequence[Vector], known: Known, happened: Counter[str]) -> None:
        """``happened``: what the door to Milvus counts."""
        self._vectors, self.known = vectors, known
        self._happened, self._before = happened, Counter(happened)
        self.seen = Searches()
        self.last_bad = 0.0  # when an answer last came late, incomplete or not at all
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def taken(self) -> Searches:
        """What came since this was asked last."""
        with self._lock:
            found, self.seen = self.seen, Searches()
            since, self._before = self._happened - self._before, Counter(self._happened)
            found.late, found.again = since["late"], since["failed"]
            return found

    def told(self, request: Mapping[str, Any], found: Any) -> None:
        """An answer of the servers, before our code judged it."""
        wanted = self.known.raw.get((np.asarray(request["data"][0], np.float32).tobytes(), request["filter"]))
        if wanted is None:
            return
        scores = [hit["distance"] for hit in found[0] if hit["id"] >= 0]
        if recall(scores, wanted) < 1:
            lacking = sum(hit["id"] < 0 for hit in found[1]) < len(request["data"])
            with self._lock:
                self.seen.raw += 1
                self.seen.noticed += lacking
                self.last_bad = time.monotonic()

    def _run(self) -> None:
        chance = random.Random(1)
        names = sorted(self.known.texts)
        turn = 0
        while not self._stop.is_set():
            turn += 1
            known, began = self.known, time.monotonic()
            article = chance.choice(names) if turn % 10 == 0 else ""
            try:
                if article:
                    share = self._article(known, article)
                else:
                    q, f = turn % len(self._vectors), turn // len(self._vectors) % len(KEEPS)
                    ranking = known.reader.search_vector(self._vectors[q], K, KEEPS[f])
                    share = recall(ranking.scores.tolist(), known.scores[q, f])
                said = bool(known.reader.notices())
                self._note(began, share, said)
            except EngineIncomplete:
                self._note(began, None, True)
            except EngineUnavailable:
                self._note(began, None, False)
            self._stop.wait(max(0.0, EVERY_S - (time.monotonic() - began)))

    def _article(self, known: Known, name: str) -> float:
        try:
            return float(known.reader.article(name)[0].text == known.texts[name])
        except ArticleNotFound:
            return float(name not in known.texts)

    def _note(self, began: float, share: float | None, said: bool) -> None:
        """``share`` of what was asked for, None for an error; ``said`` that rows are missing."""
        took = time.monotonic() - began
        with self._lock:
            seen = self.seen
            seen.took.append(took)
            if share is None:
                seen.refused += said
                seen.failed += not said
            else:
                seen.flagged += said and share < 1
                seen.careful += said and share == 1
                seen.unreported += not said and share < 1
                if not said:
                    seen.recalls.append(share)
            if took > 1 or share != 1:
                self.last_bad = time.monotonic()
