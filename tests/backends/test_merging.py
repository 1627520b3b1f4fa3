"""Segments that were merged are what one built at once would be; few are left, and little is written again for it."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service import analyzer, annotator
from service.backends.embedded import layout, policy, publishing
from service.backends.embedded.policy import FANOUT, MOST, SMALL, Size, due, tier
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.shared import Segments
from service.backends.embedded.writer import EmbeddedWriter
from service.chunker import chunk
from service.records import Article, Concept, Manifest

DIM = 4
WORDS = ["strikes", "Hawija", "غارات", "الحويجة", "Mosul", "May 2020", "raid."]


def article(number: int, words: Sequence[str], source: str = "") -> Article:
    text = " ".join([*words, f"n{number}"])
    return Article(f"a{number}", text, hashlib.sha256(text.encode()).hexdigest(), words[0], source, "2020-05-14")


def put(writer: EmbeddedWriter, articles: Sequence[Article]) -> None:
    for entry in articles:
        chunks = chunk(entry, words=3)
        vectors = np.array([[c.start, c.end, len(c.text), 1.0] for c in chunks], np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        terms = [analyzer.terms(f"{entry.title}\n{c.text}") for c in chunks]
        writer.add(entry, chunks, terms, vectors, annotator.load()(entry))


def commit(
    folder: Path, articles: Sequence[Article], deleted: Sequence[str] = (), copies: Sequence[Article] = ()
) -> Manifest:
    with closing(EmbeddedWriter(folder, {}, DIM, 10_000)) as writer:
        for name in deleted:
            writer.delete(name)
        put(writer, articles)
        for copy in copies:
            writer.add_copy(copy, articles[0].article_id)
        writer.commit()
    return layout.read_manifest(folder)  # after what was merged


def files(folder: Path, manifest: Manifest) -> list[dict[str, bytes]]:
    """Of each segment, all but the store, in which SQLite keeps what was freed."""
    segments = [folder / "segments" / str(entry["id"]) for entry in manifest.segments]
    return [{path.name: path.read_bytes() for path in s.iterdir() if path.name != "store.sqlite"} for s in segments]


ARTICLES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=10, max_size=16)


@settings(max_examples=6, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes here
@given(ARTICLES, st.sets(st.integers(0, 9)), st.integers(1, 3))
def test_a_merged_segment_is_what_one_built_at_once_would_be(texts: list[list[str]], dead: set[int], each: int) -> None:
    articles = [article(i, words, f"s{i % 2}") for i, words in enumerate(texts)]
    gone = [f"a{i}" for i in sorted(dead) if i < len(articles) - each]
    live = [entry for entry in articles if entry.article_id not in gone]
    with tempfile.TemporaryDirectory() as root, mock.patch.object(policy, "MIN_DEAD", 1):
        by_and_by, at_once = Path(root) / "c", Path(root) / "once" / "c"
        starts = range(0, len(articles), each)
        for start in starts:
            is_last = start == starts[-1]
            manifest = commit(by_and_by, articles[start : start + each], gone if is_last else ())
        once = commit(at_once, live)
        assert manifest.statistics == once.statistics, "to the last bit"
        assert (manifest.articles, manifest.chunks) == (once.articles, once.chunks)
        assert len(manifest.segments) < FANOUT
        with (
            closing(EmbeddedReader(by_and_by, 1.5, 0.75, 0.25)) as found,
            closing(EmbeddedReader(at_once, 1.5, 0.75, 0.25)) as wanted,
        ):
            assert found.article_ids() == wanted.article_ids() == [entry.article_id for entry in live]
            concepts = [Concept(word, {analyzer.terms(word)[0]: 1.0}) for word in WORDS]
            for ask in (
                lambda reader: reader.search_terms(concepts, 100, None, 1.5),
                lambda reader: reader.search_vector(np.array([0.5, 0.5, 0.5, 0.5], np.float32), 100),
            ):
                one, other = ask(found), ask(wanted)
                assert dict(zip(found.docids(one.keys), one.scores, strict=True)) == pytest.approx(
                    dict(zip(wanted.docids(other.keys), other.scores, strict=True)), abs=1e-9
                )
            assert [found.article(name) for name in found.article_ids()] == [
                wanted.article(name) for name in wanted.article_ids()
            ]
            keys = [dict(zip(r.docids(k), k, strict=True)) for r, k in ((found, one.keys), (wanted, other.keys))]
            for docid, key in keys[1].items():
                assert found.places(keys[0][docid]) == wanted.places(key)
                assert found.dates(keys[0][docid]) == wanted.dates(key)
            assert found.facets(list(keys[0].values())) == wanted.facets(list(keys[1].values()))
        if len(manifest.segments) == 1 and not gone:
            assert files(by_and_by, manifest) == files(at_once, once)


def test_five_small_commits_become_one_segment_the_same_to_the_byte(tmp_path: Path) -> None:
    articles = [article(i, WORDS[i % 4 :]) for i in range(FANOUT * 2)]
    for i in range(0, len(articles), 2):
        manifest = commit(tmp_path / "c", articles[i : i + 2])
        assert manifest.version == layout.read_manifest(tmp_path / "c").version
    once = commit(tmp_path / "once" / "c", articles)
    assert len(manifest.segments) == 1 and files(tmp_path / "c", manifest) == files(tmp_path / "once" / "c", once)
    assert {path.name for path in (tmp_path / "c").iterdir()} == {"CURRENT", "LOCK", "segments", "versions"}


def test_copies_go_along_and_deleted_ones_do_not(tmp_path: Path) -> None:
    copies = [Article(f"c{i}", "", article(0, WORDS).sha256, "copy", f"s{i}") for i in range(3)]
    commit(tmp_path / "c", [article(0, WORDS)], copies=copies)
    for i in range(1, FANOUT):
        manifest = commit(tmp_path / "c", [article(i, WORDS)], deleted=["c1"] if i == 1 else ())
    assert [(entry["articles"], entry["copies"]) for entry in manifest.segments] == [(FANOUT, 2)]
    with closing(EmbeddedReader(tmp_path / "c", 1.5, 0.75, 0.25)) as reader:
        assert reader.copies() == {"a0": ("c0", "c2")}
        found, others = reader.article("c2")
        assert (found.text, found.title, found.source, others) == (article(0, WORDS).text, "copy", "s2", ("a0", "c0"))


def test_a_segment_is_written_again_when_much_of_it_is_deleted(tmp_path: Path) -> None:
    with mock.patch.object(policy, "MIN_DEAD", 2):
        commit(tmp_path / "c", [article(i, ["raid"]) for i in range(9)])
        manifest = commit(tmp_path / "c", [], deleted=["a0", "a1"])
        assert [entry["articles"] for entry in manifest.segments] == [9]
        manifest = commit(tmp_path / "c", [], deleted=["a4"])
    assert [entry["articles"] for entry in manifest.segments] == [6]
    assert layout.read_deleted(tmp_path / "c", manifest.version) == {}


def test_what_a_writer_counts_by_and_by_is_what_is_counted_afresh(tmp_path: Path) -> None:
    with closing(EmbeddedWriter(tmp_path / "c", {}, DIM, 10_000)) as writer:
        for i in range(0, 24, 3):
            put(writer, [article(n, WORDS[n % 3 :]) for n in range(i, i + 3)])
            if i:
                writer.delete(f"a{i - 2}")
            found = writer.commit()
            deleted = layout.read_deleted(tmp_path / "c", found.version)
            entries = [dict(entry) for entry in found.segments]
            afresh = publishing.manifest_of(tmp_path / "c", found.version, entries, deleted, {}, {}, Segments())
            assert afresh.statistics == found.statistics
            assert (afresh.articles, afresh.copies, afresh.chunks, afresh.size_bytes) == (
                found.articles, found.copies, found.chunks, found.size_bytes
            )  # fmt: skip


SIZES = st.lists(st.builds(Size, st.integers(0, 30_000), st.integers(0, 3_000)), max_size=60)


@given(SIZES, st.sampled_from([1, 10_000, 200_000]))
def test_spans_are_apart_and_their_segments_not_too_large(sizes: list[Size], largest: int) -> None:
    spans = due(sizes, largest)
    assert all(a < b for a, b in spans) and all(one[1] <= other[0] for one, other in pairwise(spans))
    for start, stop in spans:
        assert stop - start == 1 or sum(size.live for size in sizes[start:stop]) <= largest
        assert stop - start > 1 or sizes[start].dead >= policy.MIN_DEAD
    after = merged(sizes, spans)
    assert due(after, largest) == []


def merged(sizes: Sequence[Size], spans: Sequence[tuple[int, int]]) -> list[Size]:
    result = list(sizes)
    for start, stop in reversed(spans):
        result[start:stop] = [Size(sum(size.live for size in sizes[start:stop]), 0)]
    return result


@settings(max_examples=20)
@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=400), st.sampled_from([100_000, 200_000]))
def test_many_commits_leave_few_segments_and_write_little_again(commits: list[int], largest: int) -> None:
    sizes: list[Size] = []
    written = 0
    for size in commits:
        sizes.append(Size(size, 0))
        written += size
        spans = due(sizes, largest)
        written += sum(s.live for start, stop in spans for s in sizes[start:stop])
        sizes = merged(sizes, spans)
        full = sum(2 * s.live > largest for s in sizes)
        assert len(sizes) - full <= MOST + 1
    tiers = math.log(max(sum(commits) / SMALL, FANOUT), FANOUT)
    assert written <= (2.5 + tiers) * sum(commits)


def test_tiers_grow_by_fives() -> None:
    assert [tier(n) for n in (0, 500, 501, 2_500, 2_501, 12_500, 12_501)] == [0, 0, 1, 1, 2, 2, 3]
