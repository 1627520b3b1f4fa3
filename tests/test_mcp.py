"""The tools as a program uses them: through the mcp package's own client."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters

from service import mcp_cli
from service.engine import Engine
from service.errors import SettingsError
from service.mcp_server import mcp_server
from service.settings import Settings

ROOT = Path(__file__).parent.parent


def talk(engine: Engine, conversation: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(mcp_server(engine, engine.settings)) as client:
            return await conversation(client)

    return anyio.run(run)


def call(engine: Engine, tool: str, **arguments: Any) -> Any:
    async def conversation(client: Any) -> Any:
        return await client.call_tool(tool, arguments)

    return talk(engine, conversation)


def test_the_tools_say_what_they_do(seeds: Engine) -> None:
    async def conversation(client: Any) -> Any:
        return await client.list_tools()

    tools = {tool.name: tool for tool in talk(seeds, conversation).tools}

    assert set(tools) == {"search", "answer", "article", "collections"}
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools.values())
    assert "question" in tools["search"].input_schema["required"]


def test_passages_are_slices_of_their_articles_in_both_languages(seeds: Engine) -> None:
    found = call(seeds, "search", question="strikes near Hawija", k=6).structured_content

    assert {passage["language"] for passage in found["passages"]} == {"ar", "en"}
    for passage in found["passages"]:
        article = call(seeds, "article", article_id=passage["article_id"]).structured_content
        assert article["text"][passage["start"] : passage["end"]] == passage["text"]
        assert article["sha256"] == passage["sha256"]


def test_filters_hold_for_passages_and_answers(seeds: Engine) -> None:
    found = call(seeds, "search", question="strikes near Hawija", language=["ar"], place="Iraq").structured_content
    answer = call(seeds, "answer", question="who took the Baiji refinery?", source="nobody").structured_content

    assert {passage["language"] for passage in found["passages"]} == {"ar"}
    assert answer["abstained"] and not answer["nearest"]


def test_citations_of_an_answer_hold(seeds: Engine) -> None:
    answer = call(seeds, "answer", question="who took the Baiji refinery?").structured_content

    assert not answer["abstained"] and answer["citations"]
    for citation in answer["citations"]:
        article, _ = seeds.article("seeds", citation["article_id"])
        assert article.text[citation["start"] : citation["end"]] == citation["quote"]
        assert article.sha256 == citation["sha256"]


def test_a_long_article_comes_in_parts(engine: Engine, reports: Callable[..., Path]) -> None:
    text = "A raid. " * 5_000
    engine.ingest("seeds", [reports({"id": "long", "text": text})])

    first = call(engine, "article", article_id="long").structured_content
    second = call(engine, "article", article_id="long", start=first["end"]).structured_content

    assert first["length"] == len(text)
    assert first["text"] + second["text"] == text


@pytest.mark.parametrize(
    "tool, arguments, said",
    [
        ("search", {"question": '"open'}, "quotation"),
        ("search", {"question": "x", "collection": "none"}, "none"),
        ("article", {"article_id": "none"}, "none"),
        ("search", {"question": "x", "k": 0}, "k"),
        ("search", {}, "question"),
    ],
)
def test_an_error_says_what_is_wrong(seeds: Engine, tool: str, arguments: dict[str, Any], said: str) -> None:
    result = call(seeds, tool, **arguments)

    assert result.is_error
    assert said in result.content[0].text
    assert "Traceback" not in result.content[0].text


def test_a_program_starts_it_and_talks_over_standard_input(seeds: Engine) -> None:
    environ = {**os.environ, "RASAD_INDEXES": str(seeds.indexes), "PYTHONPATH": str(ROOT)}
    command = StdioServerParameters(command=sys.executable, args=["-m", "service.cli", "mcp"], env=environ)

    async def run() -> Any:
        async with Client(command) as client:
            return await client.call_tool("collections", {})

    listed = anyio.run(run).structured_content["collections"]

    assert [collection["name"] for collection in listed] == ["seeds"]


@pytest.fixture
def over_http(seeds: Engine) -> Iterator[str]:
    """Address of `rasad mcp --http`, run as a program would."""
    environ = {**os.environ, "RASAD_INDEXES": str(seeds.indexes), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-m", "service.cli", "mcp", "--http", "0"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "http://127.0.0.1:" in said, said + process.stderr.read()
            yield said.split(" at ")[1].split(",")[0]
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
            assert process.returncode == 0, errors
            assert "Traceback" not in errors
        finally:
            process.kill()


def test_a_program_talks_to_it_over_http(over_http: str, seeds: Engine) -> None:
    async def run() -> Any:
        async with Client(over_http) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            found = await client.call_tool("search", {"question": "غارات قرب الحويجة", "k": 3})
            answer = await client.call_tool("answer", {"question": "who took the Baiji refinery?"})
            wrong = await client.call_tool("search", {"question": '"open'})
            return tools, found.structured_content, answer.structured_content, wrong

    tools, found, answer, wrong = anyio.run(run)

    assert tools == {"search", "answer", "article", "collections"}
    assert len(found["passages"]) == 3
    for citation in answer["citations"]:
        article, _ = seeds.article("seeds", citation["article_id"])
        assert article.text[citation["start"] : citation["end"]] == citation["quote"]
    assert wrong.is_error and "quotation" in wrong.content[0].text


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_over_http_a_page_in_a_browser_gets_nothing(over_http: str, header: dict[str, str]) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **header}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}

    response = httpx.post(over_http, json=asked, headers=headers)

    assert response.status_code in (403, 421)


def test_over_http_a_port_in_use_is_explained(seeds: Engine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="in use"):
            mcp_cli.run(seeds, taken.getsockname()[1], "seeds")


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, indexes: Path) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with closing(Engine(Settings(indexes=indexes))) as engine, pytest.raises(SettingsError, match=r"rasad\[mcp\]"):
        mcp_server(engine, engine.settings)
