"""A Ray cluster prepares what one process prepares; workers that die take nothing with them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service import ingest, ray_crew
from service.backends.base import Prepared
from service.crew import Recipe
from service.engine import Engine
from service.errors import ClusterError, InputError
from service.records import Article
from service.settings import Settings

Reports = Callable[..., Path]
RECIPE = Recipe(120, 1, "")


def report(i: int) -> dict[str, object]:
    text = f"Report {i}: strikes near Hawija on {1 + i % 28} May 2020. غارات قرب الحويجة رقم {i}. "
    return {"id": f"n{i}", "title": f"t{i % 7}", "text": text if i % 9 else "The same text.", "source": f"s{i % 3}"}


def build(folder: Path, path: Path, ray: str) -> tuple[int, dict[str, bytes]]:
    with closing(Engine(Settings(indexes=folder, ingest_workers=2 if ray else 1, ray=ray))) as engine:
        report = engine.ingest("c", [path])
    segments = folder / "c" / "segments"
    return report.added, {str(p.relative_to(segments)): p.read_bytes() for p in segments.rglob("*.*")}


def pids(prepared: list[Prepared]) -> int:
    return os.getpid()


def broken(prepared: list[Prepared]) -> int:
    raise InputError("this batch cannot be packed: mend it")


def ends(prepared: list[Prepared]) -> list[str]:
    """The worker that has the report "fatal" dies, the first time."""
    marker = Path(prepared[0].article.url)
    if prepared[0].article.title == "fatal" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [p.article.article_id for p in prepared]


def batches(count: int, marker: Path, fatal: int = -1) -> list[list[Article]]:
    return [
        [Article(f"a{i}", f"text {i}", str(i), title="fatal" if i == fatal else "", url=str(marker))]
        for i in range(count)
    ]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'rasad\[ray\]'"):
        ray_crew.RayCrew(RECIPE, "local")


class TestLocal:
    @pytest.fixture(autouse=True)
    def _cluster(self) -> Iterator[None]:
        ray = pytest.importorskip("ray", reason="ray is an extra: scripts/ray-test installs it")
        module = sys.modules[__name__]  # a worker cannot import it
        ray.cloudpickle.register_pickle_by_value(module)
        yield
        ray.cloudpickle.unregister_pickle_by_value(module)
        if ray.is_initialized():
            ray.shutdown()

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
    def test_the_index_is_what_one_process_makes(
        self, reports: Reports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ingest, "_BATCH_ARTICLES", 20)
        path = reports(*(report(i) for i in range(120)))
        assert build(tmp_path / "ray", path, "local") == build(tmp_path / "alone", path, "")

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
    def test_a_worker_that_dies_takes_nothing_with_it(self, tmp_path: Path) -> None:
        with closing(ray_crew.RayCrew(RECIPE, "local", 2)) as crew:
            found = list(crew.packed(batches(30, tmp_path / "marker", 7), ends))
            assert found == [[f"a{i}"] for i in range(30)]
            assert crew.lost == 1
            with pytest.raises(InputError, match="mend it"):
                list(crew.packed(batches(3, tmp_path), broken))

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
    def test_other_code_on_a_node_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ray_crew, "_code", lambda: ("0.0", "other terms"))
        with (
            closing(ray_crew.RayCrew(RECIPE, "local", 1)) as crew,
            pytest.raises(ClusterError, match="install the same version on every node"),
        ):
            list(crew.packed(batches(1, tmp_path), pids))

    def test_a_cluster_that_does_not_start_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def overloaded(**_: object) -> None:
            raise Exception("the node timed out during startup\nperhaps it is overloaded")  # what Ray raises

        monkeypatch.setattr("ray.init", overloaded)
        with (
            closing(ray_crew.RayCrew(RECIPE, "local")) as crew,
            pytest.raises(ClusterError, match=r"'local' \(the node timed out during startup\)"),
        ):
            list(crew.packed(batches(1, tmp_path), pids))

    def test_no_cluster_at_the_address(self, tmp_path: Path) -> None:
        with (
            closing(ray_crew.RayCrew(RECIPE, "127.0.0.1:1")) as crew,
            pytest.raises(ClusterError, match="ray start --head"),
        ):
            list(crew.packed(batches(1, tmp_path), pids))
