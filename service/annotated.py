"""Measures of what ingest finds in texts: places and dates, against annotations made by reading.

An annotation file is JSON Lines without any text: for each document its id, how far it was read (``until``), the date
it was published, and the offsets of each mention with what it means. Texts come from folders that the user has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service import corpus, evaluation
from service.errors import InputError
from service.places import distance
from service.records import Article, DateMention, PlaceMention

FindPlaces = Callable[[str], Sequence[PlaceMention]]
FindDates = Callable[[str, str], Sequence[DateMention]]  # text, published
_SHOWN = 12  # characters around a mistake that --errors shows
_MAX_TEXT_BYTES = 10_000_000


@dataclass(slots=True)
class Tally:
    """Counts of one set of documents; ``right`` is the number of found mentions that mean what the annotation says."""

    gold: int = 0
    predicted: int = 0
    found: int = 0
    exact: int = 0
    right: int = 0
    mistakes: list[str] = field(default_factory=list)

    def row(self, name: str) -> dict[str, object]:
        precision, recall = _share(self.found, self.predicted), _share(self.found, self.gold)
        return {
            "set": name,
            "gold": self.gold,
            "predicted": self.predicted,
            "precision": precision,
            "recall": recall,
            "F1": _share(2 * precision * recall, precision + recall),
            "exact": _share(self.exact, self.found),
            "accuracy": _share(self.right, self.found),
            "right of all": _share(self.right, self.gold),
        }


def report(mode: str, path: Path, texts: Sequence[Path], as_json: bool, errors: bool) -> list[str]:
    """The lines of ``evaluate --places`` and ``--dates``. Raises InputError where annotations or texts are missing."""
    from service.dates import finder as dates
    from service.places import finder as places
    from service.places import gazetteer

    if mode == "places":
        tallies = measure_places(path, texts, places.Finder(gazetteer.load()).find)
    else:
        tallies = measure_dates(path, texts, dates.find)
    if as_json:
        return [json.dumps({name: tally.row(name) for name, tally in tallies.items()})]
    return [*table(tallies), *(tallies["all"].mistakes if errors else ())]


def measure_places(path: Path, texts: Sequence[Path], find: FindPlaces) -> dict[str, Tally]:
    """By set and over "all". A mention is found when it overlaps one of the annotation; each counts once."""
    records = list(_records(path))
    gold = records[0].get("gold") if records else None
    if not isinstance(gold, dict):
        raise InputError(f"{path}:1: wanted the coordinates of the places, an object under 'gold'")
    tallies: dict[str, Tally] = {}
    known = _texts(texts, {str(record["doc"]) for record in records[1:]})
    for record in records[1:]:
        text = known[str(record["doc"])]
        mentions = [m for m in find(text) if 0 <= m.start < int(record["until"])]
        pairs = _matched([(m.start, m.end) for m in mentions], [(s, e) for s, e, _ in record["places"]])
        for name in (str(record["set"]), "all"):
            tally = tallies.setdefault(name, Tally())
            _count(tally, len(record["places"]), len(mentions), pairs, mentions, record["places"])
            for i, j in pairs:
                start, end, key = record["places"][j]
                if _is_right(mentions[i], gold[key]):
                    tally.right += 1
                else:
                    meant = mentions[i].place
                    tally.mistakes.append(
                        f"meant {key}, took {meant.name_en if meant else None}: {_around(text, start, end)}"
                    )
            taken, hit = {i for i, _ in pairs}, {j for _, j in pairs}
            tally.mistakes += [
                f"not found: {_around(text, s, e)}" for j, (s, e, _) in enumerate(record["places"]) if j not in hit
            ]
            tally.mistakes += [
                f"no place: {_around(text, m.start, m.end)}" for i, m in enumerate(mentions) if i not in taken
            ]
    return tallies


def measure_dates(path: Path, texts: Sequence[Path], find: FindDates) -> dict[str, Tally]:
    """As ``measure_places``; right is an expression whose first and last day are those of the annotation."""
    records = list(_records(path))
    tallies: dict[str, Tally] = {}
    known = _texts(texts, {str(record["doc"]) for record in records})
    for record in records:
        text = known[str(record["doc"])]
        mentions = [m for m in find(text, str(record["published"])) if m.start < int(record["until"])]
        pairs = _matched([(m.start, m.end) for m in mentions], [(s, e) for s, e, _, _ in record["dates"]])
        for name in (str(record["set"]), "all"):
            tally = tallies.setdefault(name, Tally())
            _count(tally, len(record["dates"]), len(mentions), pairs, mentions, record["dates"])
            for i, j in pairs:
                start, end, first, last = record["dates"][j]
                if (mentions[i].first, mentions[i].last) == (first, last):
                    tally.right += 1
                else:
                    took = f"{mentions[i].first}..{mentions[i].last}"
                    tally.mistakes.append(f"meant {first}..{last}, took {took}: {_around(text, start, end)}")
            taken, hit = {i for i, _ in pairs}, {j for _, j in pairs}
            tally.mistakes += [
                f"not found: {_around(text, s, e)}" for j, (s, e, *_) in enumerate(record["dates"]) if j not in hit
            ]
            tally.mistakes += [
                f"no date: {_around(text, m.start, m.end)}" for i, m in enumerate(mentions) if i not in taken
            ]
    return tallies


def table(tallies: Mapping[str, Tally]) -> list[str]:
    """Lines for reading; "all" comes last."""
    rows = [tallies[name].row(name) for name in sorted(tallies, key=lambda name: (name == "all", name))]
    columns = list(rows[0])
    lines = ["  ".join(column.rjust(max(9, len(column))) for column in columns)]
    for row in rows:
        cells = [f"{value:.4f}" if isinstance(value, float) else str(value) for value in row.values()]
        lines.append("  ".join(cell.rjust(max(9, len(column))) for cell, column in zip(cells, columns, strict=True)))
    lines.append(
        "F1: a mention counts as found where it overlaps an annotated one; exact: of these, with the same offsets"
    )
    lines.append("accuracy: of those found, with the right meaning; right of all: of all annotated ones")
    return lines


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _count(
    tally: Tally,
    gold: int,
    predicted: int,
    pairs: list[tuple[int, int]],
    mentions: Sequence[Any],
    annotated: Sequence[Any],
) -> None:
    tally.gold += gold
    tally.predicted += predicted
    tally.found += len(pairs)
    tally.exact += sum((mentions[i].start, mentions[i].end) == tuple(annotated[j][:2]) for i, j in pairs)


def _is_right(mention: PlaceMention, wanted: list[Any] | None) -> bool:
    """Within the distance that the annotation allows; of the same kind where it names one; None: not resolved."""
    place = mention.place
    if wanted is None or place is None:
        return wanted is None and place is None
    lat, lon, within_km, *kind = wanted
    if kind and (kind[0] == "country") != (place.kind == "country"):
        return False
    return bool(distance.km(lat, lon, place.lat, place.lon) <= within_km)


def _matched(found: Sequence[tuple[int, int]], gold: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of overlapping spans, the longest overlap first, each span in one pair."""
    overlaps = sorted(
        (max(s, a) - min(e, b), i, j)
        for i, (s, e) in enumerate(found)
        for j, (a, b) in enumerate(gold)
        if s < b and a < e
    )
    pairs: list[tuple[int, int]] = []
    left, right = set[int](), set[int]()
    for _, i, j in overlaps:
        if i not in left and j not in right:
            pairs.append((i, j))
            left.add(i)
            right.add(j)
    return pairs


def _around(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - _SHOWN) : start]}[{text[start:end]}]{text[end : end + _SHOWN]}".replace("\n", " ")


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number}: not a JSON object: {error.msg}") from error


def _texts(folders: Sequence[Path], wanted: Iterable[str]) -> dict[str, str]:
    """Text by document id. Raises InputError when one of the wanted is not there: it must not count as not found."""
    missing = set(wanted)
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()):
            for name, text in _read(path, missing):
                if name in missing:
                    found[name] = text
                    missing.discard(name)
    if missing:
        raise InputError(
            f"{len(missing)} annotated documents are not in --texts, e.g. {min(missing)}: name their folders"
        )
    return found


def _read(path: Path, missing: set[str]) -> Iterator[tuple[str, str]]:
    """(id, text): articles by their id, lines of a bitext as "file:line", paragraphs of XQuAD as "file:paragraph"."""
    prefix = path.name.removesuffix(".json") if path.name.startswith("xquad") else path.name
    if path.name.startswith("xquad"):
        seen = (
            {name: text for name, text, _, _ in evaluation._squad(path)}
            if any(m.startswith(prefix) for m in missing)
            else {}
        )
        yield from ((f"{prefix}:{name}", text) for name, text in seen.items())
    elif path.suffix in (".en", ".ar"):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            yield f"{path.name}:{number}", line
    elif (
        path.suffixes[-1:] in ([".txt"], [".md"], [".gz"], [".jsonl"])
        and "topic" not in path.name
        and "qrel" not in path.name
    ):
        if path.suffix in (".txt", ".md") and path.stem not in missing:
            return
        for record in corpus.read([str(path)], max_text_bytes=_MAX_TEXT_BYTES):
            if isinstance(record, Article):
                yield path.stem if path.suffix in (".txt", ".md") else record.article_id, record.text
