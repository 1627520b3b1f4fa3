"""The read path on one screen: parse | translate | search the legs | fuse | fetch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from service import abbreviations, analyzer, balance, feedback, fusion, highlight, interaction, nearby
from service import focus as focusing
from service import query as queries
from service.backends.base import Filter, Reader
from service.complaints import in_language
from service.encoder import Encoder
from service.errors import SettingsError
from service.expansion import Expansion
from service.focus import Focus
from service.notices import say
from service.places.area import Area
from service.records import (
    Concept,
    Facets,
    Filters,
    Fusion,
    Hit,
    Language,
    Leg,
    LegScore,
    Match,
    Passage,
    Ranking,
    SearchResult,
)
from service.settings import Settings
from service.stages import stage

if TYPE_CHECKING:
    from service.reranker import Reranker

_READINGS = 5  # abbreviations of which is said how they were read
_COUNTED = {"place": "places", "source": "sources", "language": "languages"}  # a filter -> the facet that it is of
_REHEARSED = ("reports from near Baghdad in May 2020", "تقارير من قرب بغداد في مايو 2020")


class _Found(NamedTuple):
    """What was asked in the end, where and when was looked, what is to be said of it, all legs and the fused one."""

    query: queries.Query
    focus: Focus
    notices: list[str]
    rankings: dict[Leg, Ranking]
    fused: Ranking
    less: balance.Less | None  # the language that counted less, if one did


class Retriever:
    """Searches one pinned version of a collection; safe to use from several threads."""

    def __init__(
        self, reader: Reader, encoder: Encoder, settings: Settings, reranker: Reranker | None = None,
        notices: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._reader, self._encoder, self._settings = reader, encoder, settings
        self._reranker, self._notices = reranker, tuple(notices)
        self.expansion = Expansion(reader, settings)
        self.weights = {
            Leg.BM25: settings.weight_bm25,
            Leg.CROSS: settings.weight_cross,
            Leg.DENSE: settings.weight_dense,
            Leg.PLACE: settings.weight_place,
            Leg.FEEDBACK: settings.weight_feedback,
        }
        self.feedback = feedback.Feedback(settings.feedback_passages, settings.feedback_terms)
        self._reading = interaction.Reading(reader)
        self._aligns = bool(settings.weight_alignment) and reranker is None and settings.fusion is not Fusion.RRF

    def search(
        self, text: str, k: int = 10, explain: bool = False, filters: Filters = focusing.NO_FILTERS
    ) -> SearchResult:
        """The best ``k`` passages. Raises QueryError."""
        began = time.perf_counter()
        with stage("understand"):
            query = queries.parse(text, self._settings.max_query_chars)
            concepts, matches = self.expansion.concepts(query)
            wide = self.expansion.widened(query, concepts, focusing.date_words(text, filters))
        asked, focus, notices, rankings, fused, less = self._found(text, query, wide, filters, self._settings.depth)
        language = filters.notices_in or query.language
        reading = time.perf_counter()
        fused = self._reranked(text, rankings, fused)
        if explain and self._reranker:
            read_ms = (time.perf_counter() - reading) * 1000
            notices.append(say(language, "reranker_read", n=len(rankings[Leg.RERANKER]), ms=f"{read_ms:.0f}"))
        notices[:0] = _readings(query, language)
        if explain:
            if less:
                notices.append(say(language, f"less_{less.language}", times=f"{less.times:.2g}"))
            matches += self.expansion.further(concepts, wide, query.language)
        with stage("passages"):
            passages = self._passages(query, fused, rankings, wide, matches, k, explain, focus)
        with stage("facets"):
            facets = self._facets(text, asked, wide, filters, fused) if filters.facets else None
        heard = [say(language, name) for name in self._reader.notices()]
        took_ms = (time.perf_counter() - began) * 1000
        manifest = self._reader.manifest
        return SearchResult(
            text,
            query.language,
            passages,
            manifest.collection,
            manifest.version,
            round(took_ms, 2),
            (*(in_language(notice, language) for notice in self._notices), *notices, *focus.notices, *heard),
            focus.read_as,
            focus.shown_period,
            facets,
        )

    def rank(self, text: str, leg: Leg = Leg.FUSED, depth: int = 1000, most: int | None = None) -> list[Hit]:
        """The first ``most`` of one leg's ranking of chunks, or the fused one, ``depth`` deep; best first."""
        query = queries.parse(text, self._settings.max_query_chars)
        concepts, _ = self.expansion.concepts(query)
        if leg is Leg.RERANKER and not self._reranker:
            raise SettingsError("no reranker is set: name a cross-encoder in RASAD_RERANKER")
        if (leg is Leg.FEEDBACK and not self.weights[leg]) or (leg is Leg.ALIGNMENT and not self._aligns):
            raise SettingsError(f"the leg {leg} is switched off by the settings: no ranking of it can be had")
        if leg in (Leg.FUSED, Leg.FEEDBACK, Leg.PLACE, Leg.ALIGNMENT, Leg.RERANKER):
            wide = self.expansion.widened(query, concepts, focusing.date_words(text, focusing.NO_FILTERS))
            found = self._found(text, query, wide, focusing.NO_FILTERS, depth)
            rankings, ranking = found.rankings, found.fused
            if leg in (Leg.FUSED, Leg.RERANKER):
                ranking = self._reranked(text, rankings, ranking)
            ranking = ranking if leg is Leg.FUSED else rankings.get(leg, _nothing())
        else:
            keep = self._filter(query, focusing.read(text, focusing.NO_FILTERS, self._settings), query.language)[0]
            ranking = self._search(leg, query, concepts, keep, depth, 0.0)
        return [
            Hit(docid, float(score))
            for docid, score in zip(
                self._reader.docids(ranking.keys[:most].tolist()), ranking.scores[:most], strict=True
            )
        ]

    def warm(self) -> None:
        """Have at hand what a process needs that goes on answering: compiled loops, tables, the pages of an index."""
        self._reader.warm()
        self.expansion.warm()
        focusing.warm(self._settings)
        for text in _REHEARSED:
            self.search(text)

    def concepts(self, text: str) -> dict[Leg, list[Concept]]:
        """What the words of a question are looked for as, in its own language (BM25) and in the other (cross)."""
        return self.expansion.concepts(queries.parse(text, self._settings.max_query_chars))[0]

    def _found(
        self, text: str, query: queries.Query, wide: Mapping[Leg, list[Concept]], filters: Filters, depth: int
    ) -> _Found:
        """Where nothing is found, what the question itself demanded is taken less strictly."""
        language = filters.notices_in or query.language
        focus = focusing.read(text, filters, self._settings, language)
        keep, notices = self._filter(query, focus, language)
        found = _Found(query, focus, notices, *self._all(query, wide, keep, depth, focus))
        if not len(found.fused):
            for asked, where in self._less_strictly(query, focus, filters, language):
                keep, said = self._filter(asked, where, language)
                other = _Found(asked, where, said, *self._all(asked, wide, keep, depth, where))
                if len(other.fused):
                    return other
        return found

    def _less_strictly(
        self, query: queries.Query, focus: Focus, filters: Filters, language: Language
    ) -> Iterator[tuple[queries.Query, Focus]]:
        """The same question demanding less: no places and dates; one phrase less; no phrases; neither."""
        wider = focusing.relaxed(focus, filters, self._settings, language)
        if wider:
            yield query, wider
        demanded = [] if filters.strict_phrases else [p for p in query.phrases if any(analyzer.terms(p))]
        tries = [(focus, [phrase]) for phrase in demanded] if len(demanded) > 1 else []
        tries += [(where, demanded) for where in (focus, wider) if where and demanded]
        opening, closing = "«»" if language is Language.ARABIC else '""'
        for where, given_up in tries:
            named = say(language, "and").join(f"{opening}{phrase}{closing}" for phrase in given_up)
            said = say(language, "phrases_nowhere", phrases=named)
            kept = tuple(phrase for phrase in query.phrases if phrase not in given_up)
            yield replace(query, phrases=kept), replace(where, notices=(*where.notices, said))

    def _facets(
        self, text: str, query: queries.Query, wide: Mapping[Leg, list[Concept]], filters: Filters, fused: Ranking
    ) -> Facets:
        """Counts over the ranking; of a kind that is filtered by, as if it were not, so that more can be chosen."""
        found = self._reader.facets(fused.keys.tolist())
        for kind, counts in _COUNTED.items():
            if getattr(filters, kind):
                lifted: dict[str, Any] = {kind: ()}
                ranking = self._found(text, query, wide, replace(filters, **lifted), self._settings.depth).fused
                others = self._reader.facets(ranking.keys.tolist())
                found = replace(found, **{counts: getattr(others, counts)})
        return found

    def _all(
        self, query: queries.Query, concepts: Mapping[Leg, list[Concept]], keep: Filter, depth: int, focus: Focus
    ) -> tuple[dict[Leg, Ranking], Ranking, balance.Less | None]:
        """Every leg's ranking, the fused one, and which language counts less. Feedback looks at the others' first."""
        weight = self._settings.weight_article
        depths = {Leg.DENSE: min(depth, self._settings.depth_dense)}
        rankings = {
            leg: self._search(leg, query, concepts, keep, depths.get(leg, depth), weight)
            for leg in (Leg.BM25, Leg.CROSS, Leg.DENSE)
        }
        wanted = {leg: _with_untranslated(concepts, leg) for leg in (Leg.BM25, Leg.CROSS)}
        less = self._weigh_languages(wanted, rankings, bool(keep))
        if not len(rankings[Leg.BM25]) and not len(rankings[Leg.CROSS]):
            rankings[Leg.DENSE] = _above(rankings[Leg.DENSE], self._settings.min_cosine)
        rankings[Leg.PLACE] = self._near(focus.areas, rankings, keep, depth)
        more = bool(self.weights[Leg.FEEDBACK])
        fused = self._fuse(rankings, min(depth, self.feedback.looked_at) if more else depth, less)
        if more:
            with stage(Leg.FEEDBACK):
                rankings[Leg.FEEDBACK] = feedback.ranking(
                    self._reader, fused, self.feedback,
                    lambda widened: self._reader.search_terms(widened, depth, keep, weight),
                )  # fmt: skip
            rankings[Leg.PLACE] = self._near(focus.areas, rankings, keep, depth)
            fused = self._fuse(rankings, depth, less)
        fused = focusing.lean(fused, focus, self._reader, self._settings)
        return rankings, self._aligned(wanted, rankings, fused, focus), less

    def _aligned(
        self, wanted: Mapping[Leg, list[Concept]], rankings: dict[Leg, Ranking], fused: Ranking, focus: Focus
    ) -> Ranking:
        """The fused ranking with what the best short articles hold of the question added.

        Not where the newest are asked for, where a cross-encoder reads them, or to ranks, which have no scale.
        """
        if not self._aligns or focus.recent:
            return fused
        with stage(Leg.ALIGNMENT):
            rankings[Leg.ALIGNMENT] = self._reading.ranking(wanted, fused)
        return fusion.added(fused, rankings[Leg.ALIGNMENT], self._settings.weight_alignment)

    def _weigh_languages(
        self, wanted: Mapping[Leg, list[Concept]], rankings: dict[Leg, Ranking], filtered: bool
    ) -> balance.Less | None:
        """Bring the legs of words to one scale, whatever words a language has for the question; which counts less."""
        for leg, all_of_it in wanted.items():
            if best := self._reader.best_possible(all_of_it, self._settings.weight_article):
                rankings[leg] = Ranking(rankings[leg].keys, rankings[leg].scores / best)
        strength = self._settings.weight_balance
        both = self.weights[Leg.BM25] and self.weights[Leg.CROSS]
        if not strength or not both or self._settings.fusion is Fusion.RRF:
            return None
        with stage("balance"):
            legs, less = balance.weighed(self._reader, self._reading, wanted, rankings, filtered, strength)
        rankings.update(legs)
        return less

    def _reranked(self, text: str, rankings: dict[Leg, Ranking], fused: Ranking) -> Ranking:
        """The fused ranking with the reranker's reading of its best passages added, where there is a reranker."""
        if self._reranker is None:
            return fused
        depth, weight = self._settings.reranker_depth, self._settings.weight_reranker
        with stage(Leg.RERANKER):
            rankings[Leg.RERANKER] = self._reranker.ranking(self._reader, fused, text, depth)
        return fusion.added(fused, rankings[Leg.RERANKER], weight)

    def _near(self, areas: Sequence[Area], rankings: Mapping[Leg, Ranking], keep: Filter, depth: int) -> Ranking:
        """How near the places lie that are named in what the other legs found, and in the nearest other passages."""
        if not areas:
            return _nothing()
        among = np.concatenate([r.keys for leg, r in rankings.items() if leg is not Leg.PLACE])
        with stage(Leg.PLACE):
            return self._reader.search_places(areas, depth, keep, among)

    def _search(
        self, leg: Leg, query: queries.Query, concepts: Mapping[Leg, list[Concept]], keep: Filter, depth: int,
        article_weight: float,
    ) -> Ranking:  # fmt: skip
        """One leg's ranking; of the legs of words with ``article_weight`` times the whole article's score."""
        with stage(leg):
            if leg is not Leg.DENSE:
                return self._reader.search_terms(concepts[leg], depth, keep, article_weight)
            vector = self._encoder.encode_query(" ".join(query.words))
            return self._reader.search_vector(vector, depth, keep) if vector.any() else _nothing()

    def _fuse(self, rankings: Mapping[Leg, Ranking], depth: int, less: balance.Less | None) -> Ranking:
        lowered = balance.lowered(self._reader, rankings, less) if less else None
        if self._settings.fusion is Fusion.RRF:
            return fusion.rrf(rankings, self.weights, depth, self._settings.rrf_k)
        return fusion.convex(rankings, self.weights, depth, lowered)

    def _filter(self, query: queries.Query, focus: Focus, language: Language) -> tuple[Filter, list[str]]:
        """What must and must not be there, in both languages where the lexicon knows the words."""
        notices, phrases = [], []
        for phrase in query.phrases:
            terms = tuple(analyzer.terms(phrase))
            if not terms:
                continue
            others = self.expansion.phrase_in_other_language(phrase, query.language)
            phrases.append((terms, *others))
            if not others:
                notices.append(say(language, "phrase_as_written", phrase=phrase))
        excluded = [terms for word in query.excluded for terms in self._either(word, query.language)]
        titles = filter(None, (tuple(self._either(word, query.language)) for word in query.titles))
        sources = [(tuple(map(analyzer.normalize, analyzer.words(word))),) for word in query.sources]
        keep = Filter(
            tuple(phrases), tuple(excluded), tuple(titles), tuple(sources), focus.within, focus.period,
            focus.sources, focus.languages,
        )  # fmt: skip
        return keep, notices

    def _either(self, phrase: str, language: Language) -> list[tuple[str, ...]]:
        """The index terms of a phrase as written, with abbreviations written out, and of its translations."""
        written = (tuple(analyzer.terms(text)) for text in (phrase, abbreviations.in_full(phrase)))
        others = self.expansion.phrase_in_other_language(phrase, language)
        return list(filter(None, dict.fromkeys((*written, *others))))

    def _passages(
        self, query: queries.Query, fused: Ranking, rankings: Mapping[Leg, Ranking],
        concepts: Mapping[Leg, list[Concept]], matches: Sequence[Match], k: int, explain: bool, focus: Focus,
    ) -> tuple[Passage, ...]:  # fmt: skip
        chosen = self._chosen(fused, k)
        keys = [key for key, _ in chosen]
        wanted = {
            term for leg in (Leg.BM25, Leg.CROSS) for concept in concepts[leg] for term in concept.terms
        }  # fmt: skip
        passages: list[Passage] = []
        reader = self._reader
        near = nearby.named(reader, keys, focus.areas)
        found = zip(chosen, reader.fetch(keys), reader.languages(keys), reader.near_copies(keys), near, strict=True)
        for (key, score), stored, language, near_copies, places in found:
            article, chunk = stored.article, stored.chunk
            spans, terms = highlight.spans(chunk.text, wanted, chunk.start)
            passages.append(
                Passage(
                    len(passages) + 1,
                    round(score, 6),
                    article.article_id,
                    chunk.docid,
                    article.title,
                    article.source,
                    article.published,
                    article.url,
                    language if any(map(str.isalpha, chunk.text)) else "",
                    chunk.text,
                    chunk.start,
                    chunk.end,
                    spans,
                    stored.copies,
                    article.sha256,
                    _leg_scores(key, rankings) if explain else (),
                    tuple(m for m in matches if m.form in terms) if explain else (),
                    places,
                    nearby.dated(self._reader, key, focus.shown_period),
                    tuple(self._reader.places(key)) if explain else (),
                    near_copies,
                )
            )
        return tuple(passages)

    def _chosen(self, fused: Ranking, k: int) -> list[tuple[int, float]]:
        """The first ``k`` fused keys and their scores, equal ones by docid, few of one article."""
        depth = min(len(fused), k * self._settings.max_passages_looked_at)
        while 0 < depth < len(fused) and fused.scores[depth] == fused.scores[depth - 1]:
            depth += 1
        keys, scores = fused.keys[:depth].tolist(), fused.scores[:depth].tolist()
        homes = dict(zip(keys, self._reader.homes(keys), strict=True))
        shown: Counter[int] = Counter()
        chosen: list[tuple[int, float]] = []
        for score, tied in groupby(zip(keys, scores, strict=True), key=itemgetter(1)):
            equal = [key for key, _ in tied]
            if len(equal) > 1:
                equal = [key for _, key in sorted(zip(self._reader.docids(equal), equal, strict=True))]
            for key in equal:
                shown[homes[key]] += 1
                if shown[homes[key]] <= self._settings.passages_per_article:
                    chosen.append((key, score))
                    if len(chosen) == k:
                        return chosen
        return chosen


def _readings(query: queries.Query, language: Language) -> list[str]:
    """What is said of the abbreviations of a question."""
    shorts = (short for short in query.shorts if short and short.short not in abbreviations.EVERYDAY)
    names = {short.short: short.arabic if language is Language.ARABIC else short.name for short in shorts}
    return [say(language, "stands_for", short=short, name=name) for short, name in names.items()][:_READINGS]


def _with_untranslated(concepts: Mapping[Leg, list[Concept]], leg: Leg) -> list[Concept]:
    """A leg's concepts, and the question's words that it has none for: its passages lack what they say.

    In the order of the question.
    """
    known: dict[str, list[Concept]] = {}
    for concept in concepts[leg]:
        known.setdefault(concept.source, []).append(concept)
    return [known[word.source].pop(0) if known.get(word.source) else word for word in concepts[Leg.BM25]]


def _above(ranking: Ranking, least: float) -> Ranking:
    kept = ranking.scores >= least
    return Ranking(ranking.keys[kept], ranking.scores[kept])


def _nothing() -> Ranking:
    return Ranking(np.zeros(0, np.int64), np.zeros(0))


def _leg_scores(key: int, rankings: Mapping[Leg, Ranking]) -> tuple[LegScore, ...]:
    found = []
    for leg, ranking in rankings.items():
        at = np.flatnonzero(ranking.keys == key)
        if len(at):
            found.append(LegScore(leg, round(float(ranking.scores[at[0]]), 6), int(fusion.ranks(ranking)[at[0]])))
        else:
            found.append(LegScore(leg, None, None))
    return tuple(found)
