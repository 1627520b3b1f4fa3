"""Each engine with the same two verbs: build a folder from passages, and search it.

Peers of words get the terms of Rasad's analyzer, so that engines are compared and not tokenizers; k1 and b are Rasad's
where they can be set. txtai gets Rasad's vectors (method "external") and keeps its own tokenizer, BM25 and fusion.
"""

from __future__ import annotations

import pickle
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarking import passages
from service import analyzer, encoder
from service.engine import Engine
from service.records import Concept, Leg
from service.settings import Settings

Search = Callable[[str, int], list[str]]  # text, k -> ids of passages, best first
_COLLECTION = "benchmark"


class Peer:
    """One engine. ``module`` is what must be installed; ``analysis_s`` is what reading the text into terms took."""

    module = ""
    analysis_s = 0.0

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        """From ``source`` (passages.jsonl); ``articles`` are the files it was cut from, where it was."""
        raise NotImplementedError

    def open(self, folder: Path) -> Search:
        raise NotImplementedError

    def _terms(self, source: Path) -> Iterator[tuple[str, list[str]]]:
        for passage in passages.read(source):
            began = time.perf_counter()
            terms = [sys.intern(term) for term in analyzer.terms(passage.indexed)]
            self.analysis_s += time.perf_counter() - began
            yield passage.id, terms


class Rasad(Peer):
    """The whole search, all legs. Ingest reads articles where they are given, with places, dates and copies."""

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        engine = self._engine(folder, whole=bool(articles))
        engine.ingest(_COLLECTION, list(articles) or [str(source)])
        engine.close()

    def open(self, folder: Path) -> Search:
        retriever = self._warm(folder).retriever(_COLLECTION)

        def search(text: str, k: int) -> list[str]:
            if k > self.settings.max_k:
                return [hit.docid for hit in retriever.rank(text, Leg.FUSED, k)]
            return [passage.docid for passage in retriever.search(text, k).passages]

        return search

    def _warm(self, folder: Path) -> Engine:
        """What was built, made ready as the service makes itself when it starts."""
        engine = self._engine(folder, whole=(folder / "whole").exists())
        engine.warm(_COLLECTION)
        return engine

    def _engine(self, folder: Path, whole: bool) -> Engine:
        """A passage of a generated set is one article with one chunk."""
        folder.mkdir(parents=True, exist_ok=True)
        if whole:
            (folder / "whole").touch()
        words = self.settings.chunk_words if whole else 100_000
        return Engine(replace(self.settings, indexes=folder, chunk_words=words))


class RasadLegs(Rasad):
    """The search by words, translations and vectors alone: what other hybrids have, and the translations."""

    def __init__(self, settings: Settings) -> None:
        without = ("feedback", "variants", "synonyms", "article", "alignment", "balance")
        super().__init__(replace(settings, **{f"weight_{part}": 0.0 for part in without}))


class RasadIds(RasadLegs):
    """The same, giving ids as other engines do, instead of passages with their highlights."""

    def open(self, folder: Path) -> Search:
        retriever = self._warm(folder).retriever(_COLLECTION)

        def search(text: str, k: int) -> list[str]:
            return [hit.docid for hit in retriever.rank(text, Leg.FUSED, max(k, self.settings.depth), k)]

        return search


class RasadWords(Rasad):
    """The BM25 leg alone, over the index of the whole."""

    def open(self, folder: Path) -> Search:
        reader = self._warm(folder).reader(_COLLECTION)

        def search(text: str, k: int) -> list[str]:
            concepts = [Concept(term, {term: 1.0}) for term in analyzer.terms(text)]
            return reader.docids(reader.search_terms(concepts, k).keys.tolist())

        return search


class RankBM25(Peer):
    module = "rank_bm25"

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        from rank_bm25 import BM25Okapi

        ids, terms = zip(*self._terms(source), strict=True)
        made = BM25Okapi(terms, k1=self.settings.bm25_k1, b=self.settings.bm25_b, epsilon=self.settings.bm25_epsilon)
        with (folder / "index.pickle").open("wb") as file:
            pickle.dump((ids, made), file)

    def open(self, folder: Path) -> Search:
        with (folder / "index.pickle").open("rb") as file:
            ids, made = pickle.load(file)

        def search(text: str, k: int) -> list[str]:
            scores = made.get_scores(analyzer.terms(text))
            best = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
            return [ids[i] for i in best[np.argsort(-scores[best], kind="stable")] if scores[i] > 0]

        return search


class BM25S(Peer):
    module = "bm25s"

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        import bm25s

        ids, terms = zip(*self._terms(source), strict=True)
        made = bm25s.BM25(method="lucene", k1=self.settings.bm25_k1, b=self.settings.bm25_b)
        made.index(list(terms), show_progress=False)
        made.save(str(folder / "bm25s"))
        (folder / "ids.pickle").write_bytes(pickle.dumps(ids))

    def open(self, folder: Path) -> Search:
        import bm25s

        made = bm25s.BM25.load(str(folder / "bm25s"), mmap=True)
        ids = pickle.loads((folder / "ids.pickle").read_bytes())

        def search(text: str, k: int) -> list[str]:
            terms = [term for term in analyzer.terms(text) if term in made.vocab_dict]
            if not terms:
                return []
            rows, scores = made.retrieve([terms], k=min(k, len(ids)), show_progress=False, n_threads=0)
            return [ids[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

        return search


class Tantivy(Peer):
    module = "tantivy"

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        import tantivy

        index = tantivy.Index(self._schema(), path=str(folder))
        writer = index.writer(heap_size=256_000_000, num_threads=1)
        for name, terms in self._terms(source):
            writer.add_document(tantivy.Document(id=name, text=" ".join(terms)))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Search:
        import tantivy

        schema = self._schema()
        index = tantivy.Index.open(str(folder))
        searcher = index.searcher()

        def search(text: str, k: int) -> list[str]:
            wanted = [
                (tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", term)) for term in analyzer.terms(text)
            ]
            found = searcher.search(tantivy.Query.boolean_query(wanted), k, count=False).hits
            return [searcher.doc(address)["id"][0] for _, address in found]

        return search

    def _schema(self) -> Any:
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("text", stored=False, tokenizer_name="whitespace", index_option="freq")
        return schema.build()


class FTS5(Peer):
    """SQLite's full-text search; its k1 = 1.2 and b = 0.75 are fixed."""

    module = "sqlite3"

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        base = sqlite3.connect(folder / "fts5.sqlite3")
        base.execute("create virtual table p using fts5(t, content='', tokenize='unicode61 remove_diacritics 0')")
        base.execute("create table ids (rowid integer primary key, id text)")
        with base:
            for number, (name, terms) in enumerate(self._terms(source), 1):
                base.execute("insert into p (rowid, t) values (?, ?)", (number, " ".join(terms)))
                base.execute("insert into ids values (?, ?)", (number, name))
        base.execute("insert into p (p) values ('optimize')")
        base.commit()
        base.close()

    def open(self, folder: Path) -> Search:
        base = sqlite3.connect(folder / "fts5.sqlite3")

        def search(text: str, k: int) -> list[str]:
            wanted = " OR ".join(f'"{term}"' for term in analyzer.terms(text) if '"' not in term)
            if not wanted:
                return []
            rows = base.execute(
                "select ids.id from (select rowid as r, bm25(p) as s from p where p match ? order by s limit ?) "
                "join ids on ids.rowid = r order by s",
                (wanted, k),
            )
            return [name for (name,) in rows]

        return search


class Txtai(Peer):
    """Hybrid of its BM25 and FAISS over Rasad's vectors, with its defaults otherwise."""

    module = "txtai"

    def build(self, source: Path, articles: Sequence[str], folder: Path) -> None:
        from txtai import Embeddings

        made = Embeddings(method="external", transform=_transform(), hybrid=True, content=False)
        made.index((passage.id, passage.indexed, None) for passage in passages.read(source))
        made.config.pop("transform", None)
        made.save(str(folder / "txtai"))

    def open(self, folder: Path) -> Search:
        from txtai import Embeddings

        made = Embeddings()
        made.load(str(folder / "txtai"))
        made.config["transform"] = _transform()
        made.model = made.loadvectors()

        def search(text: str, k: int) -> list[str]:
            return [name for name, _ in made.search(text, k)]

        return search


def _transform() -> Callable[[Sequence[str]], Any]:
    model = encoder.load()

    def vectors(texts: Sequence[str]) -> Any:
        return model.encode_passages([str(text) for text in texts])

    return vectors


PEERS: dict[str, type[Peer]] = {
    "rasad bm25": RasadWords,
    "rank-bm25": RankBM25,
    "bm25s": BM25S,
    "tantivy": Tantivy,
    "sqlite fts5": FTS5,
    "rasad": Rasad,
    "rasad three legs": RasadLegs,
    "rasad three legs ids": RasadIds,
    "txtai hybrid": Txtai,
}
WORDS = ("rank-bm25", "rasad bm25", "bm25s", "tantivy", "sqlite fts5")  # the first that ran is the reference
HYBRID = ("rasad", "rasad three legs", "rasad three legs ids", "txtai hybrid")
