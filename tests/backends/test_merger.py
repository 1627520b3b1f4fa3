"""Segments are merged beside the writer: no commit waits for it, and whatever is changed meanwhile stays changed."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service import analyzer, ingest
from service.backends.embedded import head, layout, merger, policy, verify
from service.backends.embedded.locking import Lock
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import IndexLocked, StorageError
from service.ingest import Pipeline
from service.records import Article, Concept
from tests.counting import Encoder

WORDS = ["غارة", "الحويجة", "strike", "mosul", "raid", "bridge"]
TERMS = [analyzer.terms(word)[0] for word in WORDS]
BM25 = (1.5, 0.75, 0.25)
RECIPE = {"analyzer": "an-1", "encoder": "counting", "dimension": "4"}
PIPELINE = Pipeline(Encoder(), 120, 1)
WAIT_S = 20.0  # for what another thread does


class Gate:
    """Holds merges up: before they are written, or when they are and are not published yet."""

    def __init__(self) -> None:
        self.begun, self._open = threading.Semaphore(0), threading.Event()

    def pass_through(self) -> None:
        self.begun.release()
        assert self._open.wait(WAIT_S), "nobody opened the gate"

    def wait_for_a_merge(self) -> None:
        assert self.begun.acquire(timeout=WAIT_S), "no merge begins"

    def open(self) -> None:
        self._open.set()


@contextmanager
def held_up(when: str = "before") -> Iterator[Gate]:
    """Merges stand still until the gate is opened; at the latest at the end of this."""
    gate, merge, take = Gate(), merger.merge, merger.Head.take

    def merging(*given: object) -> None:
        gate.pass_through()
        merge(*given)  # type: ignore[arg-type]

    def taking(head: merger.Head, staged: Sequence[Path], mark: str = "") -> object:
        found = take(head, staged, mark)
        if mark:
            gate.pass_through()
        return found

    patched = (
        mock.patch.object(merger, "merge", merging)
        if when == "before"
        else mock.patch.object(merger.Head, "take", taking)
    )
    with patched, mock.patch.multiple(policy, FANOUT=3, SMALL=2, MOST=5, MIN_DEAD=1):
        try:
            yield gate
        finally:
            gate.open()


def merging_three(one: EmbeddedWriter, gate: Gate) -> None:
    """Three commits, whose segments are being merged from now on."""
    for i in range(3):
        put(one, {f"a{i}": f"raid {i}"})
    gate.wait_for_a_merge()


def article(name: str, text: str) -> Article:
    return Article(name, text, sha256(text.encode()).hexdigest())


def put(writer: EmbeddedWriter, texts: dict[str, str]) -> None:
    ingest.ingest([article(*entry) for entry in texts.items()], writer, PIPELINE, update=True)


def writer(folder: Path) -> EmbeddedWriter:
    return EmbeddedWriter(folder, RECIPE, 4, 1_000)


def found(folder: Path) -> tuple[dict[str, str], dict[str, float], dict[str, tuple[str, ...]]]:
    """Texts by id, scores by text, copies by text."""
    with closing(EmbeddedReader(folder, *BM25)) as reader:
        ids = reader.article_ids()
        assert len(set(ids)) == len(ids)
        texts = {name: reader.article(name)[0].text for name in ids}
        ranking = reader.search_terms([Concept(term, {term: 1.0}) for term in TERMS], 1_000)
        stored = reader.fetch(ranking.keys.tolist())
        scores = {s.chunk.text: float(score) for s, score in zip(stored, ranking.scores, strict=True)}
        assert len(scores) == len(stored), "a text is there once"
        same = {text: tuple(sorted(name for name in ids if texts[name] == text)) for text in texts.values()}
        for name in ids:
            assert sorted((name, *reader.article(name)[1])) == list(same[texts[name]])
    return texts, scores, same


def at_once(top: Path, texts: dict[str, str]) -> tuple[dict[str, str], dict[str, float], dict[str, tuple[str, ...]]]:
    with closing(writer(top / "once")) as other:
        put(other, texts)
    return found(top / "once")


def segments(folder: Path) -> int:
    return len(layout.read_manifest(folder).segments)


TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
NAMES = st.sampled_from([f"a{i}" for i in range(8)])
BATCHES = st.lists(st.tuples(st.dictionaries(NAMES, TEXTS, max_size=3), st.sets(NAMES, max_size=4)), max_size=5)


@settings(max_examples=max(10, settings().max_examples // 8), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.dictionaries(NAMES, TEXTS, min_size=3), BATCHES, BATCHES, st.sampled_from(["before", "after"]))
def test_what_is_changed_while_segments_are_merged_stays_changed(
    first: dict[str, str], during: list[tuple[dict[str, str], set[str]]],
    later: list[tuple[dict[str, str], set[str]]], when: str,
) -> None:  # fmt: skip
    with tempfile.TemporaryDirectory() as made, held_up(when) as gate:
        top = Path(made)
        live: dict[str, str] = {}
        with closing(writer(top / "c")) as one:
            for name, text in first.items():  # a segment each: the third sets off a merge
                put(one, {name: text})
                live[name] = text
            if len(set(first.values())) > 2:
                gate.wait_for_a_merge()
            for batches in (during, later):
                for texts, deleted in batches:
                    put(one, texts)
                    live |= texts
                    if gone := sorted(deleted & live.keys()):
                        ingest.delete(gone, one, PIPELINE)
                    live = {name: text for name, text in live.items() if name not in deleted}
                    assert found(top / "c")[0] == live, "published at once"
                gate.open()
        texts, scores, same = found(top / "c")
        wanted = at_once(top, live)
        assert (texts, same) == (wanted[0], wanted[2])
        assert scores == pytest.approx(wanted[1], abs=1e-6)
        checked = verify.verify(top / "c")
        assert (checked.damages, checked.lost) == ((), ())
        assert {path.name for path in (top / "c").iterdir()} == {"CURRENT", "LOCK", "segments", "versions"}
        named = {str(entry["id"]) for path in (top / "c" / "versions").iterdir()
                 for entry in layout.read_manifest(top / "c", path.name).segments}  # fmt: skip
        assert {path.name for path in (top / "c" / "segments").iterdir()} == named, "nothing is left over"


def test_a_commit_does_not_wait_and_readers_go_from_version_to_version(tmp_path: Path) -> None:
    with held_up() as gate, closing(writer(tmp_path / "c")) as one:
        merging_three(one, gate)
        with closing(EmbeddedReader(tmp_path / "c", *BM25)) as before:
            put(one, {"a3": "raid 3"})
            assert segments(tmp_path / "c") == 4, "published while the others are being merged"
            gate.open()
            one.close()
            assert segments(tmp_path / "c") < 4
            assert before.article_ids() == ["a0", "a1", "a2"]
            assert before.article("a1")[0].text == "raid 1"
    assert list(found(tmp_path / "c")[0]) == ["a0", "a1", "a2", "a3"]


def test_the_lock_is_held_until_the_merge_has_ended(tmp_path: Path) -> None:
    with held_up() as gate:
        one = writer(tmp_path / "c")
        merging_three(one, gate)
        ending = threading.Thread(target=one.close)
        ending.start()
        with pytest.raises(IndexLocked):
            writer(tmp_path / "c")
        gate.open()
        ending.join(WAIT_S)
        Lock(tmp_path / "c").release()
    assert segments(tmp_path / "c") == 1


def test_a_writer_that_is_not_waited_for_gives_the_lock_back_when_its_merge_ends(tmp_path: Path) -> None:
    """Ctrl-C while it closes."""
    with held_up() as gate:
        one = writer(tmp_path / "c")
        merging_three(one, gate)
        merging = one._merger._thread
        assert merging
        with (
            mock.patch.object(threading.Condition, "wait_for", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            one.close()
        with pytest.raises(IndexLocked):
            Lock(tmp_path / "c")
        gate.open()
        merging.join(WAIT_S)
        Lock(tmp_path / "c").release()
    assert list(found(tmp_path / "c")[0]) == ["a0", "a1", "a2"]


def test_commits_wait_where_merging_does_not_keep_up(tmp_path: Path) -> None:
    with held_up() as gate, mock.patch.object(policy, "WAIT", 6), closing(writer(tmp_path / "c")) as one:
        put(one, {f"a{i}": f"raid {i}" for i in range(2)})

        def commits() -> None:
            for i in range(2, 9):
                put(one, {f"a{i}": f"raid {i}"})

        committing = threading.Thread(target=commits)
        committing.start()
        gate.wait_for_a_merge()
        committing.join(1.0)
        assert committing.is_alive()
        assert segments(tmp_path / "c") == 7, "one more than may wait: it is published before it waits"
        gate.open()
        committing.join(WAIT_S)
        assert not committing.is_alive()
    assert len(found(tmp_path / "c")[0]) == 9


def failing(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_merge_that_fails_is_said_and_made_again(tmp_path: Path) -> None:
    """Nothing of what was published is lost by it."""
    with mock.patch.multiple(policy, FANOUT=3, SMALL=2):
        one = writer(tmp_path / "c")
        with mock.patch.object(merger, "merge", failing):
            for i in range(3):
                put(one, {f"a{i}": f"raid {i}"})
            with pytest.raises(StorageError, match="No space left on device"):
                one.close()
        assert segments(tmp_path / "c") == 3
        assert verify.verify(tmp_path / "c").damages == ()
        with closing(writer(tmp_path / "c")) as other:
            put(other, {"a3": "raid 3"})
        assert segments(tmp_path / "c") == 2, "three of them are one"
    assert list(found(tmp_path / "c")[0]) == ["a0", "a1", "a2", "a3"]


def test_a_merge_that_succeeds_at_last_is_no_error(tmp_path: Path) -> None:
    merge: Callable[..., None] = merger.merge
    with mock.patch.multiple(policy, FANOUT=3, SMALL=2), closing(writer(tmp_path / "c")) as one:
        with mock.patch.object(merger, "merge", failing):
            for i in range(3):
                put(one, {f"a{i}": f"raid {i}"})
            thread = one._merger._thread
            if thread:
                thread.join(WAIT_S)
        with mock.patch.object(merger, "merge", merge):
            put(one, {"a3": "raid 3"})
    assert segments(tmp_path / "c") == 2, "three of them are one"


@pytest.mark.parametrize("step", ["write_version", "point_to", "flush", "Pinned", "retire"])
@pytest.mark.parametrize("merging", [False, True])
def test_after_a_publication_that_failed_nothing_that_was_published_is_undone(
    tmp_path: Path, step: str, merging: bool
) -> None:
    """Whatever it got to: the next commit, and the merge that was under way, go on from what CURRENT says."""
    folder, place = tmp_path / "c", {"Pinned": head, "retire": head.publishing}.get(step, layout)
    works, failed = getattr(place, step), []

    def failing_once(*given: object, **named: object) -> object:
        if not failed:
            failed.append(step)
            raise OSError(28, "No space left on device")
        return works(*given, **named)

    with held_up() as gate:
        one = writer(folder)
        for i in range(3 if merging else 2):
            put(one, {f"a{i}": f"raid {i}"})
        if merging:
            gate.wait_for_a_merge()
        with mock.patch.object(place, step, failing_once), pytest.raises(StorageError):
            put(one, {"new": "raid new"})
        assert failed
        visible = found(folder)[0]
        assert list(visible)[: 3 if merging else 2] == ["a0", "a1", "a2"][: 3 if merging else 2]
        gate.open()
        one.close()
    assert found(folder)[0] == visible
    with closing(writer(folder)) as other:
        put(other, {"last": "raid last"})
    assert found(folder)[0] == {**visible, "last": "raid last"}
    assert verify.verify(folder).damages == ()
