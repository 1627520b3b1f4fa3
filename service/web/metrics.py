"""Figures for Prometheus, right over all workers: prometheus_client keeps each worker's in a file of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service import __version__, counters, stages
from service.records import Manifest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Shelves = Callable[[], Iterable[Manifest]]
Uploaded = Callable[[], dict[str, int]]
Ingested = Callable[[str], dict[str, int]]


class Metrics:
    """What one application counts. ``text`` is what /metrics shows."""

    def __init__(self, shelves: Shelves, uploaded: Uploaded, ingested: Ingested) -> None:
        self._own = CollectorRegistry()
        self._looked_up = _LookedUp(shelves, uploaded, ingested)
        self.requests = Counter(
            "rasad_http_requests", "Requests by route and status.", ["method", "route", "status"], registry=self._own
        )
        self.seconds = Histogram(
            "rasad_http_request_seconds", "Time to answer.", ["route"], buckets=_BUCKETS, registry=self._own
        )
        self.stages = Histogram(
            "rasad_stage_seconds",
            "Time in a stage: waiting for a thread, searching, answering, reading an article, and parts of a search.",
            ["stage"],
            buckets=_BUCKETS,
            registry=self._own,
        )
        self.answers = Counter(
            "rasad_answers",
            "Answers given, and refused because the reports do not say.",
            ["outcome"],
            registry=self._own,
        )
        self.refused = Counter(
            "rasad_refused_requests", "Requests turned away before they reached a handler.", ["why"], registry=self._own
        )
        self._rare = {
            name: Counter(name.removesuffix("_total"), f"See {name} in README.md.", registry=self._own)
            for name in counters.snapshot()
        }
        counters.listen(self._count)
        stages.listen(self._stage)

    def _count(self, name: str, by: int) -> None:
        if name in self._rare:
            self._rare[name].inc(by)

    def _stage(self, name: str, seconds: float) -> None:
        self.stages.labels(name).observe(seconds)

    def text(self) -> bytes:
        registry = self._own
        if os.environ.get(SHARED):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        looked_up = CollectorRegistry()
        looked_up.register(self._looked_up)
        return bytes(generate_latest(registry) + generate_latest(looked_up))

    def close(self) -> None:
        counters.unlisten(self._count)
        stages.unlisten(self._stage)


class _LookedUp(Collector):
    """What is read from the indexes and the state when somebody asks."""

    def __init__(self, shelves: Shelves, uploaded: Uploaded, ingested: Ingested) -> None:
        self._shelves, self._uploaded, self._ingested = shelves, uploaded, ingested

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("rasad_index_info", "1 for each published index.", labels=["collection", "version"])
        number = GaugeMetricFamily("rasad_index_version", "Number of the published version.", labels=["collection"])
        articles = GaugeMetricFamily("rasad_index_articles", "Articles, copies left out.", labels=["collection"])
        passages = GaugeMetricFamily("rasad_index_passages", "Passages that can be found.", labels=["collection"])
        size = GaugeMetricFamily("rasad_index_size_bytes", "On disk.", labels=["collection"])
        ingested = CounterMetricFamily(
            "rasad_ingested_records", "Records of all ingests, by outcome.", labels=["collection", "outcome"]
        )
        for manifest in self._shelves():
            name = [manifest.collection]
            info.add_metric([*name, manifest.version], 1)
            digits = "".join(char for char in manifest.version if char.isdigit())
            number.add_metric(name, int(digits or 0))
            articles.add_metric(name, manifest.articles)
            passages.add_metric(name, manifest.chunks)
            size.add_metric(name, manifest.size_bytes)
            for outcome, count in self._ingested(manifest.collection).items():
                ingested.add_metric([*name, outcome], count)
        uploaded = CounterMetricFamily("rasad_uploaded_records", "Records of uploads, by outcome.", labels=["outcome"])
        for outcome, count in self._uploaded().items():
            uploaded.add_metric([outcome], count)
        code = GaugeMetricFamily("rasad_build_info", "1, with the release.", labels=["version"])
        code.add_metric([__version__], 1)
        yield from (info, number, articles, passages, size, ingested, uploaded, code)
