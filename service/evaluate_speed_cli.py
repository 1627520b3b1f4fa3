"""How fast the models are, on one core: passages encoded in a minute, and a question turned into vector and concepts.

Both by the clock and by the processor's time, which other work on the machine hardly changes.

    scripts/evaluate --speed --collection NAME --topics FILE.jsonl [--fields A,B] [--passages N] [--json]

Passages are those of the collection, questions those of the topics. Each is timed as it comes for the first time: no
word of it is remembered from an earlier run. Exit codes: 0 measured, 2 error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from service import evaluation
from service.encoder import BUNDLED, Encoder, StaticEncoder
from service.engine import Engine
from service.errors import InputError, ServiceError
from service.retriever import Retriever
from service.settings import Settings

_BATCH = 512


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("evaluate --speed", description="Measure the models' speed.", allow_abbrev=False)
    parser.add_argument("--speed", action="store_true", required=True)
    parser.add_argument("--collection", metavar="NAME")
    parser.add_argument("--topics", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument("--fields", default=",".join(evaluation.FIELDS), metavar="A,B")
    parser.add_argument("--passages", type=int, default=100_000, metavar="N", help="at most so many are encoded")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(argv)
    try:
        measured = _measured(options)
    except (ServiceError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(measured))
        return 0
    print(f"on one core; {measured['passages']:,.0f} passages, {measured['questions']:.0f} questions")
    for name, told in (("clock", "by the clock"), ("processor", "of processor time")):
        print(
            f"{told}: {measured[f'passages_a_minute_{name}']:,.0f} passages a minute; question to vector and concepts: "
            f"p50 {measured[f'question_p50_ms_{name}']:.2f} ms, p95 {measured[f'question_p95_ms_{name}']:.2f} ms"
        )
    return 0


def _measured(options: argparse.Namespace) -> dict[str, float]:
    """Passages a minute, and milliseconds a question."""
    questions = evaluation.read_topics(options.topics, options.fields.split(","))
    asked = [text for field in questions.values() for text in field.values()]
    if options.passages < 1:
        raise InputError(f"--passages must be at least 1, found {options.passages}")
    settings = Settings.from_env()
    with closing(Engine(settings)) as engine:
        collection = options.collection or settings.collection
        reader = engine.reader(collection)
        stored = reader.fetch(range(min(reader.manifest.chunks, options.passages)))
        texts = [f"{s.article.title}\n{s.chunk.text}" for s in stored]
        encoder = StaticEncoder(BUNDLED) if isinstance(engine.encoder, StaticEncoder) else engine.encoder
        _use_one_core()
        retriever = Retriever(reader, encoder, settings)
        questions_ms = _question_times_ms(retriever, encoder, asked)
        minutes = _encoding_minutes(encoder, texts)
    measured: dict[str, float] = {"passages": len(texts), "questions": len(asked) - 1}
    for name, spent, taken in zip(("clock", "processor"), minutes, zip(*questions_ms, strict=True), strict=True):
        measured[f"passages_a_minute_{name}"] = len(texts) / spent
        for share in (50, 95):
            measured[f"question_p{share}_ms_{name}"] = float(np.percentile(taken, share))
    return measured


def _use_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _encoding_minutes(encoder: Encoder, texts: Sequence[str]) -> tuple[float, float]:
    began = _now()
    for start in range(0, len(texts), _BATCH):
        encoder.encode_passages(texts[start : start + _BATCH])
    clock, processor = _since(began)
    return clock / 60, processor / 60


def _question_times_ms(retriever: Retriever, encoder: Encoder, questions: Sequence[str]) -> list[tuple[float, float]]:
    """Of each question as it comes; the first one opens the lexicon and is not counted."""
    times_ms = []
    for question in questions:
        began = _now()
        retriever.concepts(question)
        encoder.encode_query(question)
        clock, processor = _since(began)
        times_ms.append((clock * 1000, processor * 1000))
    return times_ms[1:]


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float]) -> tuple[float, float]:
    """Seconds by the clock and of this process's processor time."""
    clock, processor = _now()
    return clock - began[0], processor - began[1]
