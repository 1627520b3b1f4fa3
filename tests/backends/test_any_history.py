"""Whatever happened to a collection, it answers as if the articles that are left had been written at once.

The model is a plain dictionary; its scores are rank-bm25's and exact inner products.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from rank_bm25 import BM25Okapi

from service import analyzer, ingest
from service.backends.embedded import policy, verify
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.remake import Making
from service.backends.embedded.writer import EmbeddedWriter
from service.ingest import Pipeline
from service.purge import purge
from service.records import Article, Concept
from service.repair import repair
from tests.counting import Encoder

WORDS = ["غارة", "الحويجة", "strike", "mosul", "raid", "bridge", "جسر"]
TERMS = [analyzer.terms(word)[0] for word in WORDS]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
IDS = st.sampled_from([f"a{i}" for i in range(12)])
BATCHES = st.dictionaries(IDS, TEXTS, min_size=1, max_size=5)
BM25 = (1.5, 0.75, 0.25)


ENCODER = Encoder()
RECIPE = {"analyzer": "an-1", "encoder": "counting", "dimension": "4"}
PIPELINE = Pipeline(ENCODER, 120, 1)


def article(article_id: str, text: str) -> Article:
    return Article(article_id, text, sha256(text.encode()).hexdigest())


class AnyHistory(RuleBasedStateMachine):
    """``live``: id -> text. ``pinned``: readers left open, with the ids that they saw."""

    @initialize(segment_chunks=st.integers(2, 40))
    def begin(self, segment_chunks: int) -> None:
        self.top = Path(tempfile.mkdtemp())
        self.folder, self.segment_chunks = self.top / "c", segment_chunks
        self.live: dict[str, str] = {}
        self.pinned: list[tuple[EmbeddedReader, dict[str, str]]] = []
        self.commits = 0

    def teardown(self) -> None:
        if hasattr(self, "top"):
            for reader, _ in self.pinned:
                reader.close()
            shutil.rmtree(self.top)

    def writer(self) -> EmbeddedWriter:
        return EmbeddedWriter(self.folder, RECIPE, 4, self.segment_chunks)

    def reader(self) -> EmbeddedReader:
        return EmbeddedReader(self.folder, *BM25)

    @rule(batch=BATCHES)
    def add(self, batch: dict[str, str]) -> None:
        """Known ids keep their text."""
        with closing(self.writer()) as writer:
            ingest.ingest([article(*entry) for entry in batch.items()], writer, PIPELINE)
        self.live = {**batch, **self.live}
        self.commits += 1

    @rule(batch=BATCHES)
    def update(self, batch: dict[str, str]) -> None:
        with closing(self.writer()) as writer:
            ingest.ingest([article(*entry) for entry in batch.items()], writer, PIPELINE, update=True)
        self.live |= batch
        self.commits += 1

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        gone = data.draw(st.lists(st.sampled_from(sorted(self.live)), min_size=1, max_size=6, unique=True))
        with closing(self.writer()) as writer:
            ingest.delete(gone, writer, PIPELINE)
        self.live = {name: text for name, text in self.live.items() if name not in gone}

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def purge(self, data: st.DataObject) -> None:
        text = self.live[data.draw(st.sampled_from(sorted(self.live)))]
        gone = [name for name, other in self.live.items() if other == text]
        purge(self.folder, gone, Making(RECIPE, 4, PIPELINE.write))
        self.live = {name: other for name, other in self.live.items() if other != text}

    @precondition(lambda self: self.commits)
    @rule()
    def make_everything_again(self) -> None:
        repair(self.folder, Making(RECIPE, 4, PIPELINE.write), everything=True)

    @rule(batch=BATCHES)
    def die_before_the_commit(self, batch: dict[str, str]) -> None:
        with closing(self.writer()) as writer:
            PIPELINE.write([article(f"never-{name}", text) for name, text in batch.items()], writer)

    @precondition(lambda self: self.commits and len(self.pinned) < 3)
    @rule()
    def leave_a_reader_open(self) -> None:
        self.pinned.append((self.reader(), dict(self.live)))

    @precondition(lambda self: self.pinned)
    @rule()
    def look_through_the_oldest_reader(self) -> None:
        reader, live = self.pinned.pop(0)
        with closing(reader):
            self.compare(reader, live)

    @invariant()
    def as_if_written_at_once(self) -> None:
        if getattr(self, "commits", 0):
            with closing(self.reader()) as reader:
                self.compare(reader, self.live)

    @precondition(lambda self: self.commits)
    @rule()
    def whole_on_disk(self) -> None:
        found = verify.verify(self.folder)
        assert (found.damages, found.lost) == ((), ())

    def compare(self, reader: EmbeddedReader, live: dict[str, str]) -> None:
        assert sorted(reader.article_ids()) == sorted(live)
        for name, text in live.items():
            found, same = reader.article(name)
            assert (found.article_id, found.text) == (name, text)
            assert sorted(same) == sorted(other for other in live if live[other] == text and other != name)
        texts = sorted(set(live.values()))
        corpus = [analyzer.terms(text) for text in texts]
        oracle = BM25Okapi(corpus, k1=1.5, b=0.75, epsilon=0.25) if corpus else None
        for asked in ([TERMS[2]], [TERMS[0], TERMS[3]], TERMS):
            expected = {}
            if oracle:
                scores = oracle.get_scores(asked).tolist()
                expected = {t: scores[i] for i, t in enumerate(texts) if set(asked) & set(corpus[i])}
            found_terms = reader.search_terms([Concept(term, {term: 1.0}) for term in asked], 100)
            assert self.by_text(reader, found_terms) == pytest.approx(expected, abs=1e-6)
        vector = ENCODER.encode_query("strike غارة")
        expected = {text: float(ENCODER.encode_query(text) @ vector) for text in texts}
        assert self.by_text(reader, reader.search_vector(vector, 100)) == pytest.approx(expected, abs=2e-3)

    def by_text(self, reader: EmbeddedReader, ranking: object) -> dict[str, float]:
        stored = reader.fetch(ranking.keys.tolist())  # type: ignore[attr-defined]
        found = {s.chunk.text: float(x) for s, x in zip(stored, ranking.scores, strict=True)}  # type: ignore[attr-defined]
        assert len(found) == len(stored), "a text is there once"
        return found


@pytest.fixture(autouse=True, scope="module")
def merged_soon() -> object:
    """Segments are merged and compacted after a few rows, not after thousands."""
    with mock.patch.multiple(policy, FANOUT=3, SMALL=2, MOST=5, MIN_DEAD=1):
        yield


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=settings().max_examples // 12, stateful_step_count=15, deadline=None)
