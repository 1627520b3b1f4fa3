"""What each part of the ranking is worth: the same evaluation with one part switched off at a time.

    scripts/ablations --topics FILE.jsonl --qrels FILE [--collection NAME] [--xquad DIR] [--reports FILE.jsonl]
                      [--bitext EN AR] [--mixed] [--only PART,...] [--write FILE.md]

prints Markdown tables, one for each set; with --write they replace what stands between the marks in that file. Parts
are switched through the settings, so every row can be made again by hand: RASAD_<SETTING>=... scripts/evaluate ...
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from service import ablation_sets, evaluation, mixed_collection
from service.ablation_sets import Named, Values, notice
from service.engine import Engine
from service.errors import InputError, ServiceError
from service.records import Fusion, Leg, Translation
from service.settings import Settings

MARKS = "<!-- made by scripts/ablations: do not edit -->", "<!-- end of what scripts/ablations made -->"
SURE = 0.05  # p below which a difference is set in bold


@dataclass(frozen=True, slots=True)
class Part:
    """A row: what is left out, and how."""

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    leg: Leg = Leg.FUSED


WHOLE = Part("everything")
PARTS = (
    Part("without BM25", {"weight_bm25": 0.0}),
    Part("without the cross-language leg", {"weight_cross": 0.0}),
    Part("without vectors", {"weight_dense": 0.0}),
    Part("without places", {"weight_place": 0.0}),
    Part("without feedback", {"weight_feedback": 0.0}),
    Part("without the article's score", {"weight_article": 0.0}),
    Part("without synonyms", {"weight_synonyms": 0.0}),
    Part("without reading short articles again", {"weight_alignment": 0.0}),
    Part("without words spelt alike", {"weight_variants": 0.0}),
    *(Part(f"translator without {part}", {"translate_without": part.value}) for part in Translation),
    Part("reciprocal rank fusion", {"fusion": Fusion.RRF}),
    *(Part(f"{leg} leg alone", {}, leg) for leg in (Leg.BM25, Leg.CROSS, Leg.DENSE)),
)


def main(argv: Sequence[str] | None = None) -> int:
    """0 measured, 2 error."""
    options = _parser().parse_args(argv)
    try:
        wanted = [name.strip() for name in options.only.split(",")] if options.only else []
        unknown = sorted(set(wanted) - {part.name for part in PARTS})
        if unknown:
            raise InputError(f"--only: wanted any of {'; '.join(p.name for p in PARTS)}, found {unknown[0]!r}")
        text = "\n".join(_sections(options, [part for part in PARTS if not wanted or part.name in wanted]))
        if options.write:
            _write(options.write, text)
    except (ServiceError, OSError) as error:
        notice(f"ablations: {error}")
        return 2
    print(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ablations", description="What each part of the ranking is worth.")
    parser.add_argument("--collection", default="news", metavar="NAME", help="collection of the topics (default: news)")
    parser.add_argument("--topics", type=Path, metavar="FILE.jsonl", help="with --qrels")
    parser.add_argument("--qrels", type=Path, metavar="FILE")
    parser.add_argument("--xquad", type=Path, metavar="DIR", help="folder with xquad.en.json and xquad.ar.json")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask every Nth of XQuAD's questions only")
    parser.add_argument(
        "--reports", type=Path, metavar="FILE.jsonl", help="the team's reports; the held-out fifth asks"
    )
    parser.add_argument("--bitext", type=Path, nargs=2, metavar=("EN", "AR"), help="two files of parallel lines")
    parser.add_argument(
        "--mixed", action="store_true", help="also the topics' collection with XQuAD's English paragraphs"
    )
    parser.add_argument("--only", metavar="PART,...", help="these rows instead of all")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the tables between the marks in this file")
    return parser


def _sections(options: argparse.Namespace, parts: Sequence[Part]) -> list[str]:
    """The Markdown lines of every set that was given; the sample collection is always there."""
    if (options.topics is None) != (options.qrels is None):
        raise InputError("--topics and --qrels go together: give both or neither")
    if options.mixed and not (options.topics and options.xquad):
        raise InputError("--mixed needs --topics with --qrels, and --xquad: give them or leave it out")
    if options.every < 1:
        raise InputError(f"--every must be at least 1, found {options.every}")
    settings, lines = Settings.from_env(), []
    with ExitStack() as stack:
        temporary, folder = stack.enter_context(ablation_sets.workshop(settings))
        sets = [ablation_sets.sample(temporary)]
        if options.reports:
            sets.append(ablation_sets.reports(temporary, folder, options.reports))
        if options.xquad:
            sets.append(ablation_sets.xquad(temporary, folder, options.xquad, options.every))
        if options.topics:
            engine = stack.enter_context(closing(Engine(settings)))
            sets.append(ablation_sets.news(engine, options.collection, options.topics, options.qrels))
        for named in reversed(sets):
            lines += _section(named, parts, settings)
        if options.bitext:
            lines += _bitext(temporary, *options.bitext)
        if options.mixed:
            lines += mixed_collection.section(temporary, folder, engine, options)
    return lines


def _section(named: Named, parts: Sequence[Part], settings: Settings) -> list[str]:
    """One set's table: nDCG@10 of everything, and of each part left out what that changes."""
    head = " | ".join(f"{f.name} | R@100" for f in named.fields)
    lines = [f"### {named.title}", "", f"| nDCG@10 | {head} |", "| --- |" + " --- |" * (2 * len(named.fields))]
    whole: list[Values] = []
    for part in (WHOLE, *parts):
        notice(f"{named.title}: {part.name}")
        found = [f.measured(part.leg, replace(settings, **part.changes)) for f in named.fields]
        whole = whole or found
        cells = [f"{_cell(mine, base)} | {_mean(mine, 'R@100')}" for mine, base in zip(found, whole, strict=True)]
        lines.append(f"| {part.name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _mean(values: Values, measure: str) -> str:
    return f"{evaluation.mean(values[measure]):.3f}"


def _cell(mine: Values, base: Values) -> str:
    """nDCG@10, and against everything its difference with the p value of a paired randomisation test."""
    if mine is base:
        return _mean(mine, "nDCG@10")
    ours, theirs = mine["nDCG@10"], base["nDCG@10"]
    gain = evaluation.mean(ours) - evaluation.mean(theirs)
    p = evaluation.paired_randomisation([ours[t] for t in ours], [theirs[t] for t in ours])
    told = f"{gain:+.3f}, p {p:.4f}" if gain else "same"
    return f"{_mean(mine, 'nDCG@10')} ({f'**{told}**' if p < SURE else told})"


def _bitext(engine: Engine, english: Path, arabic: Path) -> list[str]:
    left, right = evaluation.read_bitext(english, arabic)
    ways = [evaluation.bitext_top1(engine.encoder, a, b) for a, b in ((left, right), (right, left))]
    return [
        f"### Vectors alone: {len(left):,} parallel sentences",
        "",
        "| top-1 | en -> ar | ar -> en |",
        "| --- | --- | --- |",
        f"| {engine.encoder.encoder_id} | {ways[0]:.3f} | {ways[1]:.3f} |",
        "",
    ]


def _write(path: Path, text: str) -> None:
    before = path.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    if len(pattern.findall(before)) != 1:
        raise InputError(
            f"{path} must hold the marks {MARKS[0]} and {MARKS[1]} once each: add them where tables belong"
        )
    after = pattern.sub(lambda _: f"{MARKS[0]}\n\n{text}\n{MARKS[1]}", before)
    path.write_text(after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
