"""Parts of the milvus backend that need no server: stalls, incomplete answers, periods, samples, refusals."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.backends.milvus import bags, dictionary, entities, periods
from service.backends.milvus.canary import Canary
from service.backends.milvus.dictionary import Change, Dictionary
from service.backends.milvus.hedging import hedged
from service.backends.milvus.schema import cut, key_of, on_server
from service.backends.milvus.server import Address, Server
from service.backends.milvus.versions import Version
from service.engine import Engine
from service.errors import EngineIncomplete, SettingsError
from service.records import Article, Backends, Manifest, Place
from service.settings import Settings
from service.web.server import serve

DAY = st.integers(1, date.max.toordinal())


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def test_a_stall_is_asked_around(pool: ThreadPoolExecutor) -> None:
    stalled = threading.Event()
    calls: list[float] = []

    def search() -> str:
        calls.append(time.monotonic())
        if len(calls) == 1:
            stalled.wait(10)  # a node that has died
            return "late"
        return "in time"

    began = time.monotonic()
    noted: list[str] = []
    assert hedged(search, pool, 0.05, 5, ValueError, note=noted.append) == "in time"
    assert time.monotonic() - began < 2 and len(calls) == 2 and noted == ["late"]
    stalled.set()


def test_what_fails_is_tried_again_and_what_fails_for_ever_is_raised(pool: ThreadPoolExecutor) -> None:
    calls: list[int] = []

    def at_last() -> int:
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("not yet")
        return len(calls)

    def never() -> int:
        raise ValueError("never")

    noted: list[str] = []
    assert hedged(at_last, pool, 1, 5, ValueError, note=noted.append) == 3 and noted == ["failed", "failed"]
    with pytest.raises(ValueError, match="never"):
        hedged(never, pool, 1, 0.5, ValueError)
    with pytest.raises(TypeError):
        hedged(lambda: len(5), pool, 1, 5, ValueError)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        hedged(lambda: time.sleep(0.4), pool, 0.1, 0.2, ValueError)


class Nodes:
    """A server whose count comes from some of its nodes."""

    lite = False

    def __init__(self, *counts: int) -> None:
        self.counts, self.asked = list(counts), 0

    def count(self, _: str, __: str, strong: bool = True) -> int:
        assert not strong, "it must not wait for what is written meanwhile"
        self.asked += 1
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]

    def later(self, call: Callable[[], object]) -> None:
        call()


def canary(nodes: Any, every_s: float = 60.0) -> Canary:
    place = {"id": "g000001", "generation": 1, "next_passage": 9, "next_article": 9}
    return Canary(nodes, Version(Manifest("v000001", "c", "", "", {}, 5, 0, 9, 0, (place,), {})), every_s)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.backends.milvus.canary._PAUSE_S", 0.0)


@pytest.mark.usefixtures("no_pause")
def test_rows_that_are_missing_are_told() -> None:
    nodes = Nodes(4, 4, 9)
    bird = canary(nodes)
    assert bird.waited(), "until all were there"
    assert bird.notices() == () and nodes.asked == 3 and not bird.waited()
    bird = canary(Nodes(4))
    bird.look(17)
    assert bird.notices() == ("engine_incomplete",)
    with pytest.raises(EngineIncomplete, match="4 of the 9"):
        bird.look(0)  # nothing found: it is not said that there is nothing
    whole = Nodes(9)
    bird = canary(whole)
    for _ in range(5):
        bird.look(17)
    assert whole.asked == 1 and bird.notices() == ()
    bird.look(17, whole=False)
    with ThreadPoolExecutor(1) as another:
        assert another.submit(bird.notices).result() == (), "its own searches were answered by all shards"
    assert bird.notices() == ("engine_incomplete",) and bird.notices() == ()
    with pytest.raises(EngineIncomplete, match="a whole shard"):
        bird.look(0, whole=False)


@given(st.lists(st.tuples(DAY, st.integers(0, 31)), max_size=5), DAY, st.integers(0, 4_000))
def test_a_period_is_found_by_its_spans(named: list[tuple[int, int]], first: int, days: int) -> None:
    wanted = periods.spans(first, first + days)
    assert len(wanted) <= 2 * periods.LEVELS
    found = set(periods.codes((day, day + more) for day, more in named)) & set(wanted)
    assert bool(found) == any(day <= first + days and day + more >= first for day, more in named)


@given(st.lists(st.dictionaries(st.integers(0, 30), st.integers(1, 400), max_size=9), min_size=1, max_size=6))
def test_frequencies_are_those_of_the_bags(rows: list[dict[int, int]]) -> None:
    packed = [bags.raw(bags.pack(np.array(list(row), np.uint32), np.array([*row.values()], np.uint16))) for row in rows]
    asked = [(3, 0.5, 0), (4, 1.0, 0), (4, 0.25, 1), (29, 1.0, 2)]
    numbers, shares, concepts = (np.array([one[i] for one in asked]) for i in range(3))
    found = bags.Bags.of(packed).frequencies(len(rows), numbers.astype(np.uint32), shares, concepts.astype(np.int64), 3)
    for row, values in zip(rows, found.tolist(), strict=True):
        assert values == [sum(share * row.get(n, 0) for n, share, c in asked if c == i) for i in range(3)]


def test_a_bag_that_is_too_long_for_a_field_is_compressed() -> None:
    numbers = np.arange(20_000, dtype=np.uint32)
    text = bags.pack(numbers, np.ones(20_000, np.uint16))
    assert len(text) < 65_535 and bags.Bags.of([bags.raw(text)]).number.tolist() == numbers.tolist()


ARTICLES = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3), min_size=1), min_size=1, max_size=30)


def grown(articles: list[dict[str, int]], portions: int, size: int, gone: set[int]) -> Dictionary:
    found = Dictionary()
    step = -(-len(articles) // portions)
    for start in range(0, len(articles), step):
        found = change(found, {i: articles[i] for i in range(start, min(len(articles), start + step))}, {}, size)
    return change(found, {}, {i: articles[i] for i in gone}, size)


def change(
    known: Dictionary, come: dict[int, dict[str, int]], gone: dict[int, dict[str, int]], size: int
) -> Dictionary:
    changes = []
    for some in (come, gone):
        names = sorted({name for bag in some.values() for name in bag})
        rows = [(names.index(name), i, count) for i, bag in some.items() for name, count in bag.items()]
        columns = np.array(rows, np.int64).reshape(-1, 3).T
        held = np.array([sum(name in bag for bag in some.values()) for name in names], np.int64)
        changes.append(Change(names, *columns, held))
    numbers = dictionary.numbered(changes[0].names, known)
    return dictionary.changed(known, changes[0], numbers, changes[1], {}, size)


@given(ARTICLES, st.integers(1, 4), st.sets(st.integers(0, 29)), st.data())
def test_groups_of_terms_are_counted_exactly_as_long_as_samples_are_whole(
    articles: list[dict[str, int]], portions: int, gone: set[int], data: st.DataObject
) -> None:
    gone &= set(range(len(articles)))
    live = [bag for i, bag in enumerate(articles) if i not in gone]
    found = grown(articles, portions, 100, gone)
    found = Dictionary.load(found.save())
    terms = data.draw(st.lists(st.sampled_from(found.names), min_size=1, unique=True))
    shares = np.array([data.draw(st.sampled_from([1.0, 0.4, 0.1])) for _ in terms])
    group = found.group(found.find(terms), shares)
    assert group == pytest.approx(
        sum(min(1.0, sum(bag.get(t, 0) * s for t, s in zip(terms, shares, strict=True))) for bag in live)
    )
    assert dict(zip(found.names, found.df.tolist(), strict=True)) == {
        name: sum(name in bag for bag in live) for name in found.names
    }


def test_groups_are_estimated_from_samples_that_were_cut() -> None:
    articles = [{"a": 1, **({"b": 2} if i % 2 else {})} for i in range(4_000)]
    found = grown(articles, 3, 400, set())
    assert len(found.line) == 800 and found.articles.tolist() == [4_000, 2_000]
    group = found.group(np.array([0, 1]), np.array([0.5, 0.25]))
    assert group == pytest.approx(2_000 * 0.5 + 2_000 * 1.0, rel=0.1)


def test_two_terms_never_have_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "hashed", lambda term: len(term))
    first = change(Dictionary(), {0: {"aa": 1, "bb": 1}}, {}, 9)
    both = change(first, {1: {"cc": 1, "aa": 1}}, {}, 9)
    assert sorted(both.numbers.tolist()) == [2, 3, 4]
    assert both.numbers[both.find(["aa", "bb"])].tolist() == first.numbers.tolist(), "numbers never change"


def test_places_come_back() -> None:
    place = Place("Hawija", "الحويجة", 35.3259, 43.7727, "district", "Kirkuk", "Iraq", "geonames", 20.0, 20.0)
    assert Dictionary.load(Dictionary(places={7: place}).save()).places == {7: place}


def test_long_texts_are_kept_in_parts_and_names_are_cut_by_bytes() -> None:
    import random
    import zlib

    chance = random.Random(1)
    text = "".join(chance.choices("ابتثجحخدذرز شسصض", k=300_000))
    told = Article("id", "", "0" * 64, "عنوان")
    first, rest = entities.blob([*entities.details(told), told.sha256], zlib.compress(text.encode()))
    assert len(rest) >= 2 and all(len(part.encode()) <= 65_535 for part in (first, *rest))
    found, packed = entities.article_of("".join([first, *rest]))
    assert found == told and zlib.decompress(packed).decode() == text
    assert cut("ابت" * 10, 7) == "ابت" and len(cut("ا" * 70_000).encode()) <= 65_535
    assert 0 <= key_of(text) < 2**63 and on_server("a-b.c_d") == "a_2db_2ec_5fd"


def test_a_file_takes_one_process(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="takes one process, found 2 workers"):
        serve(Settings(indexes=tmp_path, backend=Backends.MILVUS, uri="a.db"), "127.0.0.1", 0, 2)
    assert not Settings(backend=Backends.MILVUS, uri="http://localhost:19530").one_process


def test_settings_that_cannot_work_are_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--uri FILE.db"):
        Engine(Settings(indexes=tmp_path, backend=Backends.MILVUS)).collections()
    engine = Engine(Settings(indexes=tmp_path, backend=Backends.MILVUS, uri="x.db"))
    with pytest.raises(SettingsError, match="files of an index"):
        engine.verify("c")


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(SettingsError, match=r"pip install 'rasad\[milvus\]'"):
        Server(Address("http://127.0.0.1:1"))


def test_nothing_of_it_is_loaded_for_an_embedded_index() -> None:
    code = "import service.cli, sys; print([m for m in sys.modules if 'milvus' in m or m == 'grpc'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
