"""Places and dates through a whole index: ingest, search, filters, segments and deletes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import annotator, focus, ingest
from service.backends.base import Filter
from service.backends.embedded.reader import EmbeddedReader, _first
from service.backends.embedded.writer import EmbeddedWriter
from service.engine import Engine
from service.errors import QueryError
from service.places.area import Area, Relation
from service.records import Article, Facets, Filters, Language, Ranking
from service.retriever import Retriever
from service.settings import Settings

DIM = 8
REPORTS = {
    "hawija": ("2015-08-07", "غارة قرب الحويجة", "شن التحالف غارة على موقع في قضاء الحويجة جنوب غرب كركوك."),
    "muzayrir": ("2020-05-14", "غارة فرنسية", "أغارت طائرات فرنسية أمس على قرية مزيرير في محافظة كركوك."),
    "ghab": ("2015-08-08", "غارة في الغاب", "شن الطيران غارة على الحويجة في سهل الغاب بريف حماة في سوريا."),
    "mosul": ("2015-08-09", "غارة في الموصل", "شن التحالف غارة على مدينة الموصل."),
    "tikrit": ("", "Strike in Tikrit", "The coalition made a strike in Tikrit on 3 August 2015."),
    "market": ("2015-08-10", "السوق", "شن التحالف حملة على الأسعار وارتفعت غارة الأسعار."),
}


class FakeEncoder:
    """Vectors that depend on the text alone."""

    encoder_id, dim = "fake", DIM

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:  # type: ignore[type-arg]
        return np.stack([self.encode_query(text) for text in texts]) if texts else np.zeros((0, DIM), np.float32)

    def encode_query(self, text: str) -> np.ndarray:  # type: ignore[type-arg]
        digest = np.frombuffer(hashlib.sha256(text.encode()).digest()[:DIM], np.uint8).astype(np.float32)
        return (digest - 127) / np.linalg.norm(digest - 127)


def article(name: str) -> Article:
    published, title, text = REPORTS[name]
    return Article(
        name, text, hashlib.sha256(text.encode()).hexdigest(), title, "Agency" if published else "Radio", published,
        language="en" if name == "tikrit" else "ar",
    )  # fmt: skip


def write(folder: Path, *batches: Sequence[str], removed: Sequence[str] = ()) -> EmbeddedReader:
    """An index with one segment for each batch of reports."""
    pipeline = ingest.Pipeline(FakeEncoder(), 120, 1, annotator.load())  # type: ignore[arg-type]
    for batch in batches:
        with closing(EmbeddedWriter(folder, {}, DIM, 1000)) as writer:
            ingest.ingest([article(name) for name in batch], writer, pipeline)
    if removed:
        with closing(EmbeddedWriter(folder, {}, DIM, 1000)) as writer:
            ingest.delete(removed, writer, pipeline)
    return EmbeddedReader(folder, 1.5, 0.75, 0.25)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedReader]:
    with closing(write(tmp_path_factory.mktemp("index") / "c", list(REPORTS))) as opened:
        yield opened


@pytest.fixture(scope="module")
def retriever(reader: EmbeddedReader) -> Retriever:
    return Retriever(reader, FakeEncoder(), Settings())  # type: ignore[arg-type]


def found(retriever: Retriever, text: str, **given: object) -> list[str]:
    return [p.article_id for p in retriever.search(text, filters=Filters(**given)).passages]  # type: ignore[arg-type]


def area(name: str, relation: Relation = Relation.NEAR) -> Area:
    [asked] = focus.read(f"near {name}", Filters(), Settings()).areas
    return replace(asked, relation=relation)


def scored(reader: EmbeddedReader, ranking: Ranking) -> dict[str, float]:
    names = reader.docids(ranking.keys.tolist())
    return {name.removesuffix("#0"): round(float(score), 4) for name, score in zip(names, ranking.scores, strict=True)}


def test_the_place_leg_finds_what_lies_near_by_whatever_it_is_called(reader: EmbeddedReader) -> None:
    ranking = scored(reader, reader.search_places([area("Hawija")], 10))

    assert min(ranking["hawija"], ranking["muzayrir"]) > 0.5 > 0.1 > ranking["tikrit"]  # 81 km away
    assert set(ranking) == {"hawija", "muzayrir", "tikrit"}


def test_a_province_holds_its_districts(reader: EmbeddedReader) -> None:
    province = area("Kirkuk Governorate", Relation.IN)

    assert set(scored(reader, reader.search_places([province], 10))) == {"hawija", "muzayrir"}


def test_chunks_asked_for_are_scored_beyond_the_depth(reader: EmbeddedReader) -> None:
    everything = reader.search_places([area("Hawija")], 10)
    shallow = reader.search_places([area("Hawija")], 1, among=everything.keys.tolist())

    assert scored(reader, shallow) == scored(reader, everything)


@pytest.mark.parametrize("cut", range(1, len(REPORTS)))
def test_segments_and_deletes_change_nothing_but_what_was_deleted(
    tmp_path: Path, reader: EmbeddedReader, cut: int
) -> None:
    names = list(REPORTS)
    with closing(write(tmp_path / "c", names[:cut], names[cut:], removed=["mosul"])) as split:
        for asked, relation in itertools.product(("Hawija", "Mosul", "Tikrit"), (Relation.NEAR, Relation.NORTH)):
            wanted = scored(reader, reader.search_places([area(asked, relation)], 10))
            wanted.pop("mosul", None)
            assert scored(split, split.search_places([area(asked, relation)], 10)) == wanted
        keys = split.search_places([area("Hawija")], 10).keys
        assert split.facets(keys.tolist()) == reader.facets(reader.search_places([area("Hawija")], 10).keys.tolist())
        for period in (("2015-08-01", "2015-08-08"), ("2020-05-13", "2020-05-13"), ("", "2015-08-07")):
            wanted = set(
                scored(reader, reader.search_vector(np.eye(DIM, dtype=np.float32)[0], 10, Filter(period=period)))
            )
            assert set(
                scored(split, split.search_vector(np.eye(DIM, dtype=np.float32)[0], 10, Filter(period=period)))
            ) == wanted - {"mosul"}


def test_near_in_a_question_puts_near_places_first(retriever: Retriever) -> None:
    with_leg = found(retriever, "غارة قرب الحويجة")
    without = found(retriever, "غارة قرب الحويجة", places=False)

    assert with_leg[0] == "hawija"
    assert with_leg.index("muzayrir") < without.index("muzayrir")


def test_the_leg_can_be_switched_off(retriever: Retriever, reader: EmbeddedReader) -> None:
    off = Retriever(reader, FakeEncoder(), Settings(weight_place=0.0))  # type: ignore[arg-type]

    assert retriever.search("غارة قرب الحويجة").areas == ("قرب الحويجة (كركوك، العراق)",)
    assert retriever.search("غارة قرب الحويجة", filters=Filters(places=False)).areas == ()
    assert found(off, "غارة قرب الحويجة") == found(retriever, "غارة قرب الحويجة", places=False)


def test_near_and_within_km_leave_out_what_is_farther(retriever: Retriever) -> None:
    assert set(found(retriever, "غارة", near="Hawija", within_km=5)) == {"hawija"}
    assert set(found(retriever, "غارة", near="Hawija", within_km=30)) == {"hawija", "muzayrir"}
    assert set(found(retriever, "غارة", near="الحويجة، سوريا", within_km=30)) == {"ghab"}
    assert set(found(retriever, "غارة within 30 km of Hawija")) == {"hawija", "muzayrir"}


def test_place_keeps_what_names_a_place_in_it(retriever: Retriever) -> None:
    assert set(found(retriever, "غارة", place=("Kirkuk Governorate",))) == {"hawija", "muzayrir"}
    assert set(found(retriever, "غارة", place=("Syria",))) == {"ghab"}
    assert set(found(retriever, "غارة", place=("العراق",))) == {"hawija", "muzayrir", "mosul", "tikrit"}


def test_of_several_values_any_will_do_and_of_several_kinds_each_must(retriever: Retriever) -> None:
    assert set(found(retriever, "غارة", place=("Syria", "Mosul"))) == {"ghab", "mosul"}
    assert set(found(retriever, "غارة", place=("Syria", "Mosul"), near="Mosul")) == {"mosul"}
    assert set(found(retriever, "غارة", source=("Radio", "Agency"))) == set(found(retriever, "غارة"))
    assert len(found(retriever, "غارة", source=("Radio",))) == 1
    assert found(retriever, "غارة", source=("Radio", "nobody"), language=("ar", "en")) == found(
        retriever, "غارة", source=("Radio",)
    )
    assert found(retriever, "غارة", source=("nobody",)) == []


def test_a_kind_that_is_filtered_by_still_counts_its_other_values(retriever: Retriever) -> None:
    every = retriever.search("غارة", filters=Filters(facets=True)).facets
    radio = retriever.search("غارة", filters=Filters(facets=True, source=("Radio",))).facets
    syria = retriever.search("غارة", filters=Filters(facets=True, place=("Syria",))).facets

    assert every and radio and syria
    assert radio.sources == every.sources
    assert sum(count for _, count in radio.languages) == 1
    assert syria.places == every.places
    assert sum(count for _, count in syria.days) == 1


def test_a_passage_says_which_place_it_names_and_how_far_that_is(retriever: Retriever) -> None:
    first, second = retriever.search("غارة", filters=Filters(near="Hawija", within_km=30)).passages
    near = {p.article_id: p.places[0] for p in (first, second)}

    assert (near["hawija"].name_en, near["hawija"].distance_km) == ("Hawija", 0.0)
    assert near["muzayrir"].name_ar == "المزيرير"
    assert near["muzayrir"].distance_km == pytest.approx(12.4, abs=0.5)
    assert near["muzayrir"].precision_km == 30.0
    text = next(p.text for p in (first, second) if p.article_id == "muzayrir")
    assert "مزيرير" in text[near["muzayrir"].start : near["muzayrir"].end]


def test_from_and_to_look_at_publication_and_at_days_in_the_text(retriever: Retriever) -> None:
    assert set(found(retriever, "غارة", since="2015-08-08", until="2015-08-09")) == {"ghab", "mosul"}
    assert set(found(retriever, "غارة strike", since="2015-08-03", until="2015-08-03")) == {"tikrit"}
    assert set(found(retriever, "غارة", since="2020-05-13", until="2020-05-13")) == {
        "muzayrir"
    }  # "yesterday" of the 14th
    assert set(found(retriever, "غارة strike", until="2015-08")) == set(REPORTS) - {"muzayrir"}


def test_relative_words_filter_against_now(retriever: Retriever) -> None:
    assert set(found(retriever, "غارة yesterday", now="2015-08-10")) == {"mosul"}
    assert set(found(retriever, "غارة منذ الأسبوع الماضي", now="2015-08-15")) >= {"ghab", "mosul"}
    result = retriever.search("غارة yesterday", filters=Filters(now="2015-08-10"))
    assert result.period == ("2015-08-09", "2015-08-09")


def test_a_question_about_today_is_no_filter(retriever: Retriever) -> None:
    result = retriever.search("ما اسم الموصل اليوم؟", filters=Filters(now="2026-11-20"))

    assert "mosul" in [p.article_id for p in result.passages]


def test_a_day_without_news_is_said_and_the_rest_is_shown(retriever: Retriever) -> None:
    result = retriever.search("غارة الموصل أمس", filters=Filters(now="2026-11-20"))

    assert "mosul" in [p.article_id for p in result.passages]
    assert any("من 2026-11-19 إلى 2026-11-19" in notice for notice in result.notices)
    assert found(retriever, "غارة الموصل", since="2026-11-19") == []


def test_a_distance_in_a_question_gives_way_when_nothing_is_there(retriever: Retriever) -> None:
    result = retriever.search("غارة within 5 km of Riyadh", filters=Filters(notices_in=Language.ENGLISH))

    assert "mosul" in [p.article_id for p in result.passages]
    assert any("nothing here is within 5 km of Riyadh" in notice for notice in result.notices)
    assert found(retriever, "غارة", near="Riyadh", within_km=5) == []


def test_words_that_name_a_date_are_no_topic() -> None:
    def named(text: str, **given: Any) -> set[str]:
        return set(focus.date_words(text, Filters(**given)))

    assert named("What did the navy say in August 2015?") == {"August", "2015"}
    assert named("ماذا دمرت الغارة يوم 10 أغسطس 2015؟") >= {"10", "أغسطس", "2015"}
    assert named("Which fort was rebuilt in 1964?") == set()  # a year alone is a word like others
    assert named("ماذا حدث عام 1964؟") == set()
    assert named("strikes on 10/8/2015") == {"10", "8", "2015"}
    assert named("What did the navy say in August 2015?", dates=False) == set()
    assert named("latest raids near Mosul") == {"latest"}
    assert named("latest raids near Mosul", recent=False) == set()


def test_a_report_of_the_matter_comes_before_those_that_name_the_month(
    engine: Engine, reports: Callable[..., Path]
) -> None:
    about = {"id": "about", "text": "The old ferry sank off the coast. " + "Nobody on board was hurt. " * 60}
    named = [f"August 2015: the ferry number {n} had a new owner. " * 9 + "Nobody was there. " * 60 for n in range(9)]
    others = ["Traders sold grain. " * 30 + str(n) for n in range(40)]
    rest = [{"id": f"r{n}", "text": text} for n, text in enumerate([*named, *others])]
    engine.ingest("c", [reports(about, *rest)])

    def first(weight: float) -> str:
        settings = replace(engine.settings, weight_frame=weight)
        return (
            Retriever(engine.reader("c"), engine.encoder, settings)
            .search("Which ferry sank in August 2015?")
            .passages[0]
            .article_id
        )

    assert first(0.3) == "about"
    assert first(1.0) != "about"  # so it is their weight that decides


def test_a_phrase_that_nobody_wrote_gives_way_and_is_named(retriever: Retriever) -> None:
    result = retriever.search('غارة "جسر القمر الأزرق" الموصل', filters=Filters(notices_in=Language.ENGLISH))

    assert "mosul" in [p.article_id for p in result.passages]
    assert any('has "جسر القمر الأزرق" word for word' in notice for notice in result.notices)
    strict = retriever.search('غارة "جسر القمر الأزرق" الموصل', filters=Filters(strict_phrases=True))
    assert strict.passages == () and not any("حرفيًا" in notice for notice in strict.notices)


def test_phrase_and_day_give_way_together_where_neither_helps_alone(retriever: Retriever) -> None:
    result = retriever.search('غارة "جسر القمر الأزرق" الموصل أمس', filters=Filters(now="2026-11-20"))

    assert "mosul" in [p.article_id for p in result.passages]
    assert any("من 2026-11-19 إلى 2026-11-19" in notice for notice in result.notices)
    assert any("حرفيًا" in notice for notice in result.notices)
    assert found(retriever, 'غارة "جسر القمر الأزرق" الموصل', since="2026-11-19") == []


def test_of_two_phrases_the_one_that_nobody_wrote_gives_way(retriever: Retriever) -> None:
    (passage, *_) = retriever.search("غارة الموصل").passages
    words = " ".join(passage.text.split()[:3])
    result = retriever.search(f'"جسر القمر الأزرق" "{words}"')

    assert result.passages and all(words in p.text for p in result.passages)
    (notice,) = [notice for notice in result.notices if "حرفيًا" in notice]
    assert "«جسر القمر الأزرق»" in notice and words not in notice


def test_facets_are_counted_over_what_is_shown(retriever: Retriever) -> None:
    inside, everywhere = found(retriever, "غارة", place=("Mosul",)), retriever.search("غارة").passages
    elsewhere = next(passage for passage in everywhere if passage.article_id not in inside)
    phrase = " ".join(elsewhere.text.split()[-4:])  # found as soon as the place is left out
    there = Filters(facets=True, place=("Mosul",))
    plain, result = (
        retriever.search("غارة الموصل", filters=there),
        retriever.search(f'"{phrase}" غارة الموصل', filters=there),
    )

    assert any("حرفيًا" in notice for notice in result.notices)
    assert result.facets and plain.facets
    assert result.facets.places and dict(result.facets.places) == dict(plain.facets.places)


def test_a_phrase_that_somebody_wrote_is_demanded(retriever: Retriever) -> None:
    (passage, *_) = retriever.search("غارة الموصل").passages
    words = " ".join(passage.text.split()[:3])
    result = retriever.search(f'"{words}"')

    assert result.passages and all(words in p.text for p in result.passages)
    assert not any("حرفيًا" in notice for notice in result.notices)


def test_a_pasted_report_is_not_filtered_by_its_own_yesterday(retriever: Retriever) -> None:
    text = " ".join(["غارة التحالف أمس على الموصل"] * 6)

    assert "mosul" in found(retriever, text, now="2026-11-20")


def test_a_date_in_a_question_is_preferred_not_required(retriever: Retriever) -> None:
    result = retriever.search("غارة في آب 2015")

    assert result.period == ("2015-08-01", "2015-08-31")
    assert "muzayrir" in [p.article_id for p in result.passages]
    assert [day.first for p in result.passages for day in p.dates] == ["2015-08-03"]
    assert retriever.search("غارة في آب 2015", filters=Filters(dates=False)).period == ("", "")


def test_recency_is_a_preference_that_acts_and_can_be_switched_off(retriever: Retriever) -> None:
    plain = found(retriever, "غارة التحالف")
    latest = found(retriever, "غارة التحالف", recent=True)

    assert plain.index("muzayrir") > latest.index("muzayrir")
    asked, off = found(retriever, "أحدث غارة التحالف"), found(retriever, "أحدث غارة التحالف", recent=False)
    assert asked.index("muzayrir") < off.index("muzayrir")


def test_facets_count_articles(retriever: Retriever) -> None:
    facets = retriever.search("غارة", filters=Filters(facets=True)).facets

    assert facets is not None
    assert dict(facets.months) == {"2015-08": 5, "2020-05": 1}  # the day of the one without metadata is in its text
    assert dict(facets.days)["2015-08-07"] == 1
    assert dict(facets.sources) == {"Agency": 5, "Radio": 1}
    assert dict(facets.languages) == {"ar": 5, "en": 1}
    assert dict(facets.places)["Hawija, Kirkuk, Iraq"] == 1
    assert retriever.search("غارة").facets is None


def test_facets_do_not_depend_on_segments(tmp_path: Path) -> None:
    names = list(REPORTS)
    whole, parts = write(tmp_path / "a", names), write(tmp_path / "b", names[:2], names[2:])

    with closing(whole), closing(parts):
        every = [reader.facets(list(range(reader.manifest.chunks))) for reader in (whole, parts)]
    assert every[0] == every[1]


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.9]), max_size=30), st.integers(1, 12))
def test_the_highest_are_those_of_a_full_sort(values: list[float], depth: int) -> None:
    scores = np.array(values)
    keys = np.arange(len(scores))
    assert sorted(_first(keys, scores, depth)) == sorted(np.lexsort((keys, -scores))[:depth])


def test_no_chunks_have_no_facets(reader: EmbeddedReader) -> None:
    assert reader.facets([]) == Facets()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"near": "Xyzzyville"}, "no such place is known"),
        ({"within_km": 5.0}, "within_km needs a place"),
        ({"near": "Hawija", "within_km": -1.0}, "more than 0 km"),
        ({"since": "soon"}, "from is a date"),
        ({"since": "2016", "until": "2015"}, "exchange them"),
        ({"now": "monday"}, "now is a date"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused(
    retriever: Retriever, given: dict[str, object], said: str
) -> None:
    with pytest.raises(QueryError, match=said):
        found(retriever, "غارة", **given)


def test_an_ambiguous_name_is_offered(retriever: Retriever) -> None:
    result = retriever.search("غارة", filters=Filters(near="Hawija", notices_in=Language.ENGLISH))

    assert result.notices == ("near=Hawija was read as Hawija (Kirkuk, Iraq); not Al-Huwayja (Ghab) (Hama, Syria)?",)
    assert result.areas == ("within 50 km of Hawija (Kirkuk, Iraq)",)


def test_notices_are_in_the_language_of_the_question_unless_another_is_given(retriever: Retriever) -> None:
    arabic = retriever.search("غارات قرب الحويجة")
    english = retriever.search("غارات قرب الحويجة", filters=Filters(notices_in=Language.ENGLISH))

    assert arabic.areas == ("قرب الحويجة (كركوك، العراق)",) and "فُهم «الحويجة»" in arabic.notices[0]
    assert english.areas == ("near Hawija (Kirkuk, Iraq)",) and "الحويجة was read as" in english.notices[0]


def test_the_same_question_has_the_same_answer(retriever: Retriever) -> None:
    given = Filters(near="Hawija", now="2015-08-10", facets=True)
    one, other = (retriever.search("latest غارة", filters=given) for _ in range(2))

    assert replace(one, took_ms=0) == replace(other, took_ms=0)
