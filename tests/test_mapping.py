"""Saved arrays are mapped as numpy would, without a file held open, and given back when nobody reads them."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service.mapping import mapped

RECORDS = np.dtype([("row", "<i4"), ("length", "<u2"), ("confidence", "u1")])
KINDS = st.sampled_from(["u1", "<i4", "<i8", "<u8", "<f2", "<f4", "bool", RECORDS])
SHAPES = st.sampled_from([(0,), (7,), (70_000,), (9_000, 9), (3, 30_000)])


def kept_open() -> list[str]:
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(handle.readlink()))
        except OSError:  # of the listing itself
            continue
    return found


def regions(path: Path) -> int:
    return sum(line.endswith(str(path)) for line in Path("/proc/self/maps").read_text().splitlines())


@given(KINDS, SHAPES, st.booleans(), st.data())
def test_what_was_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory, kind: str, shape: tuple[int, ...], by_column: bool, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "array.npy"
    values = np.zeros(shape, kind, order="F" if by_column else "C")
    values[: min(5, shape[0])] = data.draw(arrays.arrays(kind, values[: min(5, shape[0])].shape))
    path.unlink(missing_ok=True)
    np.save(path, values, allow_pickle=False)

    found = mapped(path)

    assert type(found) is np.ndarray
    assert (found.dtype, found.shape, found.flags.f_contiguous) == (
        values.dtype, values.shape, np.load(path).flags.f_contiguous
    )  # fmt: skip
    assert found.tobytes("A") == values.tobytes("A")
    with pytest.raises(ValueError, match="read-only"):
        found[...] = found


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks Linux what is open")
def test_no_file_is_held_open_and_the_memory_goes_with_the_last_reader(tmp_path: Path) -> None:
    path = tmp_path / "large.npy"
    np.save(path, np.arange(100_000))

    part = mapped(path)[50_000:].reshape(-1, 10)

    assert str(path) not in kept_open()
    assert regions(path) == 1
    path.unlink()
    assert part[0, 0] == 50_000 and part[-1, -1] == 99_999, "what is mapped outlives its name"
    del part
    gc.collect()
    assert regions(Path(f"{path} (deleted)")) == 0


@pytest.mark.parametrize("size", [0, 40, 500, 100_000])
def test_a_file_cut_short_is_said(tmp_path: Path, size: int) -> None:
    path = tmp_path / "short.npy"
    np.save(path, np.arange(100_000))
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError):
        mapped(path)


def test_neither_objects_nor_other_files_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array(["a", 1] * 50_000, object), allow_pickle=True)
    (tmp_path / "text.npy").write_bytes(b"text" * 50_000)
    for name in ("objects.npy", "text.npy"):
        with pytest.raises(ValueError):
            mapped(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        mapped(tmp_path / "none.npy")
