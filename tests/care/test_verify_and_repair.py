"""Damage is found and its file named; what follows from the texts is made again; a lost text is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service.backends.embedded import layout, verify
from service.engine import Engine
from service.errors import CollectionNotFound, IndexDamaged, IndexMismatch

from .conftest import flip, shown

Reports = Callable[..., Path]


def segments(engine: Engine) -> list[Path]:
    return [engine.indexes / "c" / "segments" / str(entry["id"]) for entry in engine.status("c").segments]


def test_a_whole_collection_is_whole(care: Engine) -> None:
    found = care.verify("c")
    assert (found.damages, found.lost, found.version) == ((), (), "v000003")
    listed = {str(entry["id"]): entry["files"] for entry in care.status("c").segments}
    assert found.files == sum(len(files) for files in listed.values())  # type: ignore[arg-type]


def harm(path: Path, how: str) -> None:
    if how == "flipped":
        flip(path)
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["flipped", "truncated", "missing"])
def test_every_damaged_file_is_named_and_made_again(care: Engine, how: str) -> None:
    before = shown(care)
    paths = sorted(path for path in segments(care)[0].iterdir() if path.name != "store.sqlite")
    entry = care.status("c").segments[0]
    for path in paths:
        whole = path.read_bytes()
        harm(path, how)
        assert [damage.path for damage in verify.damaged_files(care.indexes / "c", entry)] == [path]
        path.write_bytes(whole)
    harm(paths[0], how)
    found = care.verify("c")
    assert ([damage.path for damage in found.damages], found.lost) == ([paths[0]], ())
    for path in paths[1:]:
        harm(path, how)
    assert len(care.verify("c").damages) == len(paths)
    done = care.repair("c", False, False, False)
    assert (done.remade, done.lost) == ((paths[0].parent.name,), ())
    assert care.verify("c").damages == ()
    assert shown(care) == before


def test_a_sound_collection_is_left_alone(care: Engine) -> None:
    assert care.repair("c", False, False, False).version == "v000003" == care.version("c")
    assert care.repair("c", True, False, False).remade == ("s000001-0", "s000002-0")
    assert care.version("c") == "v000004"
    assert care.verify("c").damages == ()


def spoil_text(path: Path, article_id: str) -> None:
    """Change the stored text of one article and leave its SHA-256."""
    with closing(sqlite3.connect(path)) as store:
        (packed,) = store.execute("select text from articles where article_id = ?", (article_id,)).fetchone()
        spoilt = bytes([*packed[:-3], packed[-3] ^ 1, *packed[-2:]])
        store.execute("update articles set text = ? where article_id = ?", (spoilt, article_id))
        store.commit()


def test_a_lost_text_is_named_and_nothing_dropped_before_it_is_asked(care: Engine) -> None:
    store = segments(care)[0] / "store.sqlite"
    spoil_text(store, "r0")
    found = care.verify("c")
    assert [damage.path for damage in found.damages] == [store]
    assert [(one.article_id, one.segment) for one in found.lost] == [("r0", store.parent.name)]

    left = care.repair("c", False, False, False)
    assert ([one.article_id for one in left.lost], left.remade, left.dropped) == (["r0"], (), False)
    assert care.version("c") == "v000003"

    done = care.repair("c", False, True, False)
    assert sorted(one.article_id for one in done.lost) == ["copy-of-r0", "r0"], "a copy had the same text"
    assert care.verify("c").damages == ()
    assert sorted(care.article_ids("c")) == ["r1", "r2", "r3", "r5", "r6", "r7"]


def test_the_lost_text_of_a_deleted_article_is_no_loss(care: Engine) -> None:
    spoil_text(segments(care)[0] / "store.sqlite", "r4")
    assert care.verify("c").lost == ()
    done = care.repair("c", False, False, False)
    assert (done.lost, care.verify("c").damages) == ((), ())
    assert len(care.article_ids("c")) == 8


def test_a_missing_segment_is_named_with_its_articles(care: Engine) -> None:
    gone = segments(care)[1]
    shutil.rmtree(gone)
    found = care.verify("c")
    assert {damage.path.parent for damage in found.damages} == {gone}
    assert len(found.lost) == 4
    done = care.repair("c", False, True, False)
    assert len(done.lost) == 4
    assert sorted(care.article_ids("c")) == ["copy-of-r0", "r0", "r2", "r3"]


def sign(path: Path) -> None:
    """Make a changed file's checksum right again, in the manifest and its own sums."""
    folder = path.parent.parent.parent
    manifest = layout.read_manifest(folder)
    for entry in manifest.segments:
        if entry["id"] == path.parent.name:
            entry["files"].update(layout.checksums(path.parent))  # type: ignore[attr-defined]
    shutil.rmtree(folder / "versions" / manifest.version)
    layout.write_version(folder, manifest, {})


@pytest.mark.parametrize(
    ("name", "column", "value"), [("chunks.npy", 3, 10_000), ("chunks.npy", 4, 999), ("chunks.npy", 1, 7)]
)
def test_files_that_disagree_are_found_behind_right_checksums(
    engine: Engine, reports: Reports, name: str, column: int, value: int
) -> None:
    engine.ingest("c", [reports({"id": "a", "text": "A raid near Hawija."}, {"id": "b", "text": "A bridge."})])
    (folder,) = segments(engine)
    table = np.load(folder / name)
    table[0, column] = value
    np.save(folder / name, table)
    sign(folder / name)
    assert engine.verify("c").damages != ()
    assert engine.repair("c", False, False, False).remade == (folder.name,)
    assert engine.verify("c").damages == ()


@pytest.mark.parametrize("harm", ["flipped", "missing"])
def test_without_current_the_newest_version_is_found_again(care: Engine, harm: str) -> None:
    before = shown(care)
    current = care.indexes / "c" / "CURRENT"
    flip(current, 0.4) if harm == "flipped" else current.unlink()
    with pytest.raises(IndexDamaged, match=str(current)):
        care.verify("c")
    with pytest.raises(IndexDamaged, match=str(current)):
        care.delete("c", ["r0"])
    done = care.repair("c", False, False, False)
    assert "v000003" in done.notices[0]
    assert shown(care) == before


def test_a_damaged_manifest_goes_back_only_when_told(care: Engine) -> None:
    manifest = care.indexes / "c" / "versions" / "v000003" / "manifest.json"
    flip(manifest)
    with pytest.raises(IndexDamaged, match=str(manifest)):
        care.verify("c")
    with pytest.raises(IndexDamaged, match="--previous goes back to v000002"):
        care.repair("c", False, False, False)
    care.repair("c", False, False, True)
    assert "r4" in care.article_ids("c"), "the deletion came after it"
    assert care.verify("c").damages == ()


def test_a_collection_of_another_format_is_refused_with_the_command_and_made_again(care: Engine) -> None:
    before = shown(care)
    version = care.indexes / "c" / "versions" / "v000003"
    found = json.loads((version / "manifest.json").read_text())
    (version / "manifest.json").write_text(json.dumps({**found, "format": "rasad-segments-0"}))
    (version / "SHA256SUMS").unlink()
    with pytest.raises(IndexMismatch, match="rasad repair --collection c"):
        care.verify("c")
    care.repair("c", False, False, False)
    assert care.verify("c").damages == ()
    assert shown(care) == before


def test_no_collection_is_made_by_asking(engine: Engine) -> None:
    for asking in (engine.verify, lambda name: engine.repair(name, False, False, False)):
        with pytest.raises(CollectionNotFound):
            asking("none")
    assert not (engine.indexes / "none").exists()
