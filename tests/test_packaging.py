"""What a user without a checkout gets: the wheel is built, looked into, installed and started. And the pins hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import service

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FILES = [
    *(
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "MANIFEST.in",
        "NOTICE",
        "README.ar.md",
        "README.md",
        "constraints.txt",
    ),
    *("indexes/.gitignore", "indexes/README.md", "pyproject.toml", "setup.py"),
]
FOLDERS = [".ci", "scripts", "seeds", "service", "tests"]


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environ or None, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DeprecationWarning" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source, cwd=folder)
    shutil.rmtree(source)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"rasad-{service.__version__}-py3-none-any.whl"


def files_below(*folders: str) -> set[str]:
    """Paths from the checkout's root of all files below these folders."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_wheel_carries_code_models_pages_and_seeds(wheel: Path) -> None:
    code = {name for name in files_below("service") if name.endswith((".py", "py.typed"))}
    data = files_below("service/models", "service/places/data", "service/web/templates", "service/web/static")
    seeds = {f"service/_seeds/{name.removeprefix('seeds/')}" for name in files_below("seeds")}
    assert data and "service/_seeds/topics.jsonl" in seeds
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == code | data | seeds


def test_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = f"rasad-{service.__version__}.dist-info"
        about = archive.read(f"{folder}/METADATA").decode()
        assert "License-Expression: Apache-2.0" in about
        assert "Requires-Python: >=3.11" in about
        assert "Author: The Rasad authors" in about
        assert archive.read(f"{folder}/licenses/NOTICE") == (ROOT / "NOTICE").read_bytes()
        assert "rasad = service.cli:main" in archive.read(f"{folder}/entry_points.txt").decode()


def test_sdist_carries_what_a_checkout_has(dist: Path) -> None:
    top = f"rasad-{service.__version__}"
    with tarfile.open(dist / f"{top}.tar.gz") as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    assert files_below(*FOLDERS) | set(FILES) <= names


def test_installed_wheel_starts_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", target, wheel, cwd=tmp_path)
    environ = {"PYTHONPATH": str(target), "HOME": str(tmp_path), "PATH": ""}
    where = run(sys.executable, "-P", "-c", "import service; print(service.__file__)", cwd=tmp_path, **environ)
    assert where == f"{target}/service/__init__.py\n"
    version = run(sys.executable, "-P", "-m", "service.cli", "--version", cwd=tmp_path, **environ)
    assert service.__version__ in version


def pins() -> dict[str, str]:
    """Canonical name -> version, of every line of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements(*extras: str) -> list[Requirement]:
    optional = PROJECT["optional-dependencies"]
    return [Requirement(line) for line in [*PROJECT["dependencies"], *(x for name in extras for x in optional[name])]]


def test_pins_fit_any_platform() -> None:
    odd = {name: version for name, version in pins().items() if not re.fullmatch(r"\d+(\.\d+)*(\.?post\d+)?", version)}
    assert odd == {}


def test_pins_are_within_the_ranges() -> None:
    for requirement in requirements("dev"):
        assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)]), requirement


def test_everything_that_gets_installed_is_pinned() -> None:
    """Walks from our requirements through those of every installed package, on this platform."""
    todo, seen = [(r, extra) for r in requirements("dev") for extra in ["", *r.extras]], set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        assert name in pins(), f"{requirement} has no pin in constraints.txt"
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                todo += [(needed, wanted) for wanted in ["", *needed.extras]]
    assert len(seen) > 80


def test_changelog_has_this_version() -> None:
    assert f"## [{service.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
