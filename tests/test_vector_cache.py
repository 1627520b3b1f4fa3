"""The cache of vectors: nothing is encoded twice, nothing goes wrong when the file does, and it stays small."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.encoder import Vectors
from service.vector_cache import FILE, CachedEncoder

ROOT = Path(__file__).parent.parent
MEGABYTE = 1_000_000


class CountingEncoder:
    """Vectors made of a text's letters; says what it was asked."""

    def __init__(self, encoder_id: str = "fake", prompt: str = "", dim: int = 4) -> None:
        self.encoder_id, self.passage_prompt, self.dim = encoder_id, prompt, dim
        self.asked: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([self.encode_query(self.passage_prompt + text) for text in texts])

    def encode_query(self, text: str) -> Vectors:
        rng = np.random.default_rng(list(text.encode()))
        return rng.standard_normal(self.dim).astype(np.float32)


def test_what_was_encoded_once_is_not_encoded_again(tmp_path: Path) -> None:
    first, second = CountingEncoder(), CountingEncoder()
    cached = CachedEncoder(first, tmp_path, MEGABYTE)
    before = cached.encode_passages(["a", "b", "a", "غارات"])
    assert first.asked == ["a", "b", "غارات"]
    again = CachedEncoder(second, tmp_path, MEGABYTE)
    after = again.encode_passages(["غارات", "a", "c", "b"])
    assert second.asked == ["c"]
    assert (again.hits, again.encoded, again.trouble) == (3, 1, "")
    assert np.array_equal(before, CountingEncoder().encode_passages(["a", "b", "a", "غارات"]))
    assert np.array_equal(after, CountingEncoder().encode_passages(["غارات", "a", "c", "b"]))
    assert again.encode_passages([]).shape == (0, 4)
    assert np.array_equal(again.encode_query("a"), second.encode_query("a"))


def test_another_model_or_prompt_is_another_vector(tmp_path: Path) -> None:
    for fake in (CountingEncoder(), CountingEncoder("other"), CountingEncoder(prompt="passage: ")):
        vectors = CachedEncoder(fake, tmp_path, MEGABYTE).encode_passages(["a"])
        assert fake.asked == ["a"]
        assert np.array_equal(vectors, fake.encode_passages(["a"]))


def test_it_stays_within_its_size_and_drops_what_is_oldest(tmp_path: Path) -> None:
    fake = CountingEncoder(dim=256)
    limit = 400_000  # room for some 300 vectors
    for start in range(0, 2_000, 50):
        CachedEncoder(fake, tmp_path, limit).encode_passages([str(n) for n in range(start, start + 50)])
        assert (tmp_path / FILE).stat().st_size <= limit
    fake.asked.clear()
    CachedEncoder(fake, tmp_path, limit).encode_passages([str(n) for n in range(1_950, 2_000)])
    assert fake.asked == []
    CachedEncoder(fake, tmp_path, limit).encode_passages(["0"])
    assert fake.asked == ["0"]


def test_a_batch_larger_than_the_cache_is_encoded_all_the_same(tmp_path: Path) -> None:
    cached = CachedEncoder(CountingEncoder(dim=256), tmp_path, 10_000)
    assert cached.encode_passages([str(n) for n in range(50)]).shape == (50, 256)
    assert cached.trouble == ""


@pytest.mark.parametrize("make", ["garbage", "folder", "unwritable"])
def test_a_cache_that_cannot_be_used_is_named_and_left(make: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    if make == "unwritable":
        folder.write_text("a file where the folder should be")
    elif make == "folder":
        (folder / FILE).mkdir(parents=True)
    else:
        folder.mkdir()
        (folder / FILE).write_bytes(b"no database at all " * 200)
    fake = CountingEncoder()
    cached = CachedEncoder(fake, folder, MEGABYTE)
    for _ in range(2):
        assert np.array_equal(cached.encode_passages(["a"]), CountingEncoder().encode_passages(["a"]))
    assert fake.asked == ["a", "a"]
    assert f"the vector cache {folder / FILE} cannot be used (" in cached.trouble


def test_several_processes_share_it(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.test_vector_cache import CountingEncoder, MEGABYTE\n"
        "from service.vector_cache import CachedEncoder\nimport numpy as np\n"
        "fake = CountingEncoder()\ncached = CachedEncoder(fake, Path(sys.argv[1]), MEGABYTE)\n"
        "for start in range(0, 400, 20):\n"
        "    texts = [str(n) for n in range(start, start + 20)]\n"
        "    assert np.array_equal(cached.encode_passages(texts), CountingEncoder().encode_passages(texts))\n"
        "assert not cached.trouble, cached.trouble\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    fake = CountingEncoder()
    CachedEncoder(fake, tmp_path, MEGABYTE).encode_passages([str(n) for n in range(400)])
    assert fake.asked == []
