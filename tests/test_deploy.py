"""What is deployed is what the program has: settings, commands, paths."""

from __future__ import annotations

import re
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from service import cli
from service.settings import Settings

ROOT = Path(__file__).parent.parent
KNOWN = {f"RASAD_{spec.name.upper()}" for spec in fields(Settings)}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["rasad"]
    return found


def test_every_setting_that_is_given_exists() -> None:
    for name in ("Dockerfile", "compose.yaml", "scripts/deploy/rasad.service", "SECURITY.md"):
        given = set(re.findall(r"RASAD_[A-Z_]+", (ROOT / name).read_text("utf-8"))) - {"RASAD_TORCH_INDEX_URL"}
        assert given and given <= KNOWN, name


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
