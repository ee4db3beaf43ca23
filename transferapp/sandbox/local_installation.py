"""The real processes of one installation in one folder: server, worker, agent.

For the demo and the end-to-end tests. Each process is started by its command line, as a
person or a service unit would, and can be killed and started again.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import httpx

from transferapp.client.server import ServerClient
from transferapp.host.paths import HOME_VARIABLE
from transferapp.host.private_file import append_private
from transferapp.host.supervise import SupervisedThread
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.transfers import ENDED_STATES, Transfer, TransferDetails, TransferKind
from transferapp.protocol import routes
from transferapp.sandbox.installation_repositories import (
    EmbeddedRepository,
    InstallationRepository,
)

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
#: Below those that systems give to whoever asks for any port.
_PORTS = (20_000, 32_000)
#: How often ``watched`` looks.
_POLL_S = 0.3
#: Seconds that its last look may take.
_WATCH_ENDS_S = 10.0


class InstallationError(RuntimeError):
    """A process did not start or ended early; the text names its log."""


class LocalInstallation:
    """Server, worker and agent of one installation below ``home``."""

    def __init__(
        self,
        home: Path,
        environment: dict[str, str] | None = None,
        repository: InstallationRepository | None = None,
    ) -> None:
        """``environment`` is added to the processes' own (a display, a session bus);
        ``repository`` is the embedded one below ``home`` when it is not given.
        """
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        given = environment or {}
        data = Path(given.get("TRANSFERAPP_DATA", home / "data" / "server"))
        self.repository = repository or EmbeddedRepository(data / "repository")
        self.environment = {
            **os.environ,
            **given,
            **self.repository.environment,
            HOME_VARIABLE: str(home),
            "TRANSFERAPP_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Return itself; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, in the order of the flow."""
        for name in ("agent", "server", "worker", *self._running):
            self.stop(name)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def agent_socket(self) -> Path:
        """The agent's socket."""
        return self.home / "data" / "agent" / "agent.sock"

    async def add_people(self, password: str) -> None:
        """Make alice and bob in the group lab."""
        await self.repository.add_people(password)

    async def sign_in(self, username: str, password: str) -> ServerClient:
        """Return a signed-in client, as a script on another computer has it."""
        client = ServerClient(self.url)
        await client.sign_in(username, password)
        return client

    async def add_target(
        self, username: str, password: str, project: str, dataset: str
    ) -> Container:
        """Make a project with a dataset."""
        async with await self.sign_in(username, password) as server:
            above = await server.create_container(ContainerKind.PROJECT, project)
            return await server.create_container(
                ContainerKind.DATASET, dataset, parent=above.ref
            )

    async def ended(
        self, username: str, password: str, kind: TransferKind, timeout_s: float
    ) -> TransferDetails:
        """Wait until the newest transfer of a kind has ended; raises InstallationError."""
        until = time.monotonic() + timeout_s
        newest: list[Transfer] = []
        async with await self.sign_in(username, password) as server:
            while time.monotonic() < until:
                self.check()
                newest = (await server.transfers(kind=kind, limit=1)).items
                if newest and newest[0].state in ENDED_STATES:
                    return await server.transfer(newest[0].id, files=True)
                await asyncio.sleep(0.2)
        raise InstallationError(f"no {kind} ended within {timeout_s} s; the last: {newest}")

    def start_all(self) -> None:
        """Start server, worker and agent and wait until they answer."""
        for name in ("server", "worker", "agent"):
            self.start(name, wait=False)
        for name in ("server", "agent", "worker"):
            self.wait_until_up(name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start one process by its command line; a second one is called ``NAME-2``."""
        with append_private(self.logs / f"{name}.log") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "transferapp", name.partition("-")[0]],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        if wait:
            self.wait_until_up(name)

    def wait_until_up(self, name: str) -> None:
        """Wait until a process answers; for a worker the server. Raises InstallationError."""
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until:
            self.check()
            if self._answers(name):
                return
            time.sleep(0.05)
        raise InstallationError(
            f"The {name} did not come up within {START_TIMEOUT_S} s. The end of its log:"
            f"\n{self.tail(name)}"
        )

    def check(self) -> None:
        """Raise InstallationError, with the last line of its log, when a process has ended."""
        for name, process in list(self._running.items()):
            code = process.poll()
            if code is not None:
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                last = self.tail(name, 1) or "(its log is empty)"
                raise InstallationError(
                    f"The {name} ended with {how}. The last line of its log: {last}"
                )

    @contextmanager
    def watched(self, on_ended: Callable[[InstallationError], None]) -> Iterator[None]:
        """Look after the processes from a thread; ``on_ended`` is called once, there."""
        over = threading.Event()

        def scan() -> None:
            while not over.wait(_POLL_S):
                try:
                    self.check()
                except InstallationError as error:
                    on_ended(error)
                    return

        watching = SupervisedThread("watching the processes", scan, over)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join(_WATCH_ENDS_S)

    def _answers(self, name: str) -> bool:
        try:
            if name in {"server", "worker"}:
                # Without TLS: reading the authorities at each look takes 25 ms of a processor.
                answer = httpx.get(f"{self.url}{routes.HEALTH}", timeout=2, verify=False)  # noqa: S501
                answer.raise_for_status()
                return name == "server" or answer.json()["workers"] == "ok"
            if name == "agent":
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(self.agent_socket))
        except (httpx.HTTPError, OSError):
            return False
        return True

    def kill(self, name: str) -> None:
        """End a process as a power cut would: kill -9, children included."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """Ask a process to end, and make sure that it does."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def pid(self, name: str) -> int:
        """Return the process id of a running process."""
        return self._running[name].pid

    def tail(self, name: str, lines: int = 30) -> str:
        """Return the end of a process's log."""
        path = self.logs / f"{name}.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _free_port() -> int:
    """Return a port that stays free until the server takes it, and while it is restarted.

    One that the system chose could be chosen for anybody else meanwhile: it chooses from
    32768 (Linux) or 49152 up.
    """
    while True:
        port = random.randrange(*_PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
