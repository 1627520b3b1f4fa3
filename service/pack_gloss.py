"""Packs the team's lists into the table of gloss.py: scripts/pack_gloss DIR.

DIR holds lexicon-phrases.tsv, gazetteer.tsv and lexicon-ar-en.tsv, the same lists that train_encoder packs into the
lexicon. The first line of a key counts: phrases and places come before single words.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from service import analyzer, gloss
from service.errors import InputError, ServiceError
from service.vocabulary import Terms


def pack(folder: Path, entries: Iterable[tuple[str, str]]) -> int:
    """Write the table from (Arabic, English) lines, the first of a key counting. Returns the number of entries."""
    table: dict[str, str] = {}
    for arabic, meaning in entries:
        key = " ".join(analyzer.normalize(word) for word in analyzer.words(arabic))
        if key and meaning and key.count(" ") < gloss.LONGEST:
            table.setdefault(key, meaning)
    keys = sorted(table, key=str.encode)
    folder.mkdir(parents=True, exist_ok=True)
    Terms.pack(key.encode() for key in keys).save(folder, "keys")
    Terms.pack(table[key].encode() for key in keys).save(folder, "meanings")
    return len(keys)


def team_lists(folder: Path) -> Iterator[tuple[str, str]]:
    """(Arabic, English) of the team's lists in a folder of training data: phrases, places, words by their forms."""
    for line in _lines(folder / "lexicon-phrases.tsv", 2):
        for arabic in line[1].split("، "):
            yield arabic.rstrip("ـ"), line[0]
    for line in _lines(folder / "gazetteer.tsv", 10):
        for arabic in filter(None, [line[2], *line[3].split("|")]):
            yield arabic, line[0]
    for line in _lines(folder / "lexicon-ar-en.tsv", 3):
        for form in [*line[1].split(), line[0]]:
            yield form, line[2].split(", ")[0]


def _lines(path: Path, count: int) -> Iterator[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): give the folder of the team's lists") from error
    for line in lines:
        columns = line.split("\t")
        if len(columns) == count and not line.startswith(("#", "name_en\t")):
            yield columns


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 2 error."""
    parser = argparse.ArgumentParser("pack_gloss", description="Pack the table of English glosses of Arabic words.")
    parser.add_argument("data", type=Path, metavar="DIR", help="folder of the team's lists")
    parser.add_argument("--out", type=Path, default=gloss.BUNDLED, metavar="DIR", help=f"(default: {gloss.BUNDLED})")
    options = parser.parse_args(argv)
    try:
        count = pack(options.out, team_lists(options.data))
    except (ServiceError, OSError) as error:
        print(f"pack_gloss: {error}", file=sys.stderr)
        return 2
    print(f"pack_gloss: {count:,} entries in {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
