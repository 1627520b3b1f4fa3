"""Versions share the segments they have in common: a commit opens what is new, and nothing stays open for nobody."""

from __future__ import annotations

import hashlib
import os
import shutil
import weakref
from contextlib import closing
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from service.backends.embedded import layout, policy, shared
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.segment import Segment
from service.backends.embedded.shared import Segments
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import IndexDamaged
from service.records import Article, Chunk, Concept, Manifest

BM25 = (1.5, 0.75, 0.25)
STRIKE = [Concept("strike", {"strike": 1.0})]


def commit(folder: Path, number: int, segments: Segments | None = None, delete: str = "") -> Manifest:
    text = f"strikes {number}"
    article = Article(f"a{number}", text, hashlib.sha256(text.encode()).hexdigest())
    with closing(EmbeddedWriter(folder, {}, 2, 1000, segments=segments)) as writer:
        if delete:
            writer.delete(delete)
        chunk = Chunk(article.article_id, 0, 0, len(text), text)
        writer.add(article, [chunk], [["strike", str(number)]], np.array([[1.0, 0.0]], np.float32))
        return writer.commit()


def opened(folder: Path, manifest: Manifest, segments: Segments) -> list[Segment]:
    return [segments.of(folder, entry) for entry in manifest.segments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with mock.patch.object(policy, "due", lambda *_: []):  # no merging
        for number in range(3):
            commit(tmp_path / "c", number)
    return tmp_path / "c"


def test_a_commit_and_the_readers_after_it_open_one_segment(folder: Path) -> None:
    segments = Segments()
    with closing(EmbeddedReader(folder, *BM25, segments=segments)) as before:
        with (
            mock.patch.object(shared, "Segment", wraps=Segment) as opening,
            mock.patch.object(policy, "due", lambda *_: []),
        ):
            manifest = commit(folder, 3, segments, delete="a0")
            with closing(EmbeddedReader(folder, *BM25, segments=segments)) as after:
                found = after.docids(after.search_terms(STRIKE, 10).keys.tolist())
        assert [call.args[0].name for call in opening.call_args_list] == [manifest.segments[-1]["id"]]
        assert found == ["a1#0", "a2#0", "a3#0"], "deletes of the new version only count there"
        assert len(before.search_terms(STRIKE, 10)) == 3 and before.article("a0")[0].text == "strikes 0"


def test_a_segment_goes_with_its_last_user(folder: Path) -> None:
    """By counted references: with the collector off, whatever refers to itself would stay."""
    import gc

    segments = Segments()
    gc.disable()
    try:
        one = EmbeddedReader(folder, *BM25, segments=segments)
        one.fetch(one.search_terms(STRIKE, 10).keys.tolist())
        other = EmbeddedReader(folder, *BM25, segments=segments)
        watched = [weakref.ref(s) for s in opened(folder, one.manifest, segments)]
        segments.let_go()
        one.close()
        del one
        assert all(ref() is not None for ref in watched)
        assert other.article("a1")[0].text == "strikes 1", "what the first one closed is open for the second"
        other.close()
        del other
        assert [ref() for ref in watched] == [None] * 3
    finally:
        gc.enable()


def test_those_of_the_version_opened_last_stay_open(folder: Path) -> None:
    segments = Segments()
    EmbeddedReader(folder, *BM25, segments=segments).close()
    first = [weakref.ref(s) for s in opened(folder, layout.read_manifest(folder), segments)]
    with mock.patch.object(policy, "due", lambda sizes, _: [(0, 4)] if len(sizes) == 4 else []):
        commit(folder, 3, segments)
    merged = layout.read_manifest(folder)
    assert len(merged.segments) == 1
    assert [ref() for ref in first] == [None] * 3
    segment = opened(folder, merged, segments)[0]
    assert opened(folder, merged, segments)[0] is segment


def test_another_segment_under_the_same_name_is_not_taken_for_it(folder: Path, tmp_path: Path) -> None:
    segments = Segments()
    with closing(EmbeddedReader(folder, *BM25, segments=segments)) as reader:
        assert reader.article_ids() == ["a0", "a1", "a2"]
    shutil.rmtree(folder)
    commit(folder, 7)
    with closing(EmbeddedReader(folder, *BM25, segments=segments)) as reader:
        assert reader.article_ids() == ["a7"]


def test_a_file_that_was_cut_short_is_noticed_though_its_segment_is_open(folder: Path) -> None:
    segments = Segments()
    with closing(EmbeddedReader(folder, *BM25, segments=segments)):
        path = folder / "segments" / str(layout.read_manifest(folder).segments[0]["id"]) / "forward.npy"
        path.write_bytes(path.read_bytes()[:-4])
        with pytest.raises(IndexDamaged, match=r"forward\.npy has"):
            EmbeddedReader(folder, *BM25, segments=segments)


def test_open_files_do_not_grow_with_commits(tmp_path: Path) -> None:
    segments = Segments()
    counts = []
    for number in range(40):
        commit(tmp_path / "c", number, segments)
        with closing(EmbeddedReader(tmp_path / "c", *BM25, segments=segments)):
            counts.append(len(os.listdir("/proc/self/fd")))
    assert max(counts[20:]) <= max(counts[:20])
