"""A flipped byte in a title or a link is found where the article is served, and the article named."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service.backends.embedded import layout, verify
from service.backends.embedded.layout import NOTHING
from service.backends.embedded.merging import merge
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.segment import Segment, SegmentBuilder
from service.backends.embedded.stored import Store
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import IndexDamaged
from service.records import Article, Chunk

TITLES = {"a0": "First title", "a1": "Second title", "c0": "Copied title", "c1": "Another copy"}


def article(name: str, text: str) -> Article:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Article(name, text, digest, TITLES[name], f"Agency of {name}", "2020-05-14", f"https://example.org/{name}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(EmbeddedWriter(tmp_path / "c", {"dimension": "2"}, 2, 1000)) as writer:
        for name, text in (("a0", "A raid."), ("a1", "A bridge.")):
            chunk = Chunk(name, 0, 0, len(text), text)
            writer.add(article(name, text), [chunk], [["word"]], np.array([[1.0, 0.0]], np.float32))
        for name in ("c0", "c1"):
            writer.add_copy(article(name, "A raid."), "a0")
        writer.commit()
    return tmp_path / "c"


def store(folder: Path) -> Path:
    return folder / "segments" / str(layout.read_manifest(folder).segments[0]["id"]) / "store.sqlite"


def flip(path: Path, words: str) -> None:
    whole = bytearray(path.read_bytes())
    assert whole.count(words.encode()) == 1
    whole[whole.index(words.encode()) + 2] ^= 1
    path.write_bytes(whole)


@pytest.mark.parametrize("name", TITLES)
@pytest.mark.parametrize("what", ["title", "source", "url"])
def test_a_flipped_bit_is_found_and_named_and_the_others_are_served(folder: Path, name: str, what: str) -> None:
    with closing(EmbeddedReader(folder, 1.5, 0.75, 0.25)) as reader:
        whole = {other: reader.article(other)[0] for other in TITLES}
    flip(store(folder), getattr(whole[name], what))
    with closing(EmbeddedReader(folder, 1.5, 0.75, 0.25)) as reader:
        with pytest.raises(IndexDamaged, match=rf"store\.sqlite: title, link or other details of '{name}' are not"):
            reader.article(name)
        for other in sorted(TITLES.keys() - {name} - ({"c0", "c1"} if name == "a0" else set())):
            assert reader.article(other)[0] == whole[other]
    found = verify.verify(folder)
    assert [damage.path for damage in found.damages] == [store(folder)]
    assert [one.article_id for one in found.lost] == [name]
    assert "title" in found.lost[0].reason


def test_a_store_of_before_is_read_and_merged_without_the_check(folder: Path, tmp_path: Path) -> None:
    home = store(folder).parent
    with closing(EmbeddedReader(folder, 1.5, 0.75, 0.25)) as reader:
        wanted = [reader.article(name)[0] for name in ("a0", "a1")]
    with closing(sqlite3.connect(home / "store.sqlite")) as connection:
        for table in ("articles", "copies"):
            connection.execute(f"alter table {table} drop column crc")
        connection.commit()
    builder = SegmentBuilder(tmp_path / "merged", 2)
    with closing(Segment(home)) as old:
        assert [old.article(row) for row in range(2)] == wanted
        assert old.copy("c1", "A raid.", wanted[0].sha256) == article("c1", "A raid.")
        merge([(old, NOTHING)], builder)
    builder.write()
    for place in (home, tmp_path / "merged"):
        read = Store(place, 2, 2)
        assert list(read.articles()) == wanted
        assert [(copy.title, original) for copy, original in read.copies()] == [
            (TITLES[name], "a0") for name in ("c0", "c1")
        ]
        assert read.lost == []


def test_a_merge_takes_damage_along_and_does_not_bless_it(folder: Path, tmp_path: Path) -> None:
    flip(store(folder), TITLES["a1"])
    builder = SegmentBuilder(tmp_path / "merged", 2)
    with closing(Segment(store(folder).parent)) as damaged:
        merge([(damaged, NOTHING)], builder)
    builder.write()
    read = Store(tmp_path / "merged", 2, 2)
    assert [one.article_id for one in read.articles()] == ["a0"]
    assert [one.article_id for one in read.lost] == ["a1"]
