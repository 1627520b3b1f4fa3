"""How well passages fit areas by the places that they and their articles name, as the embedded backend's near.py."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.backends.embedded.near import ELSEWHERE
from service.backends.milvus.stored import Stored
from service.places.area import Area

Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def scores(stored: Stored, keys: Longs, areas: Sequence[tuple[Area, dict[int, float]]]) -> Floats:
    """The mean over the areas of a passage's best mention, or half its article's best; 0 for neither."""
    told = stored.told.of(keys.tolist())
    wholes = stored.wholes.of([one.home for one in told])
    total = np.zeros(len(keys))
    for area, fits in areas:
        for i, (one, whole) in enumerate(zip(told, wholes, strict=True)):
            own = max((fits.get(n, 0.0) * sure for n, _, _, sure in one.facts.mentions.tolist()), default=0.0)
            elsewhere = max((fits.get(n, 0.0) * sure for n, sure in whole.places.items()), default=0.0)
            total[i] += area.weight * max(own, ELSEWHERE * elsewhere) / 100
    return total / max(1, len(areas))
