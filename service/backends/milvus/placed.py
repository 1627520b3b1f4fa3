"""How well passages fit areas by the places that they and their articles name, as the embedded backend's near.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.backends.embedded.near import ELSEWHERE
from service.backends.milvus.facts import Table
from service.backends.milvus.stored import Stored
from service.places.area import Area

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def scores(stored: Stored, keys: Longs, areas: Sequence[tuple[Area, dict[int, float]]]) -> Floats:
    """The mean over the areas of a passage's best mention, or half its article's best; 0 for neither."""
    told = stored.told.of(keys.tolist())
    homes, which = np.unique(np.array([one.home for one in told], np.int64), return_inverse=True)
    own = [one.facts.mentions for one in told]
    wholes = [whole.places for whole in stored.wholes.of(homes.tolist())]
    total = np.zeros(len(keys))
    for area, fits in areas:
        total += area.weight * np.maximum(_best(own, fits), ELSEWHERE * _best(wholes, fits)[which]) / 100
    return total / max(1, len(areas))


def _best(tables: Sequence[Table], fits: dict[int, float]) -> Floats:
    """The best of each row's mentions, by fit and how sure it is."""
    found = np.zeros(len(tables))
    if not fits:
        return found
    row = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    mentions = np.concatenate(tables)[:, [0, 3]]
    numbers = np.array(sorted(fits), np.int64)
    fit = np.array([fits[number] for number in numbers.tolist()])
    at = np.minimum(np.searchsorted(numbers, mentions[:, 0]), len(numbers) - 1)
    held = numbers[at] == mentions[:, 0]
    np.maximum.at(found, row[held], fit[at[held]] * mentions[held, 1])
    return found
