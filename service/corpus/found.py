"""What discovery finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read; ``origin`` is its path or address as text that can be stored, whatever bytes its name has."""

    path: Path
    origin: str
