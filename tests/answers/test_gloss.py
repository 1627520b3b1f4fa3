"""The English gloss of an Arabic quote, and the packing of its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from service import gloss, pack_gloss

PHRASES = "# phrases\ncar bomb\tسيارة مفخخة، سيارات مفخخة\n"
PLACES = "name_en\tvariants_en\tname_ar\tvariants_ar\tlat\tlon\tkind\tadmin\tcountry\tsource\n" + "\t".join(
    ["Hawija", "", "الحويجة", "حويجة", "35.3", "43.8", "town", "Kirkuk", "IQ", "team\n"]
)
WORDS = "سيار\tسيارة السيارة\tcar, vehicle\nانفجر\tانفجرت انفجر\texplode\n"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    for name, text in (
        ("lexicon-phrases.tsv", PHRASES), ("gazetteer.tsv", PLACES), ("lexicon-ar-en.tsv", WORDS),
    ):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_packed_table_is_what_glosses_are_made_of(lists: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = lists / "packed"
    assert pack_gloss.main([str(lists), "--out", str(packed)]) == 0
    monkeypatch.setattr(gloss, "BUNDLED", packed)
    caches = (gloss._table, gloss._word, gloss._begins_phrase)
    for cache in caches:
        cache.cache_clear()
    try:
        english = gloss.english("انفجرت سيارة مفخخة، والسيارة في الحويجة زرقاء.")
    finally:
        for cache in caches:
            cache.cache_clear()
    assert english == "explode car bomb, and the car في Hawija زرقاء."


def test_lists_that_are_not_there_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack_gloss.main([str(tmp_path), "--out", str(tmp_path / "packed")]) == 2
    assert "lexicon-phrases.tsv cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "packed").exists()


def test_the_table_that_ships() -> None:
    assert "car bomb" in gloss.english("انفجار سيارة مفخخة")
    assert gloss.english("") == ""
