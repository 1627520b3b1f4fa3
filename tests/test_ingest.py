"""What an ingest does to a collection: counted, in one step, whatever happened before and whenever it is stopped."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import ingest
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.writer import EmbeddedWriter
from service.engine import Engine
from service.errors import ArticleNotFound, CollectionNotFound, IndexMismatch, InputError
from service.ingest import Pipeline
from service.records import Article, IngestReport, Rejection
from service.settings import Settings

ROOT = Path(__file__).parent.parent
Reports = Callable[..., Path]


class FakeEncoder:
    """Every text in the same direction."""

    encoder_id, dim = "fake", 2

    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.tile(np.array([1.0, 0.0], np.float32), (len(texts), 1))

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        return self.encode_passages([text])[0]


def counts(report: IngestReport) -> dict[str, int]:
    found = {name: getattr(report, name) for name in ("added", "updated", "unchanged", "copies", "rejected")}
    return {name: count for name, count in found.items() if count}


def article_ids(engine: Engine, question: str) -> list[str]:
    return [passage.article_id for passage in engine.retriever("c").search(question).passages]


def test_records_are_counted_and_found(engine: Engine, reports: Reports) -> None:
    path = reports({"id": "a", "text": "Jets struck Hawija."}, {"id": "b", "text": " "}, {"id": "c", "text": "Rain."})
    told: list[tuple[int, int]] = []
    report = engine.ingest("c", [path], progress=lambda *seen: told.append(seen))
    assert counts(report) == {"added": 2, "rejected": 1}
    assert [(rejection.origin, rejection.line) for rejection in report.rejections] == [(str(path), 2)]
    assert told[-1] == (3, 1)
    assert article_ids(engine, "Hawija")[0] == "a"
    assert engine.collections() == ["c"] and engine.version("c") == report.version == "v000001"


def test_the_same_file_again_changes_nothing(engine: Engine, reports: Reports) -> None:
    path = reports({"id": "a", "text": "One."}, {"id": "b", "text": "Two."}, {"id": "b2", "text": "Two."})
    first = engine.ingest("c", [path])
    for update in (False, True):
        again = engine.ingest("c", [path], update=update)
        assert (counts(again), again.version) == ({"unchanged": 3}, first.version)


def test_another_text_for_an_id_is_rejected_unless_update(engine: Engine, reports: Reports) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "Strikes in Hawija."})])
    path = reports({"id": "x", "text": "New."}, {"id": "a", "text": "Floods in Basra."}, name="changed.jsonl")
    report = engine.ingest("c", [path])
    assert counts(report) == {"added": 1, "rejected": 1}
    assert report.rejections == (
        Rejection(str(path), 2, "id 'a' is already in the collection with another text: use --update to replace it"),
    )
    assert engine.article("c", "a")[0].text == "Strikes in Hawija."
    assert counts(engine.ingest("c", [path], update=True)) == {"updated": 1, "unchanged": 1}
    assert engine.article("c", "a")[0].text == "Floods in Basra."
    assert "a" in article_ids(engine, "floods") and "a" not in article_ids(engine, '"strikes in Hawija"')


def test_other_metadata_is_taken_with_update_only(engine: Engine, reports: Reports) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "Strikes.", "title": "Old"})])
    path = reports({"id": "a", "text": "Strikes.", "title": "New"}, name="changed.jsonl")
    assert counts(engine.ingest("c", [path])) == {"unchanged": 1}
    assert counts(engine.ingest("c", [path], update=True)) == {"updated": 1}
    assert engine.article("c", "a")[0].title == "New"
    assert article_ids(engine, "title:new strikes") == ["a"]


@pytest.mark.parametrize("update", [False, True])
def test_an_id_that_stands_twice_with_two_texts_is_rejected(engine: Engine, reports: Reports, update: bool) -> None:
    path = reports({"id": "a", "text": "One."}, {"id": "a", "text": "Two."}, {"id": "a", "text": "One."})
    report = engine.ingest("c", [path], update=update)
    assert counts(report) == {"added": 1, "rejected": 1, "unchanged": 1}
    assert report.rejections[0].line == 2 and "stands twice in what was read" in report.rejections[0].reason


def test_exact_copies_are_stored_once_and_listed(engine: Engine, reports: Reports) -> None:
    text = "Jets struck Hawija."
    path = reports(
        {"id": "a", "text": text, "title": "A"},
        {"id": "b", "text": text, "title": "B"},
        {"id": "x", "text": text + " "},
    )
    assert counts(engine.ingest("c", [path])) == {"added": 2, "copies": 1}
    report = engine.ingest("c", [reports({"id": "d", "text": text, "source": "D"}, name="more.jsonl")])
    assert counts(report) == {"copies": 1}
    manifest = engine.status("c")
    assert (manifest.articles, manifest.copies) == (2, 2)
    assert engine.copies("c") == {"a": ("b", "d")}
    found = {p.article_id: p.copies for p in engine.retriever("c").search("Hawija").passages}
    assert found == {"a": ("b", "d"), "x": ()}
    for name, title, source, others in (
        ("a", "A", "", ("b", "d")),
        ("b", "B", "", ("a", "d")),
        ("d", "", "D", ("a", "b")),
    ):
        article, copies = engine.article("c", name)
        assert (article.article_id, article.text, article.title, article.source) == (name, text, title, source)
        assert copies == others


def test_a_deleted_original_leaves_its_text_to_a_copy(engine: Engine, reports: Reports) -> None:
    text = "Jets struck Hawija."
    engine.ingest("c", [reports(*({"id": name, "text": text, "title": name} for name in ("a", "b", "d")))])
    assert engine.delete("c", ["a"]) == 1
    (passage,) = engine.retriever("c").search("Hawija").passages
    assert (passage.article_id, passage.title, passage.copies) == ("b", "b", ("d",))
    with pytest.raises(ArticleNotFound):
        engine.article("c", "a")
    assert engine.delete("c", ["b", "d"]) == 2
    assert engine.retriever("c").search("Hawija").passages == ()


def test_deleting_what_is_not_there_changes_nothing(engine: Engine, reports: Reports) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "One."})])
    with pytest.raises(ArticleNotFound, match="no article 'x' in collection 'c'"):
        engine.delete("c", ["a", "x"])
    assert engine.article("c", "a")[0].text == "One." and engine.version("c") == "v000001"
    with pytest.raises(CollectionNotFound):
        engine.delete("nothing", ["a"])
    assert engine.collections() == ["c"]


def test_a_path_that_does_not_exist_makes_no_collection(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        engine.ingest("c", [tmp_path / "nowhere"])
    assert engine.collections() == [] and not engine.indexes.exists()


def test_a_collection_made_with_another_recipe_is_refused(engine: Engine, reports: Reports) -> None:
    path = reports({"id": "a", "text": "One."})
    engine.ingest("c", [path])
    with closing(Engine(Settings(indexes=engine.indexes, chunk_words=60))) as other:
        for attempt in (
            lambda: other.retriever("c"),
            lambda: other.ingest("c", [path]),
            lambda: other.delete("c", ["a"]),
        ):
            with pytest.raises(IndexMismatch, match=r"chunker \S+/120/1, this code has \S+/60/1"):
                attempt()
        assert other.status("c").articles == 1, "its manifest can be read all the same"


ONE, TWO, THREE = "Hawija one.", "Hawija two.", "Hawija three."


@pytest.mark.parametrize(
    "changes, expected",
    [
        ([("a", TWO)], {"a": TWO, "b": ONE, "c": ONE}),
        ([("a", TWO), ("b", ONE)], {"a": TWO, "b": ONE, "c": ONE}),
        ([("a", TWO), ("b", THREE)], {"a": TWO, "b": THREE, "c": ONE}),
        ([("b", THREE), ("a", TWO)], {"a": TWO, "b": THREE, "c": ONE}),
        ([("a", TWO), ("b", TWO), ("c", TWO)], {"a": TWO, "b": TWO, "c": TWO}),
        ([("z", ONE), ("a", TWO)], {"a": TWO, "b": ONE, "c": ONE, "z": ONE}),
        ([("a", TWO), ("z", ONE)], {"a": TWO, "b": ONE, "c": ONE, "z": ONE}),
        ([("z", ONE), ("a", TWO), ("b", TWO), ("c", TWO)], {"a": TWO, "b": TWO, "c": TWO, "z": ONE}),
        ([("b", ONE, "new title")], {"a": ONE, "b": ONE, "c": ONE}),
        ([("a", ONE, "new title")], {"a": ONE, "b": ONE, "c": ONE}),
    ],
)
def test_copies_keep_their_text_when_others_change(
    engine: Engine, reports: Reports, changes: list[tuple[str, ...]], expected: dict[str, str]
) -> None:
    engine.ingest("c", [reports(*({"id": name, "text": ONE} for name in ("a", "b", "c")))])
    records = [dict(zip(("id", "text", "title"), change, strict=False)) for change in changes]
    engine.ingest("c", [reports(*records)], update=True)
    held = {name: engine.article("c", name) for name in expected}
    assert {name: article.text for name, (article, _) in held.items()} == expected
    for name, (article, copies) in held.items():
        assert article.sha256 == hashlib.sha256(article.text.encode()).hexdigest()
        assert copies == tuple(sorted(n for n, text in expected.items() if text == article.text and n != name))
    found = engine.retriever("c").search("Hawija").passages
    assert sorted(passage.text for passage in found) == sorted(set(expected.values()))
    assert all(engine.article("c", passage.article_id)[0].text == passage.text for passage in found)


NAMES = ["a", "b", "c"]
RECORD = st.tuples(st.sampled_from(NAMES), st.sampled_from(["one", "two"]), st.sampled_from(["", "", "T"]))
STEP = st.one_of(
    st.tuples(st.just("ingest"), st.lists(RECORD, max_size=5)),
    st.tuples(st.just("update"), st.lists(RECORD, min_size=1, max_size=5)),
    st.tuples(st.just("update"), st.lists(RECORD, min_size=3, max_size=6)),
    st.tuples(st.just("delete"), st.sets(st.sampled_from(NAMES), min_size=1).map(sorted)),
)


def article(record: tuple[str, str, str]) -> Article:
    name, text, title = record
    return Article(name, text, hashlib.sha256(text.encode()).hexdigest(), title)


def expected(
    known: dict[str, tuple[str, str, str]], records: Sequence[tuple[str, str, str]], update: bool
) -> Counter[str]:
    """What an ingest counts; ``known`` is brought up to date."""
    before, seen, found = dict(known), set[str](), Counter[str]()
    for record in records:
        name = record[0]
        if name in seen or (name in before and not update):
            found["unchanged" if known[name][1] == record[1] else "rejected"] += 1
            continue
        seen.add(name)
        if name in before:
            found["unchanged" if before[name] == record else "updated"] += 1
        else:
            found["new"] += 1
        known[name] = record
    return found


@settings(max_examples=40)
@given(st.lists(STEP, max_size=5))
def test_after_any_history_each_id_has_its_text_and_each_text_is_stored_once(steps: list[tuple[str, list]]) -> None:  # type: ignore[type-arg]
    known: dict[str, tuple[str, str, str]] = {}
    pipeline = Pipeline(FakeEncoder(), 120, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c"
        for kind, content in [("ingest", [(name, "one", "") for name in NAMES[:2]]), *steps]:
            with closing(EmbeddedWriter(path, {}, 2, 1000)) as writer:
                if kind == "delete":
                    names = [name for name in content if name in known]
                    assert ingest.delete(names, writer, pipeline) == len(names)
                    for name in names:
                        del known[name]
                else:
                    report = ingest.ingest(map(article, content), writer, pipeline, update=kind == "update")
                    wanted = expected(known, content, kind == "update")
                    found = Counter(counts(report))
                    found["new"] = found.pop("added", 0) + found.pop("copies", 0)
                    assert +found == wanted
            with closing(EmbeddedReader(path, 1.5, 0.75, 0.25)) as reader:
                assert sorted(reader.article_ids()) == sorted(known)
                for name, record in known.items():
                    same = tuple(sorted(n for n, r in known.items() if r[1] == record[1] and n != name))
                    assert reader.article(name) == (article(record), same)
                texts = {record[1] for record in known.values()}
                assert (reader.manifest.articles, reader.manifest.chunks) == (len(texts), len(texts))
                assert reader.manifest.copies == len(known) - len(texts)
                rows = reader.search_vector(np.array([1.0, 0.0], np.float32), 100)
                assert sorted(stored.chunk.text for stored in reader.fetch(rows.keys.tolist())) == sorted(texts)


def test_articles_of_many_segments_and_batches_are_all_there(indexes: Path, reports: Reports) -> None:
    records = [{"id": f"n{i}", "text": f"Report {i} on Hawija.", "title": "t"} for i in range(1300)]
    with closing(Engine(Settings(indexes=indexes, segment_chunks=500))) as engine:
        assert counts(engine.ingest("c", [reports(*records)])) == {"added": 1300}
        manifest = engine.status("c")
        assert (manifest.articles, manifest.chunks) == (1300, 1300) and len(manifest.segments) >= 2
        assert engine.article("c", "n1299")[0].text == "Report 1299 on Hawija."


# Killed at every step. The script forks a writer that kills itself before its n-th change to the disk, for each n.
KILLED = """
import os, shutil, signal, sys, traceback
from contextlib import closing
from pathlib import Path
from service import encoder
from service.backends.embedded.reader import EmbeddedReader
from service.engine import Engine
from service.records import Concept
from service.settings import Settings

root, first, second = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
encoder.bundled().encode_passages(["a word"])
os.fsync = lambda handle: None  # a killed process loses nothing that it wrote


def forked(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def ingest(indexes, file, die_at=None):
    left = die_at

    def before(event, arguments):
        nonlocal left
        changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect")
        if changes or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    with closing(Engine(Settings(indexes=indexes))) as engine:
        if die_at is not None:
            sys.addaudithook(before)
        return engine.ingest("c", [file], update=True)


def state(indexes):
    if not (indexes / "c" / "CURRENT").exists():
        return "nothing", []
    with closing(EmbeddedReader(indexes / "c", 1.5, 0.75, 0.25)) as reader:
        ranking = reader.search_terms([Concept("Hawija", {"hawija": 1.0})], 10)
        chunks = [(stored.chunk.docid, stored.chunk.text, stored.copies) for stored in reader.fetch(ranking.keys)]
        return reader.manifest.version, [sorted(chunks), [reader.article(name) for name in reader.article_ids()]]


def check(indexes, before, after):
    now = state(indexes)
    assert now in (before, after), (now, before, after)
    ingest(indexes, second)
    now = state(indexes)[1]
    assert now == after[1], (now, after[1])
    left = {path.name for path in (indexes / "c").iterdir()} - {"ingested.json"}  # counts, kept as well as they can be
    assert left == {"CURRENT", "LOCK", "segments", "versions"}, left


for start in ("empty", "filled"):
    base, done = root / start, root / f"{start}-done"
    base.mkdir()
    if start == "filled":
        assert forked(lambda: ingest(base, first)) == 0
    shutil.copytree(base, done)
    assert forked(lambda: ingest(done, second)) == 0
    before, after = state(base), state(done)
    killed = 0
    while True:
        indexes = root / f"{start}-{killed}"
        shutil.copytree(base, indexes)
        code = forked(lambda: ingest(indexes, second, killed))
        assert code in (0, -signal.SIGKILL), code
        assert forked(lambda: check(indexes, before, after)) == 0, (start, killed)
        if code == 0:
            break
        killed += 1
    print(start, killed)
"""


def run(script: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FIRST = [{"id": "a", "text": "Hawija one."}, {"id": "b", "text": "Hawija one."}, {"id": "d", "text": "Hawija two."}]
SECOND = [{"id": "a", "text": "Hawija three."}, {"id": "d", "text": "Hawija one."}, {"id": "e", "text": "Hawija four."}]


@pytest.mark.slow
def test_an_ingest_killed_before_any_of_its_steps_leaves_the_last_version(reports: Reports, tmp_path: Path) -> None:
    out = run(KILLED, tmp_path, reports(*FIRST, name="first.jsonl"), reports(*SECOND, name="second.jsonl"))
    steps = dict(line.split() for line in out.splitlines())
    assert set(steps) == {"empty", "filled"} and all(int(count) > 20 for count in steps.values())


FULL = """
import resource, sys
from contextlib import closing
from pathlib import Path
from service.engine import Engine
from service.errors import StorageError
from service.settings import Settings

indexes, file = Path(sys.argv[1]), sys.argv[2]
for size in (1_000, 3_000, 20_000, 60_000, 1_000_000):
    with closing(Engine(Settings(indexes=indexes))) as engine:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            print(size, engine.ingest("c", [file]).version)
        except StorageError as error:
            print(size, engine.version("c"), engine.article("c", "a")[0].text, error)
"""


def test_a_full_disk_is_explained_and_leaves_the_last_version(reports: Reports, engine: Engine) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "One."})])
    words = (f"{i:x}{i * 7919:x}" for i in range(9_000))
    many = reports(*({"id": f"n{i}", "text": " ".join(w for w, _ in zip(words, range(30)))} for i in range(300)))  # noqa: B905
    lines = run(FULL, engine.indexes, many).splitlines()
    assert lines[-1] == "1000000 v000002"
    for line in lines[:-1]:
        assert "v000001 One. cannot write to" in line or "cannot be written: free some space" in line


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["staging", "segments/s000002-0"])
def test_an_ingest_killed_from_outside_leaves_the_last_version(reports: Reports, engine: Engine, moment: str) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "One."})])
    many = reports(*({"id": f"n{i}", "text": f"Report {i}. " * 30} for i in range(3000)), name="many.jsonl")
    command = [sys.executable, "-m", "service.cli", "ingest", str(many), "--collection", "c"]
    environ = {**os.environ, "RASAD_INDEXES": str(engine.indexes)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL) as process:
        while not (engine.indexes / "c" / moment).exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    held = {"v000001": 1, "v000002": 3001}[engine.version("c")]  # the second where it was quicker than this test
    assert held == 1 or moment != "staging"
    assert engine.status("c").articles == held and engine.article("c", "a")[0].text == "One."
    assert counts(engine.ingest("c", [reports({"id": "b", "text": "Two."}, name="b.jsonl")])) == {"added": 1}
    assert engine.status("c").articles == held + 1
    assert not (engine.indexes / "c" / "staging").exists()
