"""What the queue's benches stand on: databases, workers, and the times of starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa

from transferapp.host.database import open_engine
from transferapp.host.private_file import append_private
from transferapp.sandbox.bench.queue_worker import Nothing
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import NewTask

WORKER = "transferapp.sandbox.bench.queue_worker"


class Ground:
    """One database server, and a folder for what workers note."""

    def __init__(self, server: str, folder: Path) -> None:
        """Measure on the PostgreSQL at the URL ``server``."""
        self._server = server
        self.folder = folder

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = sa.make_url(self._server).set(database=name)
        return url.render_as_string(hide_password=False)

    def new_file(self) -> Path:
        """Return a path where workers note starts."""
        return self.folder / uuid.uuid4().hex

    @contextlib.contextmanager
    def workers(
        self, url: str, starts: Path, limits: dict[str, int], count: int
    ) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run worker processes for the length of the block."""
        command = [sys.executable, "-m", WORKER, url, str(starts), json.dumps(limits)]
        with append_private(self.folder / "log") as log:
            processes = [
                subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
                for _ in range(count)
            ]
        try:
            yield processes
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(60)


@contextlib.asynccontextmanager
async def open_queue(url: str, limits: dict[str, int]) -> AsyncIterator[DbosTaskQueue]:
    """Open a queue for the length of the block."""
    engine = open_engine(url)
    queue = DbosTaskQueue(engine, QueueSettings(limits=limits))
    try:
        yield queue
    finally:
        await queue.close()
        engine.dispose()


async def enqueue(
    queue: DbosTaskQueue, count: int, resource: str, owner: str = "ada", seconds: float = 0.0
) -> None:
    """Queue ``count`` tasks that take ``seconds`` each."""
    payload = Nothing(seconds=seconds)
    for number in range(count):
        name = f"{owner}/{resource}/{number}"
        await queue.enqueue(NewTask(name, "note", payload, resource, owner))


def started(starts: Path) -> dict[str, float]:
    """Return when each task started, in the order of their starts (monotonic seconds)."""
    if not starts.exists():
        return {}
    lines = [line.split() for line in starts.read_text().splitlines()]
    return {name: float(at) for name, at in lines}


async def drained(starts: Path, count: int) -> float:
    """Wait for so many starts; returns tasks per second between the first and the last."""
    async with asyncio.timeout(300):
        while len(found := started(starts)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    times = sorted(found.values())
    return (len(times) - 1) / max(1e-6, times[-1] - times[0])


async def latency(starts: Path, put: Callable[[str], Awaitable[None]]) -> float:
    """Return the median from before enqueue to the start, one task at a time (seconds)."""
    times: list[float] = []
    for number in range(20):
        before, began = len(started(starts)), time.monotonic()
        await put(f"late-{number}")
        await drained(starts, before + 1)
        times.append(started(starts)[f"late-{number}"] - began)
    return statistics.median(times)


async def cpu_share(pid: int, for_s: float) -> float:
    """Return the share of a core that a process uses."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    await asyncio.sleep(for_s)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / for_s


def p99_ms(seconds: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return round(1000 * statistics.quantiles(seconds, n=100)[98], 2)
