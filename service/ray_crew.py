"""A crew of Ray actors, on this machine or a cluster: prepares articles as crew.Crew does, in the same order.

Ray's own actors and not a Ray Data dataset: the articles come one after the other from the reader here, which tells
copies and repeats apart and publishes in portions, so nothing is written twice however often a batch is prepared. An
actor that dies with its node takes no work with it: its batches are given to the others, and another actor joins as
soon as the cluster has room for one. Results come in the order of the batches: the index equals one made alone.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import service
from service import analyzer
from service.backends.base import Packer
from service.crew import Recipe
from service.errors import ClusterError, ServiceError, WorkerLost
from service.records import Article

if TYPE_CHECKING:
    import ray as ray_module

_AHEAD = 2  # batches for each actor that are being prepared or wait for the writer
_PATIENCE_S = 120.0  # until the first actor, or another one after the last has died, can work
_KNOCK_S = 10.0
_LOSSES = 50  # actors that may die in one run: a batch that kills every actor must not go round for ever
LOCAL = "local"  # address of a cluster of this machine alone, made for this run


@dataclass(slots=True, eq=False)
class _Hand:
    """An actor; ``greeting`` is what code it has."""

    actor: Any
    greeting: Any
    busy: int = 0  # batches that it has


@dataclass(slots=True)
class _Task:
    batch: Sequence[Article]
    hand: _Hand
    result: Any


class RayCrew:
    """Joins the cluster with the first batch. Close it."""

    started = True  # asked for by name: it is used however few articles there are

    def __init__(self, recipe: Recipe, address: str, workers: int = 0, gpus: bool = False) -> None:
        """``address``: "auto", HOST:PORT, ray://HOST:PORT or "local".

        ``workers``: 0 for one for each processor; with ``gpus``, for each GPU of the cluster, if it has any.
        """
        self._recipe, self._address, self._workers, self._gpu = recipe, address, workers, gpus
        self._ray = _imported()
        self._hands: list[_Hand] = []  # that work
        self._joining: list[_Hand] = []
        self._ours = False  # whether the connection is to be closed
        self.lost = 0  # actors that died

    def packed(self, batches: Iterable[Sequence[Article]], pack: Packer) -> Iterator[Any]:
        """``pack`` of each prepared batch. Raises ClusterError, WorkerLost, and what a batch raises."""
        self._join()
        waiting: deque[_Task] = deque()
        for batch in batches:
            waiting.append(self._given(batch, pack))
            if len(waiting) >= len(self._hands) * _AHEAD:
                yield self._taken(waiting.popleft(), pack)
        while waiting:
            yield self._taken(waiting.popleft(), pack)

    def close(self) -> None:
        for hand in [*self._hands, *self._joining]:
            self._ray.kill(hand.actor)
        self._hands, self._joining = [], []
        if self._ours:
            self._ray.shutdown()
            self._ours = False

    def _join(self) -> None:
        if self._hands or self._joining:
            return
        if not self._ray.is_initialized():
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            where: dict[str, Any] = {"address": self._address}
            if self._address == LOCAL:
                where |= {"include_dashboard": False, "num_cpus": self._workers or None}
            try:
                _knock(self._address)
                self._ray.init(log_to_driver=False, logging_level="error", **where)
            except Exception as error:  # Ray raises these very ones, too
                why = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise ClusterError(
                    f"no Ray cluster answers at {self._address!r} ({why}): start one with ray "
                    "start --head, name its HOST:PORT, or take --ray local"
                ) from error
            self._ours = True
        there = self._ray.cluster_resources()
        gpus = int(there.get("GPU", 0)) if self._gpu else 0
        self._gpu = gpus > 0
        wanted = self._workers or gpus or int(there.get("CPU", 1)) or 1
        self._joining = [self._hired() for _ in range(wanted)]

    def _hired(self) -> _Hand:
        make = self._ray.remote(num_cpus=1, num_gpus=int(self._gpu), max_restarts=0)(_Preparer)
        actor = make.remote(self._recipe)
        return _Hand(actor, actor.greeting.remote())

    def _given(self, batch: Sequence[Article], pack: Packer) -> _Task:
        hand = min(self._ready(), key=lambda hand: hand.busy)
        hand.busy += 1
        return _Task(batch, hand, hand.actor.packed.remote(batch, pack))

    def _ready(self) -> list[_Hand]:
        """The actors that work, those that have just joined included; waits where there is none."""
        while self._joining:
            patience = 0.0 if self._hands else _PATIENCE_S
            done, _ = self._ray.wait([hand.greeting for hand in self._joining], timeout=patience)
            if not done:
                break
            hand = next(hand for hand in self._joining if hand.greeting == done[0])
            self._joining.remove(hand)
            try:
                self._check(self._got(hand.greeting))
            except self._ray.exceptions.RayActorError as error:
                self._replace(hand, error)
                continue
            self._hands.append(hand)
        if not self._hands:
            raise WorkerLost(
                f"the Ray cluster had no room for a worker within {_PATIENCE_S:.0f} s; what was published before is "
                "untouched: give it processors, or run again without --ray"
            )
        return self._hands

    def _taken(self, task: _Task, pack: Packer) -> Any:
        """The task's result, from another actor if its own has died."""
        while True:
            try:
                found = self._got(task.result)
            except (self._ray.exceptions.RayActorError, self._ray.exceptions.ObjectLostError) as error:
                if task.hand in self._hands:
                    self._hands.remove(task.hand)
                    self._replace(task.hand, error)
                again = self._given(task.batch, pack)
                task.hand, task.result = again.hand, again.result
            else:
                task.hand.busy -= 1
                return found

    def _got(self, result: Any) -> Any:
        try:
            return self._ray.get(result)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ServiceError):
                raise error.cause from None
            raise ClusterError(f"a Ray worker failed: {error.cause!r}") from error

    def _replace(self, hand: _Hand, error: Exception) -> None:
        self.lost += 1
        if self.lost > _LOSSES:
            raise WorkerLost(
                f"{self.lost} Ray workers died, perhaps for lack of memory; what was published before is untouched: "
                "run again with fewer of them (RASAD_INGEST_WORKERS) or without --ray"
            ) from error
        self._joining.append(self._hired())

    def _check(self, theirs: tuple[str, str]) -> None:
        if theirs != _code():
            raise ClusterError(
                f"a Ray worker has rasad {theirs[0]} with terms {theirs[1]}, this process {' and '.join(_code())}: "
                "install the same version on every node"
            )


class _Preparer:
    """What an actor does."""

    def __init__(self, recipe: Recipe) -> None:
        self._preparation = recipe.preparation()

    def greeting(self) -> tuple[str, str]:
        return _code()

    def packed(self, batch: Sequence[Article], pack: Callable[[Any], Any]) -> Any:
        return pack(self._preparation.prepare(batch))


def _code() -> tuple[str, str]:
    return service.__version__, analyzer.ANALYZER_ID


def _knock(address: str) -> None:
    """Raise OSError where nothing listens: Ray itself would go on trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()


def _imported() -> ray_module:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise ClusterError("--ray needs the package ray: pip install 'rasad[ray]'") from error
    return ray
