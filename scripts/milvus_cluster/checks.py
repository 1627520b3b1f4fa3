"""The parts of the backends' contract that a server without sparse vectors can keep, against the embedded backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from milvus_cluster.reading import Vector
from milvus_cluster.writing import edition
from service.backends.base import Filter
from service.engine import Engine
from service.errors import ArticleNotFound
from service.records import Article

FILTERS = (
    None, Filter(languages=("ar",)), Filter(languages=("en",)), Filter(languages=("xx",)),
    Filter(period=("2014-01-01", "2015-06-30")), Filter(period=("", "2013-12-31")),
)  # fmt: skip


def run(cluster: Engine, mirror: Engine, name: str, vectors: Sequence[Vector], articles: Sequence[Article]) -> int:
    """Checks that passed. Raises AssertionError with what was found."""
    checks = 0
    sources = sorted({article.source for article in articles if article.source})[:2]
    keeps = [*FILTERS, *(Filter(published_by=(source,)) for source in sources)]

    def agree() -> None:
        nonlocal checks
        one, other = cluster.reader(name), mirror.reader(name)
        for keep in keeps:
            for vector in vectors:
                for depth in (10, 10_000):
                    found, wanted = (r.search_vector(vector, depth, keep) for r in (one, other))
                    _same(_scores(one.docids, found), _scores(other.docids, wanted), depth)
                    checks += 1
        assert one.article_ids() == other.article_ids(), "the same articles in the same order"
        assert one.copies() == other.copies()
        for article in one.article_ids()[::7]:
            assert one.article(article) == other.article(article)
            checks += 1

    def both(change: Callable[[Engine], object]) -> None:
        change(mirror)
        change(cluster)
        agree()

    agree()
    before, version = cluster.reader(name), cluster.version(name)
    kept = before.search_vector(vectors[0], 10)
    changed = [edition(article, 1) for article in articles[:5]]
    both(lambda engine: engine.take(name, changed, True))
    again = cluster._backend.reader(name, version).search_vector(vectors[0], 10)
    assert np.array_equal(kept.keys, again.keys), "a version stays as it is while the next is published"
    gone = [article.article_id for article in articles[5:8]]
    both(lambda engine: engine.delete(name, gone))
    for article_id in gone:
        try:
            cluster.article(name, article_id)
        except ArticleNotFound:
            checks += 1
        else:
            raise AssertionError(f"{article_id} was deleted and is still there")
    both(lambda engine: engine.take(name, list(articles[5:8]), True))
    return checks + 1


def _scores(docids: Callable[[Sequence[int]], list[str]], found: object) -> dict[str, float]:
    keys, scores = found.keys.tolist(), found.scores.tolist()  # type: ignore[attr-defined]
    return dict(zip(docids(keys), scores, strict=True))


def _same(found: dict[str, float], wanted: dict[str, float], depth: int) -> None:
    assert len(found) == len(wanted), f"{len(found)} passages, wanted {len(wanted)}"
    assert np.allclose(sorted(found.values()), sorted(wanted.values()), atol=1e-4), "scores"
    if depth > len(wanted):  # all there are: no equals were cut off
        assert found.keys() == wanted.keys(), sorted(found.keys() ^ wanted.keys())[:5]
        assert all(abs(found[docid] - score) < 1e-4 for docid, score in wanted.items())
