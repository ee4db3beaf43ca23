"""Measure the queue on a PostgreSQL of its own, side by side with procrastinate."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa

from transferapp.errors import SettingsInvalid
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import NewTask
from transferapp.testing.bench_queue_worker import Nothing
from transferapp.testing.postgres import (
    ACCOUNT,
    PostgresServer,
    can_change_account,
    find_binaries,
)

BACKLOG = 10_000
DRAINED = 400
ROUNDS = 2
IDLE_S = 20.0
_OURS = "transferapp.testing.bench_queue_worker"
_PEER = "transferapp.testing.bench_queue_peer"


def run(out: Path) -> None:
    """Measure and write the JSON object to ``out``; takes some minutes.

    Raises SettingsInvalid where PostgreSQL is not installed.
    """
    binaries = find_binaries()
    if binaries is None or not can_change_account():
        raise SettingsInvalid("The bench needs PostgreSQL (Debian: apt install postgresql).")
    folder = Path(tempfile.mkdtemp(prefix="transferapp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT, ACCOUNT)
    server = PostgresServer(binaries, folder)
    try:
        server.start()
        report = _measure(server.url("postgres"))
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out.write_text(json.dumps(report, indent=2) + "\n")


def _measure(server: str) -> dict[str, object]:
    figures: dict[str, float] = {}
    ratios: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="transferapp-bench-") as folder:
        bench = Bench(server, Path(folder))
        figures |= asyncio.run(bench.idle())
        figures |= asyncio.run(bench.fairness())
        figures |= asyncio.run(bench.backlog())
        for workers in (1, 2, 4):
            rate, _ = asyncio.run(bench.ours(workers))
            figures[f"drain, {workers} workers (tasks/s)"] = round(rate, 1)
        pairs = [(asyncio.run(bench.ours(1)), bench.peer()) for _ in range(ROUNDS)]
        ratios["drained tasks per second, ours over procrastinate"] = _ratio(
            [ours[0] / peer[0] for ours, peer in pairs]
        )
        ratios["start latency of an idle queue, ours over procrastinate"] = _ratio(
            [ours[1] / peer[1] for ours, peer in pairs]
        )
        for place, name in enumerate(("ours", "procrastinate")):
            figures[f"drain, 1 worker, {name} (tasks/s)"] = round(
                statistics.median(pair[place][0] for pair in pairs), 1
            )
            figures[f"start latency p50, {name} (ms)"] = round(
                statistics.median(pair[place][1] for pair in pairs) * 1000, 1
            )
    return {
        "bench": "queue",
        "ratios": ratios,
        "figures": figures,
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
        },
        "commands": {
            "ours": f"python -m {_OURS} (dbos {version('dbos')}), limit 10",
            "procrastinate": (
                f"python -m {_PEER} (procrastinate {version('procrastinate')}),"
                " concurrency 10, listen/notify"
            ),
        },
    }


class Bench:
    """One server, and a folder for what workers note."""

    def __init__(self, server: str, folder: Path) -> None:
        """Measure on ``server``."""
        self._server = server
        self._folder = folder

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = sa.make_url(self._server).set(database=name)
        return url.render_as_string(hide_password=False)

    async def ours(self, workers: int) -> tuple[float, float]:
        """Return drained tasks per second, and the median start latency (seconds)."""
        url, starts = self.database(), self._new_file()
        limits = {"bench": 10 * workers}
        async with _queue(url, limits) as queue:
            await _enqueue(queue, DRAINED, "bench")
            with self._workers(_OURS, url, starts, limits, workers):
                rate = await _drained(starts, DRAINED)

                async def put(name: str) -> None:
                    await queue.enqueue(NewTask(name, "note", Nothing(), "bench", "ada"))

                latency = await _latency(starts, put)
        return rate, latency

    def peer(self) -> tuple[float, float]:
        """Return the same of procrastinate."""
        command = [sys.executable, "-m", _PEER, self.database(), str(DRAINED)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        rate, latency = json.loads(done.stdout.splitlines()[-1])
        return float(rate), float(latency)

    async def idle(self) -> dict[str, float]:
        """Return the CPU of an idle worker that knows 50 targets (% of a core)."""
        limits = {f"target-{number}": 4 for number in range(50)}
        url, starts = self.database(), self._new_file()
        async with _queue(url, limits) as queue:
            for name in limits:
                await _enqueue(queue, 1, name)
            with self._workers(_OURS, url, starts, limits, 1) as processes:
                await _drained(starts, len(limits))
                await asyncio.sleep(10.0)
                share = await _cpu_share(processes[0].pid, IDLE_S)
                before = len(_started(starts))
                began = time.monotonic()
                await queue.enqueue(NewTask("cold", "note", Nothing(), "target-7", "ada"))
                await _drained(starts, before + 1)
                cold = _started(starts)["cold"] - began
        return {
            "idle worker, 50 targets (% of a core)": round(100 * share, 2),
            "start latency of a sleeping target (ms)": round(1000 * cold, 1),
        }

    async def fairness(self) -> dict[str, float]:
        """Return the latest place of another user's first start (% of the work)."""
        url, starts, limits = self.database(), self._new_file(), {"bench": 4}
        async with _queue(url, limits) as queue:
            await queue.pause_target("bench", paused=True)
            await _enqueue(queue, 500, "bench", "giant")
            for user in range(29):
                await _enqueue(queue, 5, "bench", f"user-{user}")
            with self._workers(_OURS, url, starts, limits, 1):
                await queue.pause_target("bench", paused=False)
                await _drained(starts, 500 + 29 * 5)
        order = [name.split("/")[0] for name in _started(starts)]
        last = max(order.index(f"user-{user}") for user in range(29))
        return {
            "fairness, last user's first start (place)": last + 1,
            "fairness, last user's first start (% of the work)": round(
                100 * (last + 1) / len(order), 1
            ),
        }

    async def backlog(self) -> dict[str, float]:
        """Return list latency and memory with a long queue."""
        async with _queue(self.database(), {"bench": 4}) as queue:
            await _enqueue(queue, 100, "bench")
            before = psutil.Process().memory_info().rss
            await _enqueue(queue, BACKLOG - 100, "bench", "bob")
            times: list[float] = []
            after = ""
            for _ in range(300):
                began = time.perf_counter()
                page = await queue.tasks(after=after, limit=50)
                times.append(time.perf_counter() - began)
                after = page[-1].id if len(page) == 50 else ""
            grown = psutil.Process().memory_info().rss - before
        return {
            f"list of {BACKLOG} tasks, 50 a page, p99 (ms)": round(
                1000 * statistics.quantiles(times, n=100)[98], 2
            ),
            "memory grown by the backlog (MB)": round(grown / 1e6, 1),
        }

    def _new_file(self) -> Path:
        return self._folder / uuid.uuid4().hex

    @contextlib.contextmanager
    def _workers(
        self, module: str, url: str, starts: Path, limits: dict[str, int], count: int
    ) -> Iterator[list[subprocess.Popen[bytes]]]:
        command = [sys.executable, "-m", module, url, str(starts), json.dumps(limits)]
        with (self._folder / "log").open("ab") as log:
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
async def _queue(url: str, limits: dict[str, int]) -> AsyncIterator[DbosTaskQueue]:
    engine = open_engine(url)
    queue = DbosTaskQueue(engine, QueueSettings(limits=limits))
    try:
        yield queue
    finally:
        await queue.close()
        engine.dispose()


async def _enqueue(queue: DbosTaskQueue, count: int, target: str, owner: str = "ada") -> None:
    for number in range(count):
        name = f"{owner}/{target}/{number}"
        await queue.enqueue(NewTask(name, "note", Nothing(), target, owner))


def _started(starts: Path) -> dict[str, float]:
    if not starts.exists():
        return {}
    lines = [line.split() for line in starts.read_text().splitlines()]
    return {name: float(at) for name, at in lines}


async def _drained(starts: Path, count: int) -> float:
    """Wait for so many starts; returns tasks per second between the first and the last."""
    async with asyncio.timeout(300):
        while len(found := _started(starts)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    times = sorted(found.values())
    return (len(times) - 1) / max(1e-6, times[-1] - times[0])


async def _latency(starts: Path, put: Callable[[str], Awaitable[None]]) -> float:
    """Return the median from before enqueue to the start, one task at a time (seconds)."""
    times: list[float] = []
    for number in range(10):
        before, began = len(_started(starts)), time.monotonic()
        await put(f"late-{number}")
        await _drained(starts, before + 1)
        times.append(_started(starts)[f"late-{number}"] - began)
    return statistics.median(times)


async def _cpu_share(pid: int, for_s: float) -> float:
    process = psutil.Process(pid)
    before = process.cpu_times()
    await asyncio.sleep(for_s)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / for_s


def _ratio(values: list[float]) -> dict[str, float]:
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in found.items()}
