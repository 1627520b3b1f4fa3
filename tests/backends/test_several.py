"""Several collections read as one: the same as one collection that was built from all their articles."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service import analyzer, annotator, ingest
from service.backends.base import Filter
from service.backends.embedded.pinned import Pinned
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.view import of_several
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import ArticleNotFound, IndexMismatch
from service.ingest import Pipeline
from service.records import Article, Concept
from tests.counting import Encoder

WORDS = ["غارة", "الحويجة", "strike", "Mosul", "raid", "bridge", "جسر", "Kirkuk"]
TERMS = [analyzer.terms(word)[0] for word in WORDS]
LONG = [
    "strike raid Mosul bridge Kirkuk Hawija strike bridge",
    "جسر غارة الحويجة كركوك الموصل غارة جسر",
]  # of near copies
WORDY = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
TEXTS = st.tuples(st.sampled_from(["", *LONG]), WORDY).map(lambda parts: " ".join([parts[0], *parts[1]]).strip())
IDS = st.sampled_from([f"x{i}" for i in range(8)])
BATCHES = st.lists(st.dictionaries(IDS, TEXTS, min_size=1, max_size=4), min_size=1, max_size=3)
BM25 = (1.5, 0.75, 0.25)
RECIPE = {"analyzer": "an-1", "encoder": "counting", "dimension": "4", "near_copies": "words3/8/0.5"}


PIPELINE = Pipeline(Encoder(), 9, 1, annotator.load())


def article(article_id: str, text: str, source: str) -> Article:
    return Article(article_id, text, sha256(text.encode()).hexdigest(), f"title {source}", source, "2020-05-14")


def built(
    folder: Path, batches: Sequence[Mapping[str, str]], gone: Sequence[str] = (), recipe: Mapping[str, str] = RECIPE
) -> dict[str, str]:
    """A collection by several commits; id -> text of what is live. The first text of an id is kept."""
    live: dict[str, str] = {}
    for batch in batches:
        with closing(EmbeddedWriter(folder, recipe, 4, 1000)) as writer:
            ingest.ingest([article(name, text, folder.name) for name, text in batch.items()], writer, PIPELINE)
        live |= {name: text for name, text in batch.items() if name not in live}
    if gone := [name for name in gone if name in live]:
        with closing(EmbeddedWriter(folder, recipe, 4, 1000)) as writer:
            ingest.delete(gone, writer, PIPELINE)
    return {name: text for name, text in live.items() if name not in gone}


def ranked(reader: EmbeddedReader, keep: Filter | None = None, depth: int = 1000) -> list[dict[str, float]]:
    """docid -> score by each kind of search."""
    concepts = [Concept(t, {t: 1.0}) for t in TERMS[:3]] + [Concept("two", {TERMS[3]: 0.7, TERMS[4]: 0.2}, 0.5)]
    found = [
        reader.search_terms(concepts, depth, keep, 1.5),
        reader.search_vector(PIPELINE.encoder.encode_query("strike raid"), depth, keep),
    ]
    return [dict(zip(reader.docids(r.keys.tolist()), r.scores.tolist(), strict=True)) for r in found]


def grouped(reader: EmbeddedReader) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """The groups of near copies, of passages and of articles, by docid."""
    ranking = reader.search_vector(np.array([1, 0, 0, 0], np.float32), 1000)
    keys = ranking.keys.tolist()
    groups: list[dict[int, set[str]]] = [{}, {}]
    for docid, labels in zip(reader.docids(keys), reader.near_groups(keys), strict=True):
        for known, one in zip(groups, labels, strict=True):
            known.setdefault(one, set()).add(docid)
    passages, articles = ({frozenset(group) for group in known.values()} for known in groups)
    return passages, articles


@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(BATCHES, BATCHES, st.lists(IDS, max_size=3, unique=True))
def test_several_collections_are_as_one_built_of_them_all(
    first: list[dict[str, str]], second: list[dict[str, str]], gone: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as root, ExitStack() as stack:
        names, live = ["a", "b"], []
        for name, batches in zip(names, (first, second), strict=True):
            live.append(built(Path(root) / name, batches, gone))
        entries = [
            article(f"{name}:{own}", text, name)
            for name, texts in zip(names, live, strict=True)
            for own, text in texts.items()
        ]
        with closing(EmbeddedWriter(Path(root) / "both", RECIPE, 4, 1000)) as writer:
            ingest.ingest(entries, writer, PIPELINE)
        pins = [Pinned(Path(root) / name) for name in names]
        found = stack.enter_context(closing(EmbeddedReader(of_several(pins), *BM25)))
        wanted = stack.enter_context(closing(EmbeddedReader(Path(root) / "both", *BM25)))

        assert found.manifest.collection == "a,b" and found.manifest.version.count(",") == 1
        assert found.manifest.statistics == wanted.manifest.statistics, "to the last bit"
        assert (found.manifest.articles, found.manifest.chunks, found.manifest.copies) == (
            wanted.manifest.articles, wanted.manifest.chunks, wanted.manifest.copies
        )  # fmt: skip
        assert sorted(found.article_ids()) == sorted(wanted.article_ids())
        assert {frozenset({k, *v}) for k, v in found.copies().items()} == {
            frozenset({k, *v}) for k, v in wanted.copies().items()
        }
        for keep in (None, Filter(published_by=("b",)), Filter(excluded=((TERMS[5],),))):
            for one, other in zip(ranked(found, keep), ranked(wanted, keep), strict=True):
                if not gone:
                    assert one == pytest.approx(other, abs=1e-9)
                else:  # the text of a deleted id may go on under another one, at another place
                    assert sorted(one.values()) == pytest.approx(sorted(other.values()), abs=1e-9)
        for one, other in zip(ranked(found, None, 2), ranked(wanted, None, 2), strict=True):
            assert list(one.values()) == pytest.approx(list(other.values()), abs=1e-9)
        assert [found.document_frequency(term) for term in TERMS] == [wanted.document_frequency(t) for t in TERMS]
        held = [[t for t in r.vocabulary() if r.document_frequency(t)] for r in (found, wanted)]
        assert held[0] == held[1]
        for name in found.article_ids():
            (one, same), (other, others) = found.article(name), wanted.article(name)
            assert (one, sorted(same)) == (other, sorted(others))
        if not gone:
            assert grouped(found) == grouped(wanted)


def opened(top: Path, **collections: dict[str, str]) -> EmbeddedReader:
    for name, texts in collections.items():
        built(top / name, [texts])
    return EmbeddedReader(of_several([Pinned(top / name) for name in collections]), *BM25)


def test_an_id_that_both_have_means_two_articles(tmp_path: Path) -> None:
    with closing(opened(tmp_path, a={"x": "strike Mosul"}, b={"x": "raid Kirkuk"})) as reader:
        assert reader.article("a:x")[0].text == "strike Mosul"
        assert reader.article("b:x")[0] == article("b:x", "raid Kirkuk", "b")
        with pytest.raises(ArticleNotFound, match="COLLECTION:ID"):
            reader.article("x")
        keys = reader.search_terms([Concept("raid", {"raid": 1.0})], 5).keys.tolist()
        (stored,) = reader.fetch(keys)
        assert (stored.chunk.docid, stored.chunk.article_id, stored.article.source) == ("b:x#0", "b:x", "b")
        assert reader.near_copies(keys[:1]) == [()], "texts too short to compare are like no others, whatever their ids"


def test_a_text_that_both_have_is_shown_once(tmp_path: Path) -> None:
    with closing(opened(tmp_path, a={"x": "strike Mosul"}, b={"y": "strike Mosul", "z": "raid"})) as reader:
        (stored,) = reader.fetch(reader.search_terms([Concept("strike", {"strike": 1.0})], 5).keys.tolist())
        assert (stored.article.article_id, stored.copies) == ("a:x", ("b:y",))
        copy, others = reader.article("b:y")
        assert (copy.text, copy.source, others) == ("strike Mosul", "b", ("a:x",))
        assert (reader.manifest.articles, reader.manifest.copies) == (2, 1)


def test_near_copies_are_found_across_collections(tmp_path: Path) -> None:
    long = "Kirkuk " + " ".join(f"{word} {number}" for number, word in enumerate(WORDS * 4))
    texts = {"a": {"x": long}, "b": {"x": f"{long} bridge", "y": "strike Mosul"}}
    with closing(opened(tmp_path, **texts)) as reader:
        keys = reader.search_terms([Concept("kirkuk", {analyzer.terms("Kirkuk")[0]: 1.0})], 9).keys.tolist()
        assert {name for names in reader.near_copies(keys) for name in names} == {"a:x", "b:x"}


def test_collections_made_otherwise_are_not_read_together(tmp_path: Path) -> None:
    built(tmp_path / "a", [{"x": "strike"}])
    built(tmp_path / "b", [{"x": "raid"}], recipe={**RECIPE, "analyzer": "an-2"})
    with pytest.raises(IndexMismatch, match=r"'a' and 'b' cannot be .* analyzer an-1 and an-2"):
        of_several([Pinned(tmp_path / "a"), Pinned(tmp_path / "b")])
