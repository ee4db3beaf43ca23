"""The plainest server that takes a PUT to disk well: the peer that uploads are measured by.

``python -m transferapp.sandbox.bench.put_sink FOLDER`` prints its port. It uses the same web
server, allocator settings and batched writes as ours, but no offsets, hashes or syncs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from transferapp.host.allocator import tune_allocator
from transferapp.host.logging import configure_logging

_BATCH_SIZE = 2 << 20


def sink_app(folder: Path) -> ASGIApp:
    """Make an application that writes every body to ``folder/received``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        fd = os.open(folder / "received", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            running: asyncio.Future[int] | None = None
            offset, more = 0, True
            while more:
                batch: list[bytes] = []
                while more and sum(map(len, batch)) < _BATCH_SIZE:
                    message = await receive()
                    batch.append(message.get("body", b""))
                    more = message.get("more_body", False)
                if running is not None:
                    offset += await running
                running = loop.run_in_executor(None, os.pwritev, fd, batch, offset)
            if running is not None:
                await running
        finally:
            os.close(fd)
        await Response(status_code=201)(scope, receive, send)

    return app


def _main() -> int:
    configure_logging("put-sink")
    tune_allocator()
    listener = socket.create_server(("127.0.0.1", 0))
    app = sink_app(Path(sys.argv[1]))
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        log_level="warning",
        log_config=None,
        access_log=False,
    )
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(_main())
