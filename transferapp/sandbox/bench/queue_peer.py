"""Procrastinate doing the bench's work; run as a module: URL COUNT.

Prints [tasks per second, median start latency in seconds].
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import sys
import time

import procrastinate

from transferapp.host.logging import configure_logging

_started: dict[int, float] = {}
app = procrastinate.App(connector=procrastinate.PsycopgConnector())


@app.task(name="note", queue="bench")
async def note(number: int) -> None:
    """Note the start, as our task does."""
    _started[number] = time.monotonic()


async def _reach(count: int) -> None:
    async with asyncio.timeout(300):
        while len(_started) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def main() -> None:
    """Drain a backlog, then time single tasks."""
    url, count = sys.argv[1], int(sys.argv[2])
    connector = procrastinate.PsycopgConnector(conninfo=url)
    with app.replace_connector(connector) as bench:
        async with bench.open_async():
            await bench.schema_manager.apply_schema_async()
            for number in range(count):
                await note.defer_async(number=number)
            worker = asyncio.create_task(bench.run_worker_async(concurrency=10))
            await _reach(count)
            times = sorted(_started.values())
            late: list[float] = []
            for number in range(count, count + 10):
                began = time.monotonic()
                await note.defer_async(number=number)
                await _reach(number + 1)
                late.append(_started[number] - began)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
    rate = (count - 1) / (times[-1] - times[0])
    print(json.dumps([rate, statistics.median(late)]))  # noqa: T201


if __name__ == "__main__":
    configure_logging("bench-queue-peer", level=logging.WARNING)
    asyncio.run(main())
