"""A server in a process of its own that measures what holds its event loop.

``python -m tests.support.lag_server FOLDER`` prints its address; when its standard input
ends it prints the ``Holds`` as JSON and stops.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog

from tests.support.rest_server import rest_server
from transferapp.host.allocator import tune_allocator
from transferapp.host.collector import settle_heap

_TICK_S = 0.005


@dataclass
class Holds:
    """What held the loop (seconds, largest last).

    What other programs do to a busy machine does not lengthen the first two: they are
    processor time. The third is time by the clock, less what our threads waited for a
    processor; on a busy machine a few of thousands are long for no reason of ours.
    """

    #: The loop's own thread, between two looks of the meter.
    computed_s: list[float] = field(default_factory=list)
    #: One collection of garbage, in whatever thread: all others wait for it.
    collected_s: list[float] = field(default_factory=list)
    #: How much later than asked the loop came back: it waited for a disk, for a thread.
    late_s: list[float] = field(default_factory=list)


class LagMeter:
    """Notes what holds the loop that it runs on."""

    def __init__(self) -> None:
        self._holds = Holds()
        self._collecting_since = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        gc.callbacks.append(self._collected)
        try:
            while True:
                queued, began, computed = queued_s(), time.monotonic(), time.thread_time()
                await asyncio.sleep(_TICK_S)
                self._holds.computed_s.append(time.thread_time() - computed)
                late = time.monotonic() - began - _TICK_S
                self._holds.late_s.append(late - (queued_s() - queued))
        finally:
            gc.callbacks.remove(self._collected)

    def holds(self) -> Holds:
        """Return what there was."""
        return Holds(*(sorted(seconds) for seconds in vars(self._holds).values()))

    def _collected(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting_since = time.thread_time()
        else:
            self._holds.collected_s.append(time.thread_time() - self._collecting_since)


def queued_s() -> float:
    """Return how long the threads of this process have waited for a processor."""
    waited_ns = 0
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # It has just ended.
            waited_ns += int((thread / "schedstat").read_text().split()[1])
    return waited_ns / 1e9


def show(line: str) -> None:
    """Tell the test a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(folder: Path) -> None:
    """Serve and measure."""
    meter = LagMeter()
    async with rest_server(folder) as server:
        settle_heap()
        show(server.url)
        metering = asyncio.create_task(meter.run())
        await asyncio.to_thread(sys.stdin.read)
        metering.cancel()
    show(json.dumps(asdict(meter.holds())))


if __name__ == "__main__":
    # The log is for people; the parent reads standard output.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    tune_allocator()
    asyncio.run(serve(Path(sys.argv[1])))
