"""Rows by their label: which others are in a row's group."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from service.backends.embedded import kernels

Rows = npt.NDArray[np.int64]


class Labelled:
    """A process that answers one question looks through all labels; one that goes on answering sorts them once."""

    def __init__(self, labels: npt.NDArray[np.uint64]) -> None:
        self.labels = labels

    def groups(self, labels: npt.NDArray[np.uint64]) -> list[Rows]:
        """For each label the rows that have it, ascending."""
        if kernels.ready() is None:
            return [np.flatnonzero(self.labels == label) for label in labels]
        order, ordered = self._sorted
        first, last = ordered.searchsorted(labels, "left"), ordered.searchsorted(labels, "right")
        return [order[begin:end] for begin, end in zip(first.tolist(), last.tolist(), strict=True)]

    @cached_property
    def _sorted(self) -> tuple[Rows, npt.NDArray[np.uint64]]:
        order = np.argsort(self.labels, kind="stable")
        return order, self.labels[order]
