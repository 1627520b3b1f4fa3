"""Rows of places -> packed tables: names folded and sorted, places in arrays. The bundled gazetteer and a user's own.

A table is a TSV with the columns of COLUMNS; variants are separated by "|". Arabic names are kept without their
article, with a flag that says whether a text must write it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from service.errors import InputError
from service.folding import fold_name
from service.mapping import mapped
from service.places.kinds import EXTENT_KM, PROMINENCE
from service.vocabulary import Terms

COLUMNS = ("name_en", "variants_en", "name_ar", "variants_ar", "lat", "lon", "kind", "admin1_en", "country", "source")
ARTICLE, BARE, COMMON, LATIN, ADJECTIVE = 1, 2, 4, 8, 16  # of a name: must have ال; may lack it; also a common word ...
_SURNAME = re.compile("ال[\u0620-\u064a]{3,}ي")  # الأحمدي: a place, and of people from there
PROMINENT_DIGITS = 7.2  # of the population of a place as prominent as can be


@dataclass(frozen=True, slots=True)
class Row:
    """One place as written in a table; ``population`` 0 when unknown."""

    names: tuple[str, ...]  # the first is the one that is shown
    arabic: tuple[str, ...]
    lat: float
    lon: float
    kind: str
    admin1: str = ""
    country: str = ""
    source: str = "user"
    population: int = 0
    extent_km: float = 0.0  # 0: that of its kind
    adjectives: tuple[str, ...] = ()  # "عراقي": evidence for the country, no mention of it


@dataclass(frozen=True, slots=True)
class Tables:
    """Packed places. ``names`` are sorted; name i stands for ``places[offsets[i]:offsets[i+1]]`` with ``flags``."""

    names: Terms
    offsets: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    labels: Terms  # by place: name_en, name_ar, kind, admin1, country, source, joined by tabs
    points: npt.NDArray[np.float32]  # (n, 4): lat, lon, extent in km, prominence

    def save(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.names.save(folder, f"{name}.names")
        self.labels.save(folder, f"{name}.labels")
        for part in ("offsets", "places", "flags", "points"):
            np.save(folder / f"{name}.{part}.npy", getattr(self, part), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, name: str) -> Tables:
        parts = ("offsets", "places", "flags", "points")
        arrays = {part: mapped(folder / f"{name}.{part}.npy") for part in parts}
        return cls(names=Terms.load(folder, f"{name}.names"), labels=Terms.load(folder, f"{name}.labels"), **arrays)


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a TSV. Raises InputError that names file, line, column and what to do."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"cannot read the gazetteer {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the gazetteer {path} is not UTF-8 (byte {error.start}): convert it first") from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        found = lines[0][:80] if lines else "nothing"
        raise InputError(f"{path}:1: wanted the columns {', '.join(COLUMNS)} separated by tabs, found {found!r}")
    for number, line in enumerate(lines[1:], 2):
        if line.strip() and not line.startswith("#"):
            yield _row(line.split("\t"), f"{path}:{number}")


def _row(cells: Sequence[str], where: str) -> Row:
    if len(cells) != len(COLUMNS):
        raise InputError(f"{where}: wanted {len(COLUMNS)} columns, found {len(cells)}: put a tab between all of them")
    cell = {name: value.strip() for name, value in zip(COLUMNS, cells, strict=True)}
    names = tuple(filter(None, [cell["name_en"], *cell["variants_en"].split("|")]))
    arabic = tuple(filter(None, [cell["name_ar"], *cell["variants_ar"].split("|")]))
    if not names and not arabic:
        raise InputError(f"{where}: wanted a name in name_en or name_ar, found neither")
    lat, lon = (_degrees(cell[name], limit, f"{where}: {name}") for name, limit in (("lat", 90), ("lon", 180)))
    if cell["kind"] not in EXTENT_KM:
        raise InputError(f"{where}: kind is one of {', '.join(sorted(EXTENT_KM))}, found {cell['kind']!r}")
    return Row(
        names or arabic[:1],
        arabic,
        lat,
        lon,
        cell["kind"],
        cell["admin1_en"],
        cell["country"],
        cell["source"] or "user",
    )


def _degrees(text: str, limit: int, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -limit <= value <= limit:
        raise InputError(f"{where} is degrees from -{limit} to {limit} with a decimal point, found {text!r}")
    return value


def pack(rows: Iterable[Row], common: frozenset[str] = frozenset()) -> Tables:
    """``common``: folded names that are also ordinary words or names of people."""
    table: dict[str, dict[int, int]] = {}
    labels, points = [], []
    for number, row in enumerate(rows):
        for name in row.names:
            for key in _latin_keys(name):
                is_word = key in common or key.removeprefix("al ") in common
                _add(table, key, number, LATIN | (COMMON if is_word else 0))
        for name in row.arabic:
            key, flag = arabic_key(name)
            if row.kind == "country" and " " not in key and len(key) > 4:
                flag = ARTICLE | flag  # نيبال and النيبال
            if len(key) > 2 or prominence(row) >= 0.8:
                surname = _SURNAME.fullmatch(fold_name(name)) is not None and prominence(row) < 0.75
                is_word = surname or fold_name(name) in common
                _add(table, key, number, flag | (COMMON if is_word else 0))
        for name in row.adjectives:
            _add(table, fold_name(name), number, ADJECTIVE)
        shown = row.arabic[0] if row.arabic else ""
        labels.append("\t".join((row.names[0], shown, row.kind, row.admin1, row.country, row.source)).encode())
        points.append((row.lat, row.lon, row.extent_km or _extent(row), prominence(row)))
    keys = sorted((key for key in table if len(key) > 1), key=str.encode)
    postings = [sorted(table[key].items()) for key in keys]
    offsets = np.cumsum([0, *(len(posting) for posting in postings)]).astype(np.int32)
    flat = [item for posting in postings for item in posting]
    return Tables(
        Terms.pack(key.encode() for key in keys), offsets, np.array([p for p, _ in flat], np.int32),
        np.array([f for _, f in flat], np.uint8), Terms.pack(labels), np.array(points, np.float32).reshape(-1, 4),
    )  # fmt: skip


def arabic_key(name: str) -> tuple[str, int]:
    """(the folded name without its article, which article a text must write)."""
    folded = fold_name(name)
    if folded.startswith("ال") and len(folded.split()[0]) > 4:
        return folded[2:], ARTICLE
    return folded, BARE


def prominence(row: Row) -> float:
    """0 to 1: how likely a name means this place when nothing else is known."""
    base = PROMINENCE[row.kind]
    return min(0.98, max(base, math.log10(row.population) / PROMINENT_DIGITS)) if row.population else base


def _extent(row: Row) -> float:
    """Radius in km of what the name covers; cities grow with the root of their population."""
    if row.kind == "city" and row.population:
        return max(EXTENT_KM["town"], min(30.0, math.sqrt(row.population / 1500 / math.pi) / 1.5))
    return EXTENT_KM[row.kind]


def _latin_keys(name: str) -> set[str]:
    folded = fold_name(name)
    return {folded, folded.replace("'", "")} - {""}


def _add(table: dict[str, dict[int, int]], key: str, place: int, flags: int) -> None:
    entry = table.setdefault(key, {})
    entry[place] = entry.get(place, 0) | flags
