"""A worker of the queue's bench; run as a module: URL STARTS LIMITS-AS-JSON.

Each task appends its id and the system's monotonic clock to the file STARTS.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import time

from pydantic import BaseModel

from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.host.logging import configure_logging
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Context, TaskKind


class Nothing(BaseModel):
    """The payload of a task that only notes its start."""

    seconds: float = 0.0


async def main() -> None:
    """Work until SIGTERM."""
    url, starts, limits = sys.argv[1:4]
    file = os.open(starts, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def note(context: Context, nothing: Nothing) -> None:
        os.write(file, f"{context.task.id} {time.monotonic():.6f}\n".encode())
        await asyncio.sleep(nothing.seconds)

    settings = QueueSettings(limits=json.loads(limits))
    engine = open_engine(url)
    worker = DbosTaskWorker(engine, [TaskKind("note", Nothing, note)], SystemClock(), settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await worker.start()
    await stop.wait()
    await worker.stop()
    engine.dispose()


if __name__ == "__main__":
    configure_logging("bench-queue-worker", level=logging.WARNING)
    asyncio.run(main())
