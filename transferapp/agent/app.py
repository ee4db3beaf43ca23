"""Run the workstation service as a process: one per account, ended by SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn
from typing_extensions import override

from transferapp.agent.api import make_api
from transferapp.agent.peers import OwnAccountProtocol
from transferapp.agent.service import Agent
from transferapp.agent.settings import AgentSettings
from transferapp.agent.wiring import make_workbench
from transferapp.errors import Conflict, SettingsInvalid
from transferapp.host.paths import private_folder
from transferapp.host.private_file import private_file

_log = structlog.get_logger(__name__)

#: Bytes of ``sun_path``; Linux has 108, macOS 104.
_SOCKET_PATH_BYTES = 103


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers, which end the process before the agent."""

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``run``."""
        yield


async def run(settings: AgentSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises Conflict when another one runs already."""
    be_polite(settings.nice)
    with only_one(settings.socket), listening(settings.socket) as listener:
        services = await asyncio.to_thread(make_workbench, settings)
        agent = Agent(services)
        server = _Server(
            uvicorn.Config(
                make_api(agent),
                http=OwnAccountProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, server.handle_exit, name, None)
        await agent.start()
        try:
            _log.info("listening", socket=str(settings.socket))
            await server.serve(sockets=[listener])
        finally:
            await agent.stop()
            services.outbox.close()


@contextlib.contextmanager
def only_one(socket_path: Path) -> Iterator[None]:
    """Hold the account's lock; raises Conflict when another service has it."""
    private_folder(socket_path.parent)
    with private_file(socket_path.with_suffix(".lock")) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "A workstation service is already running for this account."
            ) from None
        yield


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Listen on a Unix socket that only this account may open; a stale one is replaced.

    Raises SettingsInvalid for a path that is too long for a socket.
    """
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise SettingsInvalid(
            f"The path {path} is too long for a socket. Set TRANSFERAPP_AGENT_SOCKET to a"
            f" path of at most {_SOCKET_PATH_BYTES} bytes."
        )
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        mask = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
        listener.listen(128)
        listener.settimeout(0)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def be_polite(nice: int) -> None:
    """Let other programs go first, the acquisition above all."""
    with contextlib.suppress(OSError):
        os.nice(max(0, nice - os.nice(0)))
