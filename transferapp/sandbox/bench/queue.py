"""Measure the queue on a PostgreSQL of its own, side by side with procrastinate."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from transferapp.errors import SettingsInvalid
from transferapp.host.database import sqlite_url
from transferapp.sandbox.bench.queue_backlog import backlog
from transferapp.sandbox.bench.queue_ground import (
    WORKER,
    Ground,
    cpu_share,
    drained,
    enqueue,
    latency,
    open_queue,
    started,
)
from transferapp.sandbox.bench.queue_worker import Nothing
from transferapp.sandbox.postgres import (
    ACCOUNT,
    PostgresServer,
    can_change_account,
    find_binaries,
)
from transferapp.taskqueue.port import NewTask

DRAINED = 600
ROUNDS = 3
IDLE_S = 30.0
#: Tasks that wait, as imports do: what they need is places, not a processor.
WAITING, WAITING_S = 320, 0.5
_PEER = "transferapp.sandbox.bench.queue_peer"


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
        bench = QueueBenchmark(Ground(server, Path(folder)))
        figures |= asyncio.run(bench.idle())
        figures |= asyncio.run(bench.fairness())
        figures |= asyncio.run(backlog(bench.ground.database(), Path(folder) / "home"))
        figures |= asyncio.run(bench.scaling())
        figures |= asyncio.run(bench.embedded())
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
            "ours": f"python -m {WORKER} (dbos {version('dbos')}), limit 10",
            "procrastinate": (
                f"python -m {_PEER} (procrastinate {version('procrastinate')}),"
                " concurrency 10, listen/notify"
            ),
        },
    }


class QueueBenchmark:
    """The figures of workers and queue."""

    def __init__(self, ground: Ground) -> None:
        """Measure on ``ground``."""
        self.ground = ground

    async def ours(self, workers: int) -> tuple[float, float]:
        """Return drained tasks per second, and the median start latency (seconds)."""
        url = self.ground.database()
        return await self._drain_and_wait(url, {"bench": 10 * workers}, workers)

    async def _drain_and_wait(
        self, url: str, limits: dict[str, int], workers: int
    ) -> tuple[float, float]:
        starts = self.ground.new_file()
        async with open_queue(url, limits) as queue:
            await enqueue(queue, DRAINED, "bench")
            with self.ground.workers(url, starts, limits, workers):
                rate = await drained(starts, DRAINED)

                async def put(name: str) -> None:
                    await queue.enqueue(NewTask(name, "note", Nothing(), "bench", "ada"))

                return rate, await latency(starts, put)

    def peer(self) -> tuple[float, float]:
        """Return the same of procrastinate."""
        command = [sys.executable, "-m", _PEER, self.ground.database(), str(DRAINED)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        rate, wait = json.loads(done.stdout.splitlines()[-1])
        return float(rate), float(wait)

    async def embedded(self) -> dict[str, float]:
        """Return the same of one worker on SQLite."""
        url = sqlite_url(self.ground.folder / "embedded.db")
        rate, wait = await self._drain_and_wait(url, {"bench": 10}, 1)
        return {
            "drain, SQLite, 1 worker (tasks/s)": round(rate, 1),
            "start latency p50, SQLite (ms)": round(1000 * wait, 1),
        }

    async def scaling(self) -> dict[str, float]:
        """Return what 1, 2 and 4 workers drain: of tasks that wait, and of empty ones."""
        figures: dict[str, float] = {}
        for workers in (1, 2, 4):
            rate, _ = await self.ours(workers)
            figures[f"drain, empty tasks, {workers} workers (tasks/s)"] = round(rate, 1)
            rate = await self._waiting(workers)
            name = f"drain, tasks of {WAITING_S} s, {workers} workers (tasks/s)"
            figures[name] = round(rate, 1)
        return figures

    async def _waiting(self, workers: int) -> float:
        url, starts, limits = self.ground.database(), self.ground.new_file(), {"bench": 99}
        async with open_queue(url, limits) as queue:
            await queue.pause_resource("bench", paused=True)
            await enqueue(queue, WAITING, "bench", seconds=WAITING_S)
            with self.ground.workers(url, starts, limits, workers):
                # All of them there before the first task starts.
                async with asyncio.timeout(60):
                    while len(await queue.workers()) < workers:  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
                await queue.pause_resource("bench", paused=False)
                return await drained(starts, WAITING)

    async def idle(self) -> dict[str, float]:
        """Return the CPU of an idle worker that knows 50 targets (% of a core)."""
        limits = {f"target-{number}": 4 for number in range(50)}
        url, starts = self.ground.database(), self.ground.new_file()
        async with open_queue(url, limits) as queue:
            for name in limits:
                await enqueue(queue, 1, name)
            with self.ground.workers(url, starts, limits, 2) as processes:
                await drained(starts, len(limits))
                await asyncio.sleep(10.0)
                shares = await asyncio.gather(
                    *(cpu_share(process.pid, IDLE_S) for process in processes)
                )
        return {"idle worker, 50 targets (% of a core)": round(100 * max(shares), 2)}

    async def fairness(self) -> dict[str, float]:
        """Return the latest place of another user's first start (% of the work)."""
        url, starts, limits = self.ground.database(), self.ground.new_file(), {"bench": 4}
        async with open_queue(url, limits) as queue:
            await queue.pause_resource("bench", paused=True)
            await enqueue(queue, 500, "bench", "giant")
            for user in range(29):
                await enqueue(queue, 5, "bench", f"user-{user}")
            with self.ground.workers(url, starts, limits, 1):
                await queue.pause_resource("bench", paused=False)
                await drained(starts, 500 + 29 * 5)
        order = [name.split("/")[0] for name in started(starts)]
        last = max(order.index(f"user-{user}") for user in range(29))
        return {
            "fairness, last user's first start (place)": last + 1,
            "fairness, last user's first start (% of the work)": round(
                100 * (last + 1) / len(order), 1
            ),
        }


def _ratio(values: list[float]) -> dict[str, float]:
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in found.items()}
