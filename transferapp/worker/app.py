"""The worker process: start, work until asked to stop, and hand back what runs."""

from __future__ import annotations

import asyncio
import signal
from functools import partial

import structlog

from transferapp.host.backoff import Backoff
from transferapp.host.patience import patience
from transferapp.host.sparing import sparing
from transferapp.worker.housekeeping import maintaining
from transferapp.worker.leftovers import (
    discard_leftovers,
    discard_prepared,
    queue_leftovers,
    sweeping,
)
from transferapp.worker.notifying import following
from transferapp.worker.settings import WorkerSettings
from transferapp.worker.wiring import WorkerParts, open_parts

_log = structlog.get_logger(__name__)


async def run(settings: WorkerSettings, stop: asyncio.Event | None = None) -> None:
    """Work until SIGTERM, SIGINT or ``stop``; waits for a database that is away."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        await _work(settings, stop)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _work(settings: WorkerSettings, stop: asyncio.Event) -> None:
    starting = asyncio.create_task(_start(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    try:
        parts = await starting
        _log.info("worker ready")
        async with (
            following(parts.rounds, parts.notify_poll_s),
            maintaining(parts.housekeeping, settings.housekeeping_s),
            sweeping(
                [
                    partial(discard_leftovers, parts.ledger, parts.staging),
                    partial(discard_prepared, parts.ledger, parts.prepared),
                ]
            ),
        ):
            await stopping
    finally:
        stopping.cancel()
    await parts.worker.stop()
    await parts.close()


async def _start(settings: WorkerSettings) -> WorkerParts:
    patiently = patience(Backoff(0.5, 20.0), on_wait=_report_waiting)
    parts: WorkerParts = await patiently(asyncio.to_thread, open_parts, settings)
    # First, so that nothing runs yet if this process is asked to stop meanwhile. What is
    # wrong with them is no reason not to start: both are tried again while it works.
    with sparing("start of a worker", "received items"):
        await patiently(queue_leftovers, parts.ledger, parts.queue)
    with sparing("start of a worker", "notifications"):
        await patiently(parts.rounds.begin)
    await patiently(parts.worker.start)
    return parts


def _report_waiting(reason: str) -> None:
    _log.warning("the database is away; waiting for it", error=reason)
