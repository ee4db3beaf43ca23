"""Serve an application with uvicorn: httptools always, and an end that does not hang."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socket import AF_INET, AF_INET6, create_server, socket

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from transferapp.errors import SettingsInvalid
from transferapp.server.event_feed import EventFeed

#: Seconds that open requests get to finish; uploads resume where they were.
GRACE_S = 1


def listen(host: str, port: int) -> socket:
    """Take a port, 0 for a free one; raises SettingsInvalid when it is taken."""
    family = AF_INET6 if ":" in host else AF_INET
    try:
        return create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsInvalid(
            f"The server cannot listen on {host}, port {port}: {error.strerror}. Stop the"
            " program that uses it, or set TRANSFERAPP_HOST and TRANSFERAPP_PORT."
        ) from error


class ApiServer(uvicorn.Server):
    """A uvicorn server that ends its event streams first and keeps signals to itself."""

    def __init__(
        self, app: FastAPI, listener: socket, on_ready: Callable[[str], None] | None = None
    ) -> None:
        """Serve ``app`` on a socket of ``listen``; ``on_ready`` gets the address."""
        config = uvicorn.Config(
            app,
            # h11 would halve the throughput of bodies (docs/adr/0005).
            http="httptools",
            ws="none",
            access_log=False,
            # The process has one log, see host/logging.py.
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._app = app
        self._listener = listener
        self._on_ready = on_ready

    async def run_until_stopped(self) -> None:
        """Serve until a signal comes or ``should_exit`` is set."""
        await self.serve(sockets=[self._listener])

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready(_url(self._listener))

    @override
    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Let the event streams end, then wait for the rest."""
        feed: EventFeed = self._app.state.feed
        feed.end_streams()
        await super().shutdown(sockets)

    @contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM without raising them again: our caller closes up."""
        loop = asyncio.get_running_loop()
        # Not possible outside the main thread, as in tests, and on Windows.
        with suppress(ValueError, RuntimeError, NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _url(listener: socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
