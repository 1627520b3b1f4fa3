"""Where models come from: a folder, an earlier download, the hub; and what happens when none of them has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from service import hub_library
from service.engine import Engine
from service.errors import IndexMismatch, ModelError, ModelOutOfReach
from service.hub_encoder import HubEncoder
from service.records import Fallback
from service.settings import Settings
from tests.tiny_models import sentence_model

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow
LOAD = (
    "import sys\nfrom service import encoder\nfrom service.errors import ModelError\n"
    "for name in sys.argv[1:]:\n"
    "    try:\n        print(encoder.load(name).encoder_id)\n"
    "    except ModelError as error:\n        print(type(error).__name__, error)\n"
)


def load_apart(environ: dict[str, str], *names: str) -> list[str]:
    """A line for each model, loaded by a process that has these variables from its start."""
    command = [sys.executable, "-c", LOAD, *names]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_model_that_cannot_be_had_is_explained_soon(tmp_path: Path) -> None:
    began = time.monotonic()
    environ = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": ""}
    hub, folder = load_apart(environ, "no-such/model-of-ours", str(tmp_path))
    assert hub.startswith(
        "ModelOutOfReach model 'no-such/model-of-ours' is not on this machine and the model hub is out of reach ("
    )
    assert "give its folder (RASAD_MODEL), or leave --model and RASAD_MODEL out to use the bundled encoder" in hub
    assert "RASAD_MODEL_FALLBACK=bundled" in hub
    assert folder.startswith(f"ModelError model '{tmp_path}' cannot be loaded from the folder (")
    assert folder.endswith("or leave --model and RASAD_MODEL out to use the bundled encoder")
    assert time.monotonic() - began < 60  # the library alone tries for longer


def test_a_model_downloaded_before_opens_without_the_hub(tmp_path: Path) -> None:
    made = sentence_model(tmp_path / "tiny")
    stored = tmp_path / "hub" / "models--ours--tiny"
    shutil.copytree(made, stored / "snapshots" / "0123abcd")
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text("0123abcd")
    environ = {"SENTENCE_TRANSFORMERS_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    by_name, by_folder = load_apart(environ, "ours/tiny", str(made))
    assert by_name == by_folder
    assert by_name.startswith("tiny@16-")


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_library, "_out_of_reach", lambda: "no network")


def collection(folder: Path, settings: Settings) -> None:
    (folder / "a.txt").write_text("strikes near hawija")
    with closing(Engine(settings)) as engine:
        engine.ingest("c", [folder / "a.txt"])


@pytest.mark.usefixtures("no_hub")
def test_the_bundled_encoder_stands_in_where_the_user_says_so(tmp_path: Path) -> None:
    collection(tmp_path, Settings(indexes=tmp_path))
    wanted = Settings(indexes=tmp_path, model="no-such/model", reranker="no-such/reranker")
    with closing(Engine(wanted)) as engine, pytest.raises(ModelOutOfReach, match=r"out of reach \(no network\)"):
        engine.retriever("c")
    half = Settings(indexes=tmp_path, reranker="no-such/reranker")
    with closing(Engine(half)) as engine, pytest.raises(ModelOutOfReach, match="unset RASAD_RERANKER to do without"):
        engine.retriever("c")
    allowed = Settings(
        indexes=tmp_path, model="no-such/model", reranker="no-such/reranker", model_fallback=Fallback.BUNDLED
    )
    with closing(Engine(allowed)) as engine:
        found = engine.retriever("c").search("strikes")
        assert [passage.text for passage in found.passages] == ["strikes near hawija"]
        encoder_notice, reranker_notice = found.notices
        assert "'no-such/model' is not here" in encoder_notice and "bundled encoder is used" in encoder_notice
        assert "'no-such/reranker' is not here" in reranker_notice
        assert encoder_notice in engine.ingest("d", [tmp_path / "a.txt"]).notices


@pytest.mark.usefixtures("no_hub")
def test_what_another_encoder_made_is_still_refused(tmp_path: Path) -> None:
    made = sentence_model(tmp_path / "tiny")
    collection(tmp_path, Settings(indexes=tmp_path, model=str(made), cache_mb=0))
    allowed = Settings(indexes=tmp_path, model="ours/tiny", model_fallback=Fallback.BUNDLED)
    with closing(Engine(allowed)) as engine:
        for step in (lambda: engine.retriever("c"), lambda: engine.ingest("c", [tmp_path / "a.txt"])):
            with pytest.raises(IndexMismatch) as raised:
                step()
            assert "'ours/tiny' is not here" in str(raised.value)
            assert f"built with encoder {HubEncoder(str(made)).encoder_id}" in str(raised.value)


def test_a_name_that_no_hub_could_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_library, "_out_of_reach", lambda: "")
    with pytest.raises(ModelError, match="cannot be loaded from the model hub"):
        HubEncoder(str(tmp_path / "nowhere" / "at" / "all"))
