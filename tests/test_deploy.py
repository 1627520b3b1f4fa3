"""What is deployed is what the program has: settings, commands, paths."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from service import cli
from service.records import Backends
from service.settings import Settings

ROOT = Path(__file__).parent.parent
BUILD = {"RASAD_TORCH_INDEX_URL", "RASAD_EXTRAS"}  # arguments of the image
KNOWN = {f"RASAD_{spec.name.upper()}" for spec in fields(Settings)}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["rasad"]
    return found


def test_every_setting_that_is_given_exists() -> None:
    for name in (
        *("Dockerfile", "compose.yaml", "scripts/deploy/rasad.service", "SECURITY.md"),
        *("scripts/deploy/compose.milvus.yaml", "scripts/deploy/RUNBOOK.md"),
    ):
        given = set(re.findall(r"RASAD_[A-Z_0-9]+", (ROOT / name).read_text("utf-8"))) - BUILD
        assert given and given <= KNOWN, name


def test_compose_files_are_what_the_compose_specification_allows(tmp_path: Path) -> None:
    checked = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    files = ["compose.yaml", "scripts/deploy/compose.milvus.yaml"]
    found = subprocess.run([*checked, *files], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((ROOT / files[1]).read_text("utf-8").replace("healthcheck:", "health_check:"), "utf-8")
    assert subprocess.run([*checked, str(wrong)], capture_output=True).returncode == 1


def test_the_commands_that_are_started_exist() -> None:
    parser = cli._parser(Settings())
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "scripts/deploy/rasad.service")

    for arguments in (compose()["command"], unit["Service"]["ExecStart"].split()[1:]):
        assert parser.parse_args(arguments).workers == 2


def test_the_container_is_published_to_this_machine_alone() -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose()["ports"])
    assert compose()["read_only"] is True and compose()["cap_drop"] == ["ALL"]


def test_the_image_copies_what_is_there_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if re.match(r"COPY (?!--from)", line) for word in line.split()[1:-1]]

    assert copied and all((ROOT / name).exists() for name in copied)
    assert set(copied) <= {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[0] == "!"
    }
    assert "USER 10001" in lines


def test_what_is_said_of_milvus_is_what_compose_and_helm_would_read() -> None:
    folder = ROOT / "scripts" / "deploy"
    services = yaml.safe_load((folder / "compose.milvus.yaml").read_text("utf-8"))["services"]
    rasad, milvus = services["rasad"], services["milvus"]
    assert rasad["environment"]["RASAD_BACKEND"] in set(Backends)
    assert rasad["environment"]["RASAD_URI"] == "http://milvus:19530" and "ports" not in milvus
    assert all(port.startswith("127.0.0.1:") for port in rasad["ports"])
    assert all(isinstance(value, str) for one in services.values() for value in one["environment"].values())
    assert cli._parser(Settings()).parse_args(rasad["command"]).workers == 2
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(rasad["build"]["args"]["RASAD_EXTRAS"].strip("[]").split(",")) <= set(extras)
    values = yaml.safe_load((folder / "milvus-values.yaml").read_text("utf-8"))
    parts = [values[name] for name in ("proxy", "queryNode", "dataNode", "mixCoordinator")]
    assert values["cluster"]["enabled"] is True and all(part["replicas"] >= 2 for part in parts)
    assert yaml.safe_load(values["extraConfigFiles"]["user.yaml"])["common"]["security"]["authorizationEnabled"] is True
