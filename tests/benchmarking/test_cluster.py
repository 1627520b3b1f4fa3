"""The pure parts of scripts/cluster-test: what counts as lost, doubled, incomplete or unreported; its tables."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from milvus_cluster.__main__ import main
from milvus_cluster.ledger import Ledger, Verdict
from milvus_cluster.nodes import free_ports, settings
from milvus_cluster.reading import recall
from milvus_cluster.report import Round, Searches, good, tables
from milvus_cluster.writing import edition, edition_of

from service.records import Article


def written() -> Ledger:
    """1 and 2 are there, 3 was deleted, 4's change and 5's delete were not acknowledged, nor was 6 at all."""
    ledger = Ledger()
    for keys, revision in (([1, 2, 3, 4, 5], 1), ([2], 2), ([3], 0)):
        ledger.begin(keys, revision)
        ledger.acknowledged(keys, revision)
    ledger.begin([4], 3)
    ledger.begin([5], 0)
    ledger.begin([6], 3)
    return ledger


@pytest.mark.parametrize(
    "found",
    [
        [(1, 1), (2, 2), (4, 1), (5, 1)],
        [(1, 1), (2, 2), (4, 3), (6, 3)],
        [(1, 1), (2, 2), (4, 3), (5, 1), (6, 3)],
    ],
)
def test_what_was_not_acknowledged_may_be_there_or_not(found: list[tuple[int, int]]) -> None:
    verdict = written().against(found, len(found))
    assert verdict.good and (verdict.lost, verdict.doubled) == (0, 0)
    assert (verdict.upserts, verdict.deletes, verdict.wanted, verdict.unsure) == (6, 1, 3, 2)
    assert written().living == [1, 2]


@pytest.mark.parametrize(
    ("found", "lost", "doubled"),
    [
        ([(1, 1), (4, 1)], 1, 0),  # 2 is gone
        ([(1, 1), (2, 1), (4, 1)], 1, 0),  # what 2 was changed to is gone
        ([(1, 1), (2, 2), (3, 1), (4, 1)], 1, 0),  # the delete of 3 is gone
        ([(1, 1), (2, 2), (4, 9)], 1, 0),  # 4 is what nobody wrote
        ([(1, 1), (1, 1), (2, 2), (4, 1)], 0, 1),
        ([(1, 1), (2, 2), (4, 1), (99, 1)], 0, 1),  # a row that nobody wrote
    ],
)
def test_what_was_acknowledged_must_be_there_once(found: list[tuple[int, int]], lost: int, doubled: int) -> None:
    verdict = written().against(found, 4)
    assert (verdict.lost, verdict.doubled) == (lost, doubled) and not verdict.good


def test_a_count_that_differs_is_not_good() -> None:
    found = [(1, 1), (2, 2), (4, 1)]
    assert [written().against(found, counted).good for counted in (2, 3, 5, 6)] == [False, True, True, False]


def test_an_answer_is_whole_when_its_scores_are_the_best_ones() -> None:
    wanted = [0.9, 0.8, 0.8, 0.5]
    assert recall([0.9, 0.8, 0.8, 0.50001, 0.4], wanted) == 1
    assert recall([0.9, 0.5, 0.3], wanted) == 0.5
    assert recall([], wanted) == 0 and recall([], []) == 1


def test_rounds_are_summed_and_judged() -> None:
    rows = Verdict(100, 20, 80, 80, 80, 0, 0, 0)
    first = Searches([0.01, 6.4], [1.0, 0.5], failed=1, raw=7, noticed=6, unreported=1)
    second = Searches([0.01, 0.01], [1.0], flagged=1, raw=3, noticed=3, late=2, again=4)
    rounds = [Round("query", first), Round("query", second), Round("data", Searches([0.02]), rows, rows, 3)]
    assert not good(rounds), "an incomplete answer was not reported"
    reads, writes = tables(rounds).split("\n\n")
    query, data = [[cell.strip() for cell in line.split("|")[1:-1]] for line in reads.splitlines()[2:]]
    assert query == [
        *("query (2)", "4", "1", "10.0 / 5441.5", "6.4", "10", "9", "8", "1", "0", "**1**", "0", "0.8333", "2 / 4"),
    ]
    assert data[0] == "data (1)" and data[-2] == "none"
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in writes.splitlines()[2:]]
    assert lines[0] == ["data (1)", "rows", "100", "20", "80", "80", "80", "**0**", "**0**"]
    assert lines[1][1] == "articles, in 3 commits"
    assert good(rounds[1:])
    assert not good([Round("data", second, Verdict(1, 0, 1, 1, 1, 1, 0, 0))])
    assert not good([Round("data", second, rows, Verdict(1, 0, 1, 1, 1, 0, 1, 0))])


def test_an_edition_is_another_text_and_is_told_by_it() -> None:
    text = "غارة\n\nedition of the morning"
    article = Article("a", text, hashlib.sha256(text.encode()).hexdigest())
    third = edition(edition(article, 2), 3)
    assert (edition_of(text), edition_of(third.text), third.text) == (1, 3, f"{text}\n\nedition 3")
    assert third.sha256 == hashlib.sha256(third.text.encode()).hexdigest() != article.sha256


def test_settings_are_those_of_a_cluster_on_loopback(tmp_path: Path) -> None:
    template = "\n".join(
        [
            "etcd: {endpoints: 'localhost:{{ etcd_port(int): 2379 }}'}",
            "proxy: {port: {{ proxy_port(int): 19530 }}, maxNameLength: 255}",
            "common: {storageType: x, path: {{ local_storage_dir }}}",
            *(
                f"{name}: {{}}"
                for name in ("rootCoord", "queryCoord", "dataCoord", "queryNode", "dataNode", "indexNode")
            ),
            *(f"{name}: {{}}" for name in ("pulsar", "rocksmq", "natsmq")),
        ]
    )
    ports = dict(zip(("rootCoord", "queryCoord", "dataCoord", "proxy", "internal"), free_ports(), strict=False))
    assert len({*ports.values()}) == 5
    made = settings(template, tmp_path, "127.0.0.1:1", "127.0.0.1:2", ports)
    assert made["etcd"] == {"endpoints": "127.0.0.1:1", "use": {"embed": False}}
    assert made["mq"] == {"type": "kafka"} and made["kafka"]["brokerList"] == "127.0.0.1:2" and "pulsar" not in made
    assert made["proxy"] == {
        **{"port": ports["proxy"], "internalPort": ports["internal"], "ip": "127.0.0.1", "maxNameLength": 255}
    }
    assert made["common"]["storageType"] == "local" and made["queryNode"] == {"ip": "127.0.0.1"}


def test_kinds_that_there_are_not_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--kinds", "query,proxies"])
    assert "found proxies" in capsys.readouterr().err
