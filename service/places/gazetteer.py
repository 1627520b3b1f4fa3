"""The gazetteer as it is asked: names -> places. The bundled one, and a user's table on top of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from service.folding import fold_name
from service.places.kinds import SOURCE_ERROR_KM
from service.places.packing import ARTICLE, Tables, arabic_key, pack, read_rows
from service.records import Place

BUNDLED = Path(__file__).parent / "data"
_POINT_KINDS = frozenset({"village", "neighbourhood", "camp", "base", "airport", "refinery", "dam", "bridge", "port"})


class Gazetteer:
    """Places by number: those of the bundled table first, then the user's. Safe to share between threads."""

    def __init__(self, *tables: Tables) -> None:
        self._tables = tables
        self._first_place = np.cumsum([0, *(len(table.labels) for table in tables)]).tolist()
        self._first_name = np.cumsum([0, *(len(table.names) for table in tables)]).tolist()
        self.points = np.concatenate([table.points for table in tables])  # see packing.Tables
        self.prominence: list[float] = self.points[:, 3].tolist()
        self.place = lru_cache(maxsize=50_000)(self._place)
        self.by_key = lru_cache(maxsize=50_000)(self._by_key)
        self.goes_on = lru_cache(maxsize=50_000)(self._goes_on)

    def __len__(self) -> int:
        return int(self._first_place[-1])

    def learn(self) -> None:
        """Have the names at hand for a process that goes on asking."""
        for table in self._tables:
            table.names.learn()

    def names(self) -> Iterator[str]:
        """Every folded name; its number is its place in this order."""
        for table in self._tables:
            yield from table.names

    def meant(self, name: int) -> list[tuple[int, int]]:
        """(place, flags of packing) for the number of a name."""
        for number, table in enumerate(self._tables):
            if name < self._first_name[number + 1]:
                i = name - self._first_name[number]
                span = slice(table.offsets[i], table.offsets[i + 1])
                base = self._first_place[number]
                return [(base + int(p), int(f)) for p, f in zip(table.places[span], table.flags[span], strict=True)]
        raise IndexError(name)

    def look_up(self, name: str) -> list[tuple[int, int]]:
        """(place, flags) of a name as written, in either language; empty when it is not known."""
        folded = fold_name(name)
        if folded[:1] >= "\u0600":
            bare, flag = arabic_key(name)
            return self._of_keys([bare] if flag == ARTICLE else [folded])
        return self.latin(folded)

    def latin(self, folded: str) -> list[tuple[int, int]]:
        """As ``look_up``, of a name in Latin letters that is folded already."""
        return self._of_keys([folded, folded[4:]] if folded.startswith("the ") else [folded])

    def _of_keys(self, keys: Sequence[str]) -> list[tuple[int, int]]:
        found: dict[int, int] = {}
        for key in keys:
            for place, flags in self.by_key(key):
                found[place] = found.get(place, 0) | flags
        return sorted(found.items())

    def _by_key(self, key: str) -> tuple[tuple[int, int], ...]:
        """(place, flags) of a folded name, an Arabic one without its article."""
        found: list[tuple[int, int]] = []
        for number, table in enumerate(self._tables):
            i = table.names.find(key)
            if i >= 0:
                found += self.meant(self._first_name[number] + i)
        return tuple(found)

    def _goes_on(self, word: str) -> bool:
        """Whether a folded name of several words, an Arabic one without its article, begins with this one."""
        return any(table.names.has_prefix(word + " ") for table in self._tables)

    def kind(self, number: int) -> str:
        return self.place(number).kind

    @staticmethod
    @lru_cache(maxsize=1)
    def glued() -> frozenset[str]:
        """Folded words that look like a clitic and a name and are neither: باراك is not "in Arak"."""
        return frozenset((BUNDLED / "glued.txt").read_text(encoding="utf-8").split())

    def _place(self, number: int) -> Place:
        shelf = next(i for i, first in enumerate(self._first_place[1:]) if number < first)
        cells = self._tables[shelf].labels[number - self._first_place[shelf]].split("\t")
        name_en, name_ar, kind, admin1, country, source = cells
        lat, lon, extent, _ = (float(value) for value in self.points[number])
        error = SOURCE_ERROR_KM.get(source, 10.0)
        precision = error if kind in _POINT_KINDS else max(error, extent)
        return Place(
            name_en,
            name_ar,
            round(lat, 4),
            round(lon, 4),
            kind,
            admin1,
            country,
            source,
            round(extent, 1),
            round(precision, 1),
        )


@lru_cache(maxsize=4)
def load(user: Path | None = None) -> Gazetteer:
    """The bundled gazetteer, with a user's TSV on top. Raises InputError for a table that cannot be used."""
    bundled = Tables.load(BUNDLED, "world")
    return Gazetteer(bundled, pack(read_rows(user))) if user else Gazetteer(bundled)
