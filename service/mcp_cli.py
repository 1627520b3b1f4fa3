"""`rasad mcp`: the tools for a program on this machine, over its standard input and output or over HTTP."""

from __future__ import annotations

from dataclasses import replace

from service.engine import Engine
from service.mcp_server import mcp_server

_LOCAL = "127.0.0.1"  # it asks for no keys: nobody else may reach it


def run(engine: Engine, port: int | None, collection: str) -> int:
    """Until the program that talks to it hangs up, or it is stopped."""
    server = mcp_server(engine, replace(engine.settings, collection=collection))
    if port is None:
        server.run("stdio")
    else:
        server.run("streamable-http", host=_LOCAL, port=port)
    return 0
