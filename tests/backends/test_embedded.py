"""The index on disk: the same answers as the definitions, whatever its history; nothing torn, nothing mixed up."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from service import analyzer
from service.backends.base import Filter
from service.backends.embedded.reader import EmbeddedReader
from service.backends.embedded.writer import EmbeddedWriter
from service.errors import ArticleNotFound, IndexDamaged, IndexLocked, IndexMismatch
from service.records import Article, Chunk, Concept, Manifest, Ranking
from service.sound import skeleton

DIM = 4
RECIPE = {"analyzer": "an-1", "encoder": "en-1", "dimension": str(DIM)}
WORDS = ["غارة", "الحويجة", "strike", "mosul", "raid", "٢٠٢٠"]
TERMS = [analyzer.terms(word)[0] for word in WORDS]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
FEW = settings(max_examples=25)  # each example writes an index and flushes it


def report(article_id: str, text: str, title: str = "", source: str = "") -> Article:
    return Article(article_id, text, hashlib.sha256(text.encode()).hexdigest(), title, source)


def vector(text: str) -> npt.NDArray[np.float32]:
    """A unit vector with few values, so that many texts are equally near."""
    found = np.array([1.0, text.count("strike"), text.count("غارة"), text.count("raid")], np.float32)
    return found / np.linalg.norm(found)


def put(writer: EmbeddedWriter, articles: Sequence[Article], words: int = 1000) -> None:
    """Each article as chunks of so many words."""
    for article in articles:
        found = [(match.start(), match.end()) for match in re.finditer(r"\S+", article.text)]
        spans = [(part[0][0], part[-1][1]) for i in range(0, len(found), words) if (part := found[i : i + words])]
        spans = spans or [(0, len(article.text))]
        texts = [article.text[start:end] for start, end in spans]
        chunks = [
            Chunk(article.article_id, i, *span, text) for i, (span, text) in enumerate(zip(spans, texts, strict=True))
        ]
        terms = [analyzer.terms(f"{article.title}\n{text}") for text in texts]
        writer.add(article, chunks, terms, np.stack([vector(text) for text in texts]))


def write(
    folder: Path,
    articles: Sequence[Article] = (),
    delete: Sequence[str] = (),
    segment_chunks: int = 1000,
    recipe: dict[str, str] = RECIPE,
    words: int = 1000,
) -> Manifest:
    with closing(EmbeddedWriter(folder, recipe, DIM, segment_chunks)) as writer:
        for article_id in delete:
            writer.delete(article_id)
        put(writer, articles, words)
        return writer.commit()


def reader(folder: Path) -> EmbeddedReader:
    return EmbeddedReader(folder, 1.5, 0.75, 0.25)


@contextmanager
def collection() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "reports"


def scores(found: Ranking, index: EmbeddedReader) -> dict[str, float]:
    return dict(zip(index.docids(found.keys.tolist()), found.scores.tolist(), strict=True))


def plain(terms: Sequence[str]) -> list[Concept]:
    return [Concept(term, {term: 1.0}) for term in terms]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Article], list[list[Article]], list[list[str]], int]:
    """(live articles, articles of each commit, ids deleted by each commit, chunks of a segment)."""
    texts = draw(st.lists(TEXTS, min_size=1, max_size=14).filter(any))
    articles = [report(f"d{i}", text) for i, text in enumerate(texts)]
    cut = draw(st.integers(0, len(articles)))
    gone = [a.article_id for a in articles[:cut] if draw(st.booleans())] if cut < len(articles) else []
    live = [article for article in articles if article.article_id not in gone]
    return live, [articles[:cut], articles[cut:]], [[], gone], draw(st.integers(2, 6))


@FEW
@given(histories(), st.lists(st.sampled_from([*TERMS, "absent"]), min_size=1, max_size=5))
def test_scores_are_those_of_rank_bm25_over_the_live_articles(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int], asked: list[str]
) -> None:
    live, commits, deletions, segment_chunks = history
    corpus = [analyzer.terms(article.text) for article in live]
    expected: dict[str, float] = {}
    if any(corpus):
        given_scores = BM25Okapi(corpus, k1=1.5, b=0.75, epsilon=0.25).get_scores(asked)
        matching = [i for i, terms in enumerate(corpus) if set(asked) & set(terms)]
        expected = {f"{live[i].article_id}#0": float(given_scores[i]) for i in matching}
    with collection() as folder:
        for articles, gone in zip(commits, deletions, strict=True):
            manifest = write(folder, articles, gone, segment_chunks)
        assert (manifest.articles, manifest.chunks) == (len(live), len(live))
        with closing(reader(folder)) as index:
            found = index.search_terms(plain(asked), 1000)
            assert scores(found, index) == pytest.approx(expected, abs=1e-6)
            assert [index.document_frequency(t) for t in asked] == [sum(t in row for row in corpus) for t in asked]
            assert set(index.vocabulary()) >= {term for row in corpus for term in row}


@FEW
@given(histories(), st.lists(st.sampled_from(TERMS), min_size=1, max_size=3), st.sampled_from([0.5, 1.0]))
def test_scores_with_the_whole_article_s_do_not_depend_on_history(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int], asked: list[str], weight: float
) -> None:
    live, commits, deletions, segment_chunks = history
    concepts = [*plain(asked), Concept("pooled", {term: 0.4 for term in TERMS[:3]}, 0.5)]
    with collection() as folder, collection() as at_once:
        for articles, gone in zip(commits, deletions, strict=True):
            write(folder, articles, gone, segment_chunks, words=2)
        write(at_once, live, words=2)
        with closing(reader(folder)) as index, closing(reader(at_once)) as other:
            found = scores(index.search_terms(concepts, 1000, None, weight), index)
            assert found == pytest.approx(scores(other.search_terms(concepts, 1000, None, weight), other), abs=1e-9)
            chunks_alone = scores(index.search_terms(concepts, 1000), index)
            assert found.keys() == chunks_alone.keys()
            by_article: dict[str, set[float]] = {}
            for docid, score in found.items():
                by_article.setdefault(docid.partition("#")[0], set()).add(round(score - chunks_alone[docid], 6))
            assert all(len(added) == 1 for added in by_article.values()), "an article adds the same to all its chunks"


def test_a_word_in_most_of_a_tiny_collection_scores_as_in_rank_bm25(tmp_path: Path) -> None:
    texts = ["strike strike mosul", "strike raid", "strike"]
    oracle = BM25Okapi([text.split() for text in texts])
    assert oracle.idf["strike"] < 0, "the average idf is negative too"
    write(tmp_path / "c", [report(f"d{i}", text) for i, text in enumerate(texts)])
    with closing(reader(tmp_path / "c")) as index:
        found = scores(index.search_terms(plain(["strike", "strike", "mosul"]), 10), index)
    expected = oracle.get_scores(["strike", "strike", "mosul"]).tolist()
    assert found == pytest.approx({f"d{i}#0": score for i, score in enumerate(expected)}, abs=1e-6)


def test_the_forms_of_a_concept_are_pooled_before_they_saturate(tmp_path: Path) -> None:
    rows = {"d0": "غارة غارة strike", "d1": "strike mosul", "d2": "mosul", "d3": "raid mosul", "d4": "raid"}
    write(tmp_path / "c", [report(name, text) for name, text in rows.items()], segment_chunks=2)
    arabic, english = TERMS[0], "strike"
    with closing(reader(tmp_path / "c")) as index:
        found = scores(index.search_terms([Concept("x", {arabic: 0.7, english: 0.2}, weight=2.0)], 10), index)
        mean = index.manifest.statistics["mean_length"]
    df = 0.7 * 1 + 0.2 * 2
    idf = math.log(5 - df + 0.5) - math.log(df + 0.5)

    def expected(frequency: float, length: int) -> float:
        return 2.0 * idf * frequency * 2.5 / (frequency + 1.5 * (0.25 + 0.75 * length / mean))

    assert found == pytest.approx({"d0#0": expected(0.7 * 2 + 0.2, 3), "d1#0": expected(0.2, 2)}, abs=1e-9)


@FEW
@given(histories(), st.integers(1, 8))
def test_the_best_are_exact_and_ties_at_the_end_go_by_docid(
    history: tuple[list[Article], list[list[Article]], list[list[str]], int], depth: int
) -> None:
    live, commits, deletions, segment_chunks = history
    with collection() as folder:
        for articles, gone in zip(commits, deletions, strict=True):
            write(folder, articles, gone, segment_chunks)
        with closing(reader(folder)) as index:
            for found, everything in (
                (index.search_terms(plain(["strike"]), depth), index.search_terms(plain(["strike"]), 1000)),
                (index.search_vector(vector("strike"), depth), index.search_vector(vector("strike"), 1000)),
            ):
                best = sorted(scores(everything, index).items(), key=lambda entry: (-entry[1], entry[0]))[:depth]
                assert scores(found, index) == dict(best)
                assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
            near = scores(everything, index)
    expected = {f"{a.article_id}#0": float(vector(a.text) @ vector("strike")) for a in live}
    assert near == pytest.approx(expected, abs=2e-3), "kept in two bytes a value"


@pytest.mark.parametrize("depth", [1, 5, 11])
def test_of_equals_in_several_segments_the_first_by_docid_are_kept(tmp_path: Path, depth: int) -> None:
    names = [f"d{i}" for i in (7, 3, 11, 2, 5, 10, 1, 9, 4, 8, 6, 0)]
    write(tmp_path / "c", [report(name, "strike") for name in names], segment_chunks=5)
    with closing(reader(tmp_path / "c")) as index:
        expected = sorted(f"{name}#0" for name in names)[:depth]
        assert sorted(scores(index.search_terms(plain(["strike"]), depth), index)) == expected
        assert sorted(scores(index.search_vector(vector("strike"), depth), index)) == expected


def stands_in(phrase: Sequence[str], article: Article) -> bool:
    size = len(phrase)
    return any(
        tuple(terms[i : i + size]) == tuple(phrase)
        for terms in (analyzer.terms(article.title), analyzer.terms(article.text))
        for i in range(len(terms) - size + 1)
    )


PHRASE = st.lists(st.sampled_from(TERMS), min_size=1, max_size=3).map(tuple)
GROUP = st.lists(PHRASE, min_size=1, max_size=2).map(tuple)
ONE = st.lists(st.sampled_from(["reuters", "رويترز"]).map(lambda name: (name,)), min_size=1, max_size=2).map(tuple)
FILTERS = st.builds(
    Filter,
    st.lists(GROUP, max_size=1).map(tuple),
    st.lists(PHRASE, max_size=2).map(tuple),
    st.lists(GROUP, max_size=1).map(tuple),
    st.lists(ONE, max_size=1).map(tuple),
)


@FEW
@given(st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["", "Reuters", "رويترز"])), min_size=1, max_size=8), FILTERS)
def test_filters_are_those_of_a_plain_reading(rows: list[tuple[str, str, str]], keep: Filter) -> None:
    articles = [report(f"d{i}", f"{text} {i}xx", title, source) for i, (text, title, source) in enumerate(rows)]

    def wanted(article: Article) -> bool:
        titles = [all(t in analyzer.terms(article.title) for t in one) for group in keep.titles for one in group]
        return (
            all(any(stands_in(phrase, article) for phrase in group) for group in keep.phrases)
            and not any(stands_in(phrase, article) for phrase in keep.excluded)
            and (any(titles) or not keep.titles)
            and all(any(name == article.source.lower() for (name,) in group) for group in keep.sources)
        )

    with collection() as folder:
        write(folder, [*articles, report("gone", "غارة strike mosul raid")], segment_chunks=3)
        write(folder, delete=["gone"])
        with closing(reader(folder)) as index:
            near = index.search_vector(vector("strike"), 100, keep)
            met = index.search_terms(plain(["strike", "raid"]), 100, keep)
            assert set(scores(near, index)) == {f"{a.article_id}#0" for a in articles if wanted(a)}
            hold = {a.article_id for a in articles if {"strike", "raid"} & set(analyzer.terms(f"{a.title}\n{a.text}"))}
            assert set(scores(met, index)) == {
                f"{a.article_id}#0" for a in articles if wanted(a) and a.article_id in hold
            }


@FEW
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_an_article_comes_back_as_received(text: str, title: str) -> None:
    article = Article(
        "a/1 ×", text, hashlib.sha256(text.encode()).hexdigest(), title, title, "2020", "u", "ar", "f:1", "9"
    )
    chunk = Chunk(article.article_id, 0, 0, len(text), text)
    with collection() as folder:
        with closing(EmbeddedWriter(folder, RECIPE, DIM, 10)) as writer:
            writer.add(article, [chunk], [[]], vector("")[None, :])
            writer.commit()
        with closing(reader(folder)) as index:
            assert index.article(article.article_id) == (article, ())
            (stored,) = index.fetch(index.search_vector(vector(""), 1).keys.tolist())
            assert (stored.article, stored.chunk, stored.copies) == (article, chunk, ())


def test_terms_that_sound_alike_are_found_while_an_article_has_them(tmp_path: Path) -> None:
    sound = skeleton("hawija")
    write(tmp_path / "c", [report("a", "Hawija Huwayjah"), report("b", "الحويجة"), report("c", "الحويجة ثانية")])
    assert len(reader(tmp_path / "c").sounds_like(sound)) == 3
    write(tmp_path / "c", delete=["a"])
    with closing(reader(tmp_path / "c")) as index:
        assert index.sounds_like(sound) == [(TERMS[1], 2)]
        assert index.sounds_like("zzz") == []


def test_a_reader_keeps_its_version_while_others_are_published(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "strike one"), report("b", "strike two")])
    with closing(reader(folder)) as old:
        for i in range(4):
            write(folder, [report(f"n{i}", f"strike new {i}")], delete=["a"] if i == 0 else [])
        assert sorted(scores(old.search_terms(plain(["strike"]), 10), old)) == ["a#0", "b#0"]
        assert sorted(scores(old.search_vector(vector("strike"), 10), old)) == ["a#0", "b#0"]
        assert old.article("a")[0].text == "strike one"
        assert old.manifest.version == "v000001"
    with closing(reader(folder)) as new:
        assert sorted(scores(new.search_terms(plain(["strike"]), 10), new)) == ["b#0", "n0#0", "n1#0", "n2#0", "n3#0"]
        with pytest.raises(ArticleNotFound, match="no article 'a' in collection 'c'"):
            new.article("a")


def test_the_last_two_versions_and_their_segments_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one")])
    for i in range(4):
        write(folder, [report(f"n{i}", f"new {i}")], delete=["a" if i == 0 else f"n{i - 1}"])
    assert sorted(path.name for path in (folder / "versions").iterdir()) == ["v000004", "v000005"]
    assert sorted(path.name for path in (folder / "segments").iterdir()) == ["s000004-0", "s000005-0"]
    assert sorted(path.name for path in folder.iterdir()) == ["CURRENT", "LOCK", "segments", "versions"]
    assert (folder / "CURRENT").read_text() == f"v000005 {zlib.crc32(b'v000005'):08x}\n"


def test_one_flipped_bit_of_the_version_s_own_files_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one"), report("b", "two")])
    write(folder, delete=["a"])
    for name in ("CURRENT", "versions/v000002/manifest.json", "versions/v000002/deleted.json"):
        path = folder / name
        whole = path.read_bytes()
        for position in range(0, len(whole.rstrip()), 1 + len(whole) // 200):
            path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            with pytest.raises(IndexDamaged, match=str(path)):
                reader(folder)
        path.write_bytes(whole)
    reader(folder).close()


def test_a_commit_without_change_publishes_nothing(tmp_path: Path) -> None:
    first = write(tmp_path / "c", [report("a", "one")])
    assert write(tmp_path / "c") == first


def test_an_emptied_collection_answers_with_nothing_and_can_be_filled_again(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "strike"), report("b", "raid")])
    manifest = write(folder, delete=["a", "b"])
    assert (manifest.articles, manifest.chunks, manifest.segments, manifest.size_bytes) == (0, 0, (), 0)
    with closing(reader(folder)) as index:
        assert len(index.search_terms(plain(["strike"]), 10)) == len(index.search_vector(vector(""), 10)) == 0
        assert index.vocabulary() == index.article_ids() == []
    assert write(folder, [report("a", "strike again")]).articles == 1


def test_the_manifest_lists_every_file_with_its_size_and_checksum(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    manifest = write(folder, [report(f"d{i}", f"strike {i}") for i in range(5)], segment_chunks=2)
    assert [segment["chunks"] for segment in manifest.segments] == [2, 2, 1]
    listed = {
        f"{segment['id']}/{name}": (file["size_bytes"], file["sha256"])
        for segment in manifest.segments
        for name, file in segment["files"].items()  # type: ignore[attr-defined]
    }
    on_disk = {
        f"{path.parent.name}/{path.name}": (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (folder / "segments").glob("*/*")
    }
    assert listed == on_disk
    assert manifest.size_bytes == sum(size for size, _ in on_disk.values())


@pytest.mark.parametrize("part", sorted(RECIPE))
def test_another_recipe_is_refused_with_both_values_named(tmp_path: Path, part: str) -> None:
    write(tmp_path / "c", [report("a", "one")])
    with pytest.raises(IndexMismatch, match=f"built with {part} {RECIPE[part]}, this code has other-7"):
        write(tmp_path / "c", recipe={**RECIPE, part: "other-7"})
    assert write(tmp_path / "c", [report("b", "two")]).articles == 2, "the lock was given back"


def test_another_format_is_refused_with_both_named(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one")])
    manifest = folder / "versions" / "v000001" / "manifest.json"
    found = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**found, "format": "rasad-segments-0"}))
    (manifest.parent / "SHA256SUMS").unlink()  # versions of then had none
    for opening in (reader, write):
        with pytest.raises(IndexMismatch, match=f"format rasad-segments-0, this code reads {found['format']}"):
            opening(folder)


def files_of_a_segment() -> list[str]:
    with collection() as folder:
        write(folder, [report("a", "one")])
        return sorted(path.name for path in (folder / "segments" / "s000001-0").iterdir())


@pytest.mark.parametrize("name", files_of_a_segment())
@pytest.mark.parametrize("harm", ["missing", "truncated", "garbled"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, harm: str) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "strike one"), report("b", "strike two")])
    path = folder / "segments" / "s000001-0" / name
    whole = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if harm == "truncated" else b"?" * len(whole))
    named = path.parent if harm == "garbled" else path
    for opening in (reader, write):
        with pytest.raises(IndexDamaged, match=str(named)):
            opening(folder)


@pytest.mark.parametrize("name", ["CURRENT", "versions/v000001/manifest.json", "versions/v000001/deleted.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]x", b"v0000"])
def test_a_damaged_version_is_named_and_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one")])
    path = folder / name
    path.write_bytes(content)
    before = sorted(folder.rglob("*"))
    for opening in (reader, write):
        with pytest.raises(IndexDamaged, match=str(path)):
            opening(folder)
    assert sorted(folder.rglob("*")) == before


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with closing(EmbeddedWriter(folder, RECIPE, DIM, 10)) as writer:
        with pytest.raises(IndexLocked, match="another process is writing to collection 'c'"):
            write(folder)
        put(writer, [report("a", "one")])
        writer.commit()
    assert write(folder, [report("b", "two")]).articles == 2


def test_what_was_not_committed_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one")])
    with closing(EmbeddedWriter(folder, RECIPE, DIM, 1)) as writer:
        writer.delete("a")
        put(writer, [report("b", "two"), report("c", "three")])
        assert (writer.known("a"), writer.known("b")) == (None, report("b", "two").sha256)
        assert writer.holder(report("c", "three").sha256) == "c"
    with closing(reader(folder)) as index:
        assert index.article_ids() == ["a"]
    assert sorted(path.name for path in folder.iterdir()) == ["CURRENT", "LOCK", "segments", "versions"]


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write(folder, [report(f"d{i}", f"strike raid {i} " * (1 + i % 7)) for i in range(60)], segment_chunks=25)
    with closing(reader(folder)) as index, ThreadPoolExecutor(8) as threads:

        def ask(i: int) -> list[tuple[str, str, float]]:
            word = ("strike", "raid")[i % 2]
            keep = Filter(phrases=(((("strike", "raid")),),))
            found = index.search_terms(plain([word]), 20, keep)
            texts = [stored.article.text for stored in index.fetch(found.keys.tolist())]
            return list(zip(index.docids(found.keys.tolist()), texts, found.scores.tolist(), strict=True))

        alone = [ask(0), ask(1)]
        assert list(threads.map(ask, range(80))) == alone * 40


def test_everything_is_flushed_before_the_version_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "c"
    write(folder, [report("a", "one")])
    done: list[int | str] = []
    replace = os.replace
    monkeypatch.setattr("os.fsync", lambda handle: done.append(os.fstat(handle).st_ino))
    monkeypatch.setattr("os.replace", lambda *paths: (done.append("published"), replace(*paths)))
    write(folder, [report("b", "two")], delete=["a"])
    published = done.index("published")
    new = [folder / "segments" / "s000002-0", folder / "versions" / "v000002"]
    wanted = [folder / "CURRENT", *(path for top in new for path in (top, top.parent, *top.iterdir()))]
    assert {path.name for path in wanted if path.stat().st_ino not in done[:published]} == set()
    assert folder.stat().st_ino in done[published:]
