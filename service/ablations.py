"""What each part of the ranking is worth: the same evaluation with one part switched off at a time.

    scripts/ablations --topics FILE.jsonl --qrels FILE [--collection NAME] [--xquad DIR]

prints a Markdown table; the parts are switched through the settings, so every row can be made again by hand with
RASAD_<SETTING>=0 scripts/evaluate ...
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence

from service import evaluate_cli

FIELDS = ("query_en", "question_en", "query_ar", "question_ar")
DIRECTIONS = ("en-ar", "ar-en", "ar-ar", "en-en")
PARTS: dict[str, dict[str, str]] = {
    "everything": {},
    "without feedback": {"RASAD_WEIGHT_FEEDBACK": "0"},
    "without the article's score": {"RASAD_WEIGHT_ARTICLE": "0"},
    "without synonyms": {"RASAD_WEIGHT_SYNONYMS": "0"},
    "without words spelt alike": {"RASAD_WEIGHT_VARIANTS": "0"},
    "without vectors": {"RASAD_WEIGHT_DENSE": "0"},
    "without places": {"RASAD_WEIGHT_PLACE": "0"},
    "reciprocal rank fusion": {"RASAD_FUSION": "rrf"},
}
LEGS = ("bm25", "cross", "dense")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code of the first evaluation that failed, else 0."""
    parser = argparse.ArgumentParser(prog="ablations", description="What each part of the ranking is worth.")
    parser.add_argument("--collection", default="news")
    parser.add_argument("--topics", required=True)
    parser.add_argument("--qrels", required=True)
    parser.add_argument("--xquad", help="folder with xquad.en.json and xquad.ar.json")
    options = parser.parse_args(argv)
    news = ["--collection", options.collection, "--topics", options.topics, "--qrels", options.qrels]
    news += ["--fields", ",".join(FIELDS)]
    xquad = ["--xquad", options.xquad, "--direction", ",".join(DIRECTIONS)] if options.xquad else []
    columns = [f"{field} {name}" for field in FIELDS for name in ("nDCG@10", "R@100")] + list(
        DIRECTIONS if xquad else ()
    )
    print("| | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for part, environ in PARTS.items():
        print(_row(part, "fused", news, xquad, environ), flush=True)
    for leg in LEGS:
        print(_row(f"{leg} leg alone", leg, news, xquad, {}), flush=True)
    return 0


def _row(name: str, leg: str, news: Sequence[str], xquad: Sequence[str], environ: Mapping[str, str]) -> str:
    scores = _measured([*news, "--legs", leg], environ)[leg]
    cells = [f"{scores[field][measure]:.3f}" for field in FIELDS for measure in ("nDCG@10", "R@100")]
    if xquad:
        further = _measured([*xquad, "--legs", leg], environ)[leg]
        cells += [f"{further[direction]['nDCG@10']:.3f}" for direction in DIRECTIONS]
    return f"| {name} | " + " | ".join(cells) + " |"


def _measured(arguments: Sequence[str], environ: Mapping[str, str]) -> dict[str, dict[str, dict[str, float]]]:
    before = dict(os.environ)
    os.environ.update(environ)
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            code = evaluate_cli.main([*arguments, "--json"])
    finally:
        os.environ.clear()
        os.environ.update(before)
    if code:
        raise SystemExit(code)
    return dict(json.loads(output.getvalue()))


if __name__ == "__main__":
    sys.exit(main())
