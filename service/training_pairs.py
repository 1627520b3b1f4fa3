"""The training pairs of the bundled encoder: which files, how they are read, how often they are seen.

Every file is a list of English<TAB>Arabic lines, or one of the team's own lists. ``EPOCHS_SHARE`` says how often a
file's pairs are drawn in an epoch; what is not named here is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from service.errors import InputError

SENTENCES = {
    "un_keep_it_local.tsv": 2.0,
    "syrianarchive_pages.tsv": 2.0,
    "tico19.tsv": 1.0,
    "mkqa_en_ar.tsv": 1.0,
    "mmlu_en_ar.tsv": 1.0,
    "tatoeba.tsv": 1.0,
    "bible_svd_kjv.tsv": 0.5,
    "opensource_guide.tsv": 1.0,
    "open_sdg.tsv": 1.0,
    "mozilla_www.tsv": 1.0,
    "react_docs_ar.tsv": 0.5,
    "irc_serviceinfo.tsv": 1.0,
    "meedan_check_web.tsv": 1.0,
    "magento_ar.tsv": 0.5,
    "wikipedia_android.tsv": 0.5,
}
WORDS = {
    "arabic_wordnet.tsv": 1.0,
    "camel_morph_gloss.tsv": 1.0,
    "cldr_names.tsv": 1.0,
    "countries_mledoze.tsv": 1.0,
    "geonames_dr5hn.tsv": 0.5,
    "netranslit_names.tsv": 0.7,
    "osm_tagging.tsv": 1.0,
    "wiktionary_en_arb.tsv": 1.0,
}
REPORTS = "reports-ar-en.jsonl"


def held_out(report_id: str) -> bool:
    """Whether a report is kept out of training: a stable fifth of the ids."""
    return blake2b(report_id.encode()).digest()[0] % 5 == 0


def tab_separated(path: Path) -> Iterator[tuple[str, str]]:
    """(English, Arabic) of each line with exactly two filled columns."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if len(columns) == 2 and columns[0].strip() and columns[1].strip():
                yield columns[0], columns[1]


def lexicon(folder: Path) -> Iterator[tuple[str, str]]:
    """(English, Arabic) of the team's own lists: each headword with its likelier equivalents."""
    for name in ("lexicon-en-ar.tsv", "lexicon-phrases.tsv"):
        for english, arabic in tab_separated(folder / name):
            if not english.startswith("#"):
                for equivalent in arabic.split("، ")[:4]:
                    yield english, equivalent.rstrip("ـ")
    with (folder / "lexicon-ar-en.tsv").open(encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if len(columns) == 3 and not line.startswith("#"):
                for rank, equivalent in enumerate(columns[2].split(", ")[:4]):
                    forms = columns[1].split()
                    yield equivalent, forms[rank % len(forms)]
                    if rank == 0 and len(forms) > 1:
                        yield equivalent, forms[1]


def reports(folder: Path) -> Iterator[tuple[str, str]]:
    """(question or text, text) of the team's reports, across and within languages; the held-out fifth left out."""
    with (folder / REPORTS).open(encoding="utf-8") as lines:
        for line in lines:
            report = json.loads(line)
            if held_out(report["id"]):
                continue
            yield report["en"], report["ar"]
            for field in ("query_en", "question_en"):
                if report.get(field):
                    yield report[field], report["ar"]
                    yield report[field], report[field.replace("_en", "_ar")]
                    yield report[field.replace("_en", "_ar")], report["ar"]
                    yield report[field], report["en"]


def texts(folder: Path, each: int = 4_000) -> list[str]:
    """Both sides of pairs of sentences, evenly spread over every file, at most ``each`` pairs of one."""
    chosen: list[str] = []
    for pairs in [*(tab_separated(folder / name) for name in SENTENCES), reports(folder)]:
        found = list(pairs)
        chosen += [side for pair in found[:: max(1, -(-len(found) // each))] for side in pair]
    return chosen


def check_folder(folder: Path) -> None:
    """Raise InputError naming what is missing."""
    wanted = [*SENTENCES, *WORDS, REPORTS, "lexicon-en-ar.tsv", "lexicon-ar-en.tsv", "lexicon-phrases.tsv"]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise InputError(f"training wants {len(wanted)} files in {folder}, missing: {', '.join(missing)}")
