"""Run the workstation service as a process, with transfers to give to it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.fake_server import FakeServer, new_item
from transferapp.client.agent import AgentClient
from transferapp.errors import AgentUnreachable
from transferapp.protocol.messages import (
    Accepted,
    DropOnDisk,
    FileOnDisk,
    Submission,
    SubmissionView,
    SubmittedItem,
)

#: Whose transfers these are.
OWNER = "alice@http://server"


class AgentProcess:
    """One agent below one home folder; ``environment`` adds settings."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = home / "data" / "agent" / "agent.sock"
        self.log = home / "agent.log"
        self.outbox = home / "data" / "agent" / "outbox.db"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, **settings: str) -> AgentClient:
        environment = {
            **os.environ,
            "TRANSFERAPP_HOME": str(self.home),
            "TRANSFERAPP_AGENT_LOOK_EVERY_S": "0.1",
            "TRANSFERAPP_AGENT_LOOK_AT_MOST_EVERY_S": "0.3",
            "TRANSFERAPP_AGENT_RETRY_MAX_S": "1",
            **{f"TRANSFERAPP_AGENT_{k.upper()}": v for k, v in settings.items()},
        }
        self._spawn(environment)
        client = AgentClient(self.socket)
        until = time.monotonic() + 30
        while True:
            try:
                await client.info()
            except AgentUnreachable:
                assert self._process is not None
                assert self._process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, self.log.read_text()
                await asyncio.sleep(0.05)
            else:
                return client

    def _spawn(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "transferapp", "agent"],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        return process.wait(20)


def write(path: Path, size: int, seed: int = 1) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))  # noqa: S311 - test data
    return path


def register(server: FakeServer, *paths: Path) -> tuple[Accepted, Submission]:
    items = [new_item(path.name, path.stat().st_size) for path in paths]
    accepted = server.new_import("test", items)
    return accepted, submission(server, accepted, *paths)


def submission(server: FakeServer, accepted: Accepted, *paths: Path) -> Submission:
    details = accepted.details
    items = [
        SubmittedItem(
            item_id=item.id,
            name=item.name,
            files=[
                FileOnDisk(
                    file_id=file.id,
                    client_path=file.client_path,
                    path=str(path),
                    size_bytes=file.size_bytes,
                    modified_ns=path.stat().st_mtime_ns if path.exists() else 1,
                )
            ],
        )
        for item, file, path in zip(details.items, details.files, paths, strict=True)
    ]
    return Submission(
        kind="import",
        transfer_id=details.transfer.id,
        name="test",
        owner=OWNER,
        server_url=server.url,
        grant=SecretStr(accepted.grant),
        items=items,
        drop=DropOnDisk(roots=[str(path) for path in paths]),
    )


async def until(
    client: AgentClient,
    transfer_id: str,
    wanted: Callable[[SubmissionView], bool],
    timeout_s: float = 90,
) -> SubmissionView:
    deadline = time.monotonic() + timeout_s
    while True:
        view = await client.submission(transfer_id)
        if wanted(view):
            return view
        assert time.monotonic() < deadline, view
        await asyncio.sleep(0.03)


@pytest.fixture
def home() -> Iterator[Path]:
    # A socket's path may have 107 bytes; pytest's own folders are longer than that.
    with tempfile.TemporaryDirectory(prefix="ta-") as folder:
        yield Path(folder)


@pytest.fixture
def agent(home: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(home)
    yield process
    process.kill()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake
