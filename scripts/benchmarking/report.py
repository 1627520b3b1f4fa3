"""The table and the plot of growth."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarking.run import Row, overlap, versions

_COLUMNS = (
    "engine", "build s", "of it analysis", "build peak MB", "disk MB", "search RSS MB", "p50 ms", "p95 ms", "p99 ms",
    "overlap@10", "questions",
)  # fmt: skip


HEAD = (
    "# Rasad beside its peers",
    "",
    "A question is four words of one passage (of the articles, for times; the topics' own for nDCG@10). The engines",
    "of words get the terms of Rasad's analyzer, and `overlap@10` is with the first of them (of txtai, with Rasad's",
    "whole search, which is another ranking). `rasad` is the whole search: three legs, feedback, places, highlights,",
    "and in the generated sets, whose passages are short articles, the best of them read again word by word; its",
    "build ingests with vectors, places, dates and near copies. `rasad three legs` does without feedback, spellings,",
    "synonyms, whole articles, weighing the languages and reading again (`RASAD_WEIGHT_FEEDBACK`,",
    "`RASAD_WEIGHT_VARIANTS`, `RASAD_WEIGHT_SYNONYMS`, `RASAD_WEIGHT_ARTICLE`, `RASAD_WEIGHT_BALANCE` and",
    "`RASAD_WEIGHT_ALIGNMENT` are 0). Both give whole passages with their highlights; `rasad three legs ids` is the",
    "second giving ids, as txtai does. Rasad's process is warm before it is asked, as its service is soon after it",
    "starts. FTS5 has k1 = 1.2 and cannot be set. Made by `scripts/benchmark`, one thread a question.",
    "",
    "![time of a question against the number of passages](benchmark.svg)",
    "",
)


def p50(row: Row) -> float:
    return round(float(np.median(row.times_ms)), 4)


def table(rows: Sequence[Row], ndcg: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Markdown lines of one set."""
    fields = sorted({field for values in ndcg.values() for field in values})
    shared = overlap(rows)
    heads = [*_COLUMNS, *(f"nDCG@10 {field}" for field in fields)]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for row in rows:
        if row.failed:
            lines.append(_line([row.engine, row.failed, *[""] * (len(heads) - 2)]))
            continue
        p50, p95, p99 = np.percentile(row.times_ms, [50, 95, 99])
        cells = [
            row.engine, f"{row.build_s:.1f}", f"{row.analysis_s:.1f}" if row.analysis_s else "", f"{row.build_mb:,.0f}",
            f"{row.disk_mb:,.0f}", f"{row.search_mb:,.0f}", f"{p50:.2f}", f"{p95:.2f}", f"{p99:.2f}",
            f"{shared[row.engine]:.3f}" if row.engine in shared else "", str(len(row.times_ms)),
            *(f"{ndcg[row.engine][field]:.3f}" if field in ndcg.get(row.engine, {}) else "" for field in fields),
        ]  # fmt: skip
        lines.append(_line(cells))
    return [*lines, ""]


def about(date: str, command: str) -> list[str]:
    """What the figures were measured on."""
    cores, load = os.cpu_count(), ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"`{command}`, {date}. Machine: {cores} cores ({platform.machine()}), {memory_gb:.0f} GiB, load average"
        f" at the end {load}. {versions()}.",
        "",
    ]


def plot(sets: Mapping[int, Mapping[str, float]], path: Path) -> None:
    """p50 of a question in ms, by engine, against the number of passages; both in logarithms."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for name in dict.fromkeys(engine for times in sets.values() for engine in times):
        points = sorted((passages, times[name]) for passages, times in sets.items() if name in times)
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="p50 of a question, ms")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
