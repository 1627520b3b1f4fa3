"""Merging beside the writer: what policy.py says is merged by a thread, and put in the place of what it was made of.

A commit publishes and does not wait for that, unless segments come faster than they can be merged. Articles that are
deleted, and segments that are added in the meantime, are so in the merged version too: a merge changes no answer.
"""

from __future__ import annotations

import shutil
import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service import memory
from service.backends.embedded import layout, policy, publishing
from service.backends.embedded.head import Content, Entry, Head
from service.backends.embedded.layout import NOTHING, Tombstones
from service.backends.embedded.merging import merge
from service.backends.embedded.segment import Segment, SegmentBuilder


@dataclass(frozen=True, slots=True)
class Source:
    """A segment that is merged, and what was left out of it."""

    entry: Entry
    segment: Segment
    marks: Tombstones


class Merger:
    """Of one writer; ``largest``: chunks of a segment. Starts a thread when something is due, until nothing is."""

    def __init__(self, head: Head, dim: int, largest: int) -> None:
        self._head, self._dim, self._largest = head, dim, largest
        memory.one_heap()
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None  # of the last merge
        self._stopped = False
        self._ended: Callable[[], None] | None = None

    def begin(self) -> None:
        """Merge what is due, if that is not under way; waits only where too many segments are left to be merged."""
        with self._state:
            if self._thread is None and self._due():
                self._error = None
                self._thread = threading.Thread(target=self._run, name="merger", daemon=True)
                self._thread.start()
            self._state.wait_for(lambda: self._thread is None or not policy.too_many(self._sizes(), self._largest))

    def close(self, ended: Callable[[], None]) -> None:
        """Wait until nothing is due; then, also where the waiting is interrupted, ``ended`` is called.

        Raises what ended the last merge.
        """
        try:
            with self._state:
                self._state.wait_for(lambda: self._thread is None)
        finally:
            with self._state:
                self._stopped = True
                if self._thread is None:
                    ended()
                else:
                    self._ended = ended
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._is_done():
                with layout.disk_errors(self._head.folder):
                    self._merge()
                memory.trim()
                with self._state:
                    self._state.notify_all()
        except Exception as error:  # raised again by ``close``: what is published is whole without it
            with self._state:
                self._error = error
                self._end()

    def _is_done(self) -> bool:
        with self._state:
            done = self._stopped or not self._due()
            if done:
                self._end()
            return done

    def _end(self) -> None:
        self._thread = None
        if self._ended:
            self._ended()
            self._ended = None  # a circle with the writer would keep files open until the collector finds it
        self._state.notify_all()

    def _sizes(self) -> list[policy.Size]:
        with self._head.turn() as (entries, deleted, _):
            live = [
                publishing.counted(self._head.segment(entry), deleted.get(str(entry["id"]), NOTHING)).rows
                for entry in entries
            ]
        return [policy.Size(rows, int(entry["chunks"]) - rows) for rows, entry in zip(live, entries, strict=True)]

    def _due(self) -> list[tuple[int, int]]:
        return policy.due(self._sizes(), self._largest)

    def _merge(self) -> None:
        with self._head.turn() as (entries, deleted, _):
            groups = [
                [Source(e, self._head.segment(e), deleted.get(str(e["id"]), NOTHING)) for e in entries[start:stop]]
                for start, stop in self._due()
            ]
        merged = self._taken(groups)

        def replaced(content: Content) -> Content:
            for sources, entry in zip(groups, merged, strict=True):
                content = in_place(content, sources, entry)
            return content

        self._head.publish(replaced, merged)

    def _taken(self, groups: Sequence[Sequence[Source]]) -> list[Entry]:
        """Each group written as one segment, in its place, which no version names yet."""
        staged = [self._head.staging / f"merged-{number}" for number in range(len(groups))]
        try:
            for folder, sources in zip(staged, groups, strict=True):
                builder = SegmentBuilder(folder, self._dim)
                try:
                    merge([(source.segment, source.marks) for source in sources], builder)
                    builder.write()
                finally:
                    builder.abandon()
            return self._head.take(staged, "m")
        finally:
            for folder in staged:  # what is not in its place, as it could not be written
                shutil.rmtree(folder, ignore_errors=True)


def in_place(content: Content, sources: Sequence[Source], merged: Entry) -> Content:
    """A version with the merged segment in the place of its sources: what was deleted since is deleted in it too."""
    entries, deleted = list(content.entries), dict(content.deleted)
    names = {str(source.entry["id"]) for source in sources}
    at = [i for i, entry in enumerate(entries) if entry["id"] in names]
    if not at:  # all that it holds is deleted by now
        return content
    left = {str(entries[i]["id"]) for i in at}
    articles: list[int] = []
    copies: list[str] = []
    first = 0
    for source in sources:
        name, dead = str(source.entry["id"]), sorted(source.marks["articles"])
        now = deleted.pop(name, NOTHING) if name in left else _all_of(source)
        rows = sorted(set(now["articles"]) - set(dead))
        articles += [first + row - bisect_left(dead, row) for row in rows]
        copies += sorted(set(now["copies"]) - set(source.marks["copies"]))
        first += int(source.entry["articles"]) - len(dead)
    entries[at[0] : at[-1] + 1] = [merged]
    if articles or copies:
        deleted[str(merged["id"])] = {"articles": articles, "copies": copies}
    return Content(entries, deleted, content.extra)


def _all_of(source: Source) -> Tombstones:
    """Of a segment that is gone, as all of it was deleted."""
    copies = [copy for copy, _ in source.segment.copies()]
    return {"articles": list(range(int(source.entry["articles"]))), "copies": copies}
