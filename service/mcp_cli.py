"""`rasad mcp`: the tools for a program on this machine, over its standard input and output or over HTTP."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.engine import Engine
from service.mcp_server import mcp_server

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_LOCAL = "127.0.0.1"  # it asks for no keys: nobody else may reach it


def run(engine: Engine, port: int | None, collection: str) -> int:
    """Until the program that talks to it hangs up, or it is stopped. Raises SettingsError for a port in use."""
    server = mcp_server(engine, replace(engine.settings, collection=collection))
    if port is None:
        server.run("stdio")
    else:
        _over_http(server, port)
    return 0


def _over_http(server: MCPServer[Any], port: int) -> None:
    from service.web import server as web  # and with it the web server: standard input needs none

    with web.listen(_LOCAL, port) as listener:
        config = web.plain(server.streamable_http_app(host=_LOCAL))
        print(f"rasad: tools at {web.address(listener)}mcp, for programs on this machine (Ctrl+C stops it)",
              file=sys.stderr, flush=True)  # fmt: skip
        web.run(config, listener)
