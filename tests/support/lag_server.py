"""A server in a process of its own that measures how long its event loop was held.

``python -m tests.support.lag_server FOLDER`` prints its address; when its standard input
ends it prints the lags (seconds, largest last) as JSON and stops.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

import structlog

from tests.support.rest_server import rest_server
from transferapp.host.allocator import tune_allocator
from transferapp.host.collector import settle_heap

_TICK_S = 0.005


class LagMeter:
    """Notes how much later than asked the loop comes back: computing, waiting for a disk,
    or for another thread of ours.

    What any thread of ours waited for a processor is left out: on a busy machine that says
    nothing about this program.
    """

    def __init__(self) -> None:
        self.held_s: list[float] = []

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            began, queued = time.monotonic(), queued_s()
            await asyncio.sleep(_TICK_S)
            late = time.monotonic() - began - _TICK_S
            self.held_s.append(late - (queued_s() - queued))


def queued_s() -> float:
    """Return how long the threads of this process have waited for a processor."""
    waited_ns = 0
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # It has just ended.
            waited_ns += int((thread / "schedstat").read_text().split()[1])
    return waited_ns / 1e9


def say(line: str) -> None:
    """Tell the test a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(folder: Path) -> None:
    """Serve and measure."""
    meter = LagMeter()
    async with rest_server(folder) as server:
        settle_heap()
        say(server.url)
        metering = asyncio.create_task(meter.run())
        await asyncio.to_thread(sys.stdin.read)
        metering.cancel()
    say(json.dumps(sorted(meter.held_s)))


if __name__ == "__main__":
    # The log is for people; the parent reads standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    tune_allocator()
    asyncio.run(serve(Path(sys.argv[1])))
