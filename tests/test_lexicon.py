from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import analyzer, lexicon
from service.errors import ModelError
from service.records import Language

LINES = [
    ("strike", "غارة", 1.0),
    ("strikes", "ضربة", 0.5),
    ("strike", "إضراب", 0.5),
    ("air strike", "غارة جوية", 1.0),
    ("raid", "غارة", 1.0),
    ("the", "ال", 1.0),
    ("one two three four five six", "كلمة", 1.0),
]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    assert lexicon.pack(tmp_path / "lexicon", LINES) == {"en-ar": 3, "ar-en": 4}
    return tmp_path / "lexicon"


def stem(word: str) -> str:
    return " ".join(analyzer.terms(word))


def test_equivalents_are_index_terms_whose_weights_sum_to_one(packed: Path) -> None:
    english = lexicon.load(Language.ENGLISH, packed)
    assert dict(english.look_up(stem("striking"))) == pytest.approx(
        {stem("غارات"): 0.5, stem("ضربات"): 0.25, stem("الإضراب"): 0.25}
    )
    assert english.look_up("unknown") == []


def test_both_directions_and_phrases(packed: Path) -> None:
    english, arabic = lexicon.load(Language.ENGLISH, packed), lexicon.load(Language.ARABIC, packed)
    assert english.look_up(stem("air strikes")) == [(stem("الغارة الجوية"), 1.0)]
    assert english.begins_phrase(stem("air"))
    assert not english.begins_phrase(stem("strikes"))
    assert sorted(arabic.look_up(stem("غارة"))) == [("raid", 0.5), ("strike", 0.5)]


def test_the_likelier_comes_first_then_the_alphabet(packed: Path) -> None:
    found = lexicon.load(Language.ENGLISH, packed).look_up("strike")
    assert found == sorted(found, key=lambda entry: (-entry[1], entry[0]))


def test_headwords_that_share_a_stem_have_entries_of_their_own(tmp_path: Path) -> None:
    lines = [
        ("direct", "مباشر", 1.0),
        ("directive", "توجيه", 1.0),
        ("directives", "تعليمات", 0.5),
        ("raid", "غارة", 1.0),
    ]
    lexicon.pack(tmp_path / "lexicon", lines, frozenset({"direct", "directive", "raid"}))
    english = lexicon.load(Language.ENGLISH, tmp_path / "lexicon")
    assert [target for target, _ in english.look_up(stem("directive"))] == [
        stem("توجيه"),
        stem("مباشر"),
        stem("تعليمات"),
    ]
    assert dict(english.look_up_word("directives")) == pytest.approx(
        {stem("توجيه"): 2 / 3, stem("تعليمات"): 1 / 3}, rel=1e-3
    )
    assert english.look_up_word("direct") == [(stem("مباشر"), 1.0)]
    assert english.look_up_word("raid") == []  # alone with its stem: no second entry


def test_arabic_headwords_that_share_a_stem_have_entries_of_their_own(tmp_path: Path) -> None:
    lines = [("role", "دور", 1.0), ("league", "دوري", 1.0), ("quarry", "محجر", 1.0), ("lap", "دور", 0.1)]
    lexicon.pack(tmp_path / "lexicon", lines)
    arabic = lexicon.load(Language.ARABIC, tmp_path / "lexicon")
    assert stem("دور") == stem("دوري")
    for word in ("دوري", "الدوري", "بالدوري", "والدوري", "ودوري"):
        assert arabic.look_up_word(analyzer.normalize(word)) == [("leagu", 1.0)], word
    assert arabic.look_up_word("دور") == [("role", 1.0)]  # a rare sense goes under the stem alone
    assert {target for target, _ in arabic.look_up(stem("الدور"))} == {"role", "leagu", "lap"}
    assert arabic.look_up_word("محجر") == []  # alone with its stem: no second entry


def test_packing_again_gives_the_same_files(packed: Path, tmp_path: Path) -> None:
    lexicon.pack(tmp_path / "again", LINES)
    first, second = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in (packed, tmp_path / "again"))
    assert first == second


def test_what_is_packed_with_another_analyzer_is_refused_with_both_named(packed: Path) -> None:
    (packed / "config.json").write_text(json.dumps({"analyzer": "ar-en-0"}))
    with pytest.raises(ModelError, match=f"ar-en-0, this code has {analyzer.ANALYZER_ID}"):
        lexicon.load(Language.ENGLISH, packed)


@pytest.mark.parametrize("harm", ["missing", "truncated", "no json"])
def test_a_lexicon_that_cannot_be_read_is_named(packed: Path, harm: str) -> None:
    if harm == "missing":
        (packed / "en-ar.ids.npy").unlink()
    elif harm == "truncated":
        (packed / "en-ar.ids.npy").write_bytes(b"\x93NUM")
    else:
        (packed / "config.json").write_text("{")
    with pytest.raises(ModelError, match=str(packed)):
        lexicon.load(Language.ENGLISH, packed)


def test_the_bundled_lexicon_fits_this_code() -> None:
    found = dict(lexicon.load(Language.ENGLISH).look_up("airstrik"))
    assert stem("غارة") in found or stem("غارة جوية") in found


def test_team_lists_are_read_in_sense_order(tmp_path: Path) -> None:
    (tmp_path / "lexicon-en-ar.tsv").write_text("# words\nstrike\tغارة، ضربةـ\nbad line\n", "utf-8")
    (tmp_path / "lexicon-phrases.tsv").write_text("air base\tقاعدة جوية\nUS-led raid\tغارة أمريكية\n", "utf-8")
    (tmp_path / "lexicon-ar-en.tsv").write_text("قصف\tقصف يقصف\tshell, bomb\n", "utf-8")
    head = "name_en\talt_en\tname_ar\talt_ar" + "\tx" * 6
    row = "Hawija\tHawijah|Huwaijah\tالحويجة\t" + "\t" * 6
    (tmp_path / "gazetteer.tsv").write_text(f"{head}\n{row}\n", "utf-8")
    more = tmp_path / "more"
    more.mkdir()
    (more / "lexicon-en-ar-a.tsv").write_text("# more\nquarry\tمحجر\nstrike\tإضراب\n", "utf-8")
    (more / "abbreviations.tsv").write_text("# short\nUS\tUnited States\tالولايات المتحدة، أمريكا\t\n", "utf-8")
    assert lexicon.headwords(tmp_path, more) == {"strike", "quarry"}
    assert list(lexicon.team_lists(tmp_path, more)) == [
        ("strike", "غارة", 1.0),
        ("strike", "ضربة", 0.5),
        ("quarry", "محجر", 1.0),
        ("strike", "إضراب", 1 / 3),  # after the senses of the first list
        ("air base", "قاعدة جوية", 1.0),
        ("US-led raid", "غارة أمريكية", 1.0),
        ("United States-led raid", "غارة أمريكية", 1.0),  # "us" is a stop word
        ("United States", "الولايات المتحدة", 1.0),
        ("United States", "أمريكا", 0.5),
        ("shell", "قصف", 0.5),
        ("bomb", "قصف", 0.25),
        ("Hawija", "الحويجة", 1.0),
        ("Hawijah", "الحويجة", 1.0),
        ("Huwaijah", "الحويجة", 1.0),
    ]


def test_the_lists_of_the_checkout_are_lines_of_english_and_arabic() -> None:
    paths = sorted(lexicon.LISTS.glob("lexicon-*.tsv"))
    assert [path.name for path in paths] == ["lexicon-en-ar-general.tsv", "lexicon-en-ar-senses.tsv"]
    seen: set[str] = set()
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("#")
        for line in lines[1:]:
            english, arabic = line.split("\t")
            assert english.isascii() or english.isprintable(), line
            assert english not in seen, line
            assert all(
                any(analyzer.is_arabic(word) for word in analyzer.words(equal)) for equal in arabic.split("، ")
            ), line
            seen.add(english)
