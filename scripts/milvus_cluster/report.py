"""Rounds of kills as tables, and whether they are as they must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from milvus_cluster.ledger import Verdict


@dataclass
class Searches:
    """What came of the searches of one round. Times in seconds."""

    took: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)  # of answers that were given as complete
    failed: int = 0  # errors but those that say that rows are missing
    refused: int = 0  # errors that say so
    flagged: int = 0  # answers that were incomplete and said so
    careful: int = 0  # answers that were complete and said that they might not be
    unreported: int = 0  # answers that were incomplete and did not say so
    raw: int = 0  # answers of the servers that were incomplete, whatever was made of them
    noticed: int = 0  # of these, those that our code saw to be
    late: int = 0  # calls made because others were silent
    again: int = 0  # calls that failed and were made again


@dataclass(frozen=True)
class Round:
    """One kill."""

    kind: str
    searches: Searches
    rows: Verdict | None = None  # of rows written one batch at a time
    articles: Verdict | None = None  # of commits of the whole backend
    commits: int = 0


def good(rounds: Sequence[Round]) -> bool:
    """No acknowledged write was lost or doubled, no incomplete answer went unreported."""
    verdicts = [verdict for one in rounds for verdict in (one.rows, one.articles) if verdict]
    return all(v.good for v in verdicts) and not any(one.searches.unreported for one in rounds)


def head(articles: int, passages: int, shards: int, replicas: int, index: str, checks: int) -> str:
    """What was measured on, in Markdown."""
    return (
        f"Milvus 2.3.5, {shards} shards, {replicas} replicas, {index}; {articles:,} articles, {passages:,} passages; "
        f"{checks:,} checks of the contract passed; one client.\n"
    )


def tables(rounds: Sequence[Round]) -> str:
    """Markdown."""
    kinds = list(dict.fromkeys(one.kind for one in rounds))
    lines = [
        "| killed (times) | searches | failed | p50 / p95 ms | worst stall s | incomplete from the servers | "
        "of these noticed | asked again until whole | given out, flagged | refused | given out unreported | "
        "complete, flagged | recall@10 as complete | sent again: silent / failed |",
        "| --- " + "| ---: " * 13 + "|",
    ]
    for kind in kinds:
        own = [one.searches for one in rounds if one.kind == kind]
        total = Searches(*[sum((getattr(s, name) for s in own), start=_zero(name)) for name in _FIELDS])
        ms = np.array(total.took or [0.0]) * 1000
        given = total.flagged + total.refused + total.unreported
        recall = f"{np.mean(total.recalls):.4f}" if total.recalls else "none"
        lines.append(
            f"| {kind} ({len(own)}) | {len(total.took):,} | {total.failed} | {np.percentile(ms, 50):.1f} / "
            f"{np.percentile(ms, 95):.1f} | {ms.max() / 1000:.1f} | {total.raw:,} | {total.noticed:,} | "
            f"{max(0, total.raw - given):,} | {total.flagged} | {total.refused} | **{total.unreported}** | "
            f"{total.careful} | {recall} | {total.late} / {total.again} |"
        )
    written = [(one.kind, what, v, one.commits) for one in rounds for what, v in _verdicts(one) if v]
    if written:
        lines += [
            "",
            "| killed (times) | written | acknowledged: written | deleted | must be there | Strong count | "
            "read by id | **lost** | **doubled** |",
            "| --- | --- " + "| ---: " * 7 + "|",
        ]
    for kind in kinds:
        for what in ("rows", "articles"):
            own_ones = [(v, commits) for k, w, v, commits in written if (k, w) == (kind, what)]
            if not own_ones:
                continue
            last = own_ones[-1][0]  # the ledger goes on from round to round
            name = what if what == "rows" else f"articles, in {sum(c for _, c in own_ones)} commits"
            lines.append(
                f"| {kind} ({len(own_ones)}) | {name} | {last.upserts:,} | {last.deletes:,} | "
                f"{last.wanted:,}{f' to {last.wanted + last.unsure:,}' if last.unsure else ''} | {last.counted:,} | "
                f"{last.read:,} | **{sum(v.lost for v, _ in own_ones)}** | **{sum(v.doubled for v, _ in own_ones)}** |"
            )
    return "\n".join(lines)


_FIELDS = tuple(Searches.__dataclass_fields__)


def _zero(name: str) -> list[float] | int:
    return [] if name in ("took", "recalls") else 0


def _verdicts(one: Round) -> list[tuple[str, Verdict | None]]:
    return [("rows", one.rows), ("articles", one.articles)]
