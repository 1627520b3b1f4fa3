"""Where a result came from, so that it can be made again: question, time, index version, models and code."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from service import __version__
from service.records import Manifest


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands beside every exported passage or quote."""

    query: str
    options: Mapping[str, str | Sequence[str]]  # filters and order that were given, by their names in the API
    retrieved: str  # ISO 8601, UTC
    collection: str
    index_version: str
    index_created: str
    encoder: str
    analyzer: str
    chunker: str
    code: str
    language_model: str = ""  # that wrote an answer's sentences
    notices: tuple[str, ...] = ()  # what was said with the result: how the question was read, what was left out


def of(
    manifest: Manifest, query: str, options: Mapping[str, str | Sequence[str]], language_model: str = "",
    notices: Sequence[str] = (),
) -> Provenance:  # fmt: skip
    recipe = manifest.recipe
    return Provenance(
        query,
        dict(options),
        datetime.now(UTC).isoformat(timespec="seconds"),
        manifest.collection,
        manifest.version,
        manifest.created,
        recipe.get("encoder", ""),
        recipe.get("analyzer", ""),
        recipe.get("chunker", ""),
        code_version(),
        language_model,
        tuple(notices),
    )


@lru_cache(maxsize=1)
def code_version() -> str:
    """The release, and in a checkout its revision: ``0.1.0+3f2a...``."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return __version__
    try:
        command = ["git", "-C", str(root), "rev-parse", "HEAD"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):  # no git on this machine: the release alone
        return __version__
    return f"{__version__}+{found[:12]}"
