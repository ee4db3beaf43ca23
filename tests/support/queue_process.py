"""A real worker process for tests of crashes; run as a script: URL JOURNAL.

Each step writes a line to the journal: the process id, "begin" or "end", task and step.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO

from pydantic import BaseModel

from transferapp.errors import RepositoryUnavailable
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Context, RetryPolicy, TaskKind

RESOURCE = "repository"
SETTINGS = QueueSettings(
    limits={RESOURCE: 4}, poll_s=0.1, beat_s=0.2, dead_after_s=5.0, max_crashes=3
)
RETRY = RetryPolicy(max_attempts=9, first_delay_s=1.5, factor=1.0)


class Steps(BaseModel):
    """Run ``count`` steps of ``seconds``; one of them waits until ``needs`` exists."""

    count: int = 6
    seconds: float = 0.2
    needs: str = ""


class WorkerProcess:
    """The worker as a child process."""

    def __init__(
        self, url: str, journal: Path, dead_after_s: float = SETTINGS.dead_after_s
    ) -> None:
        """Start it and wait until it takes tasks."""
        command = [sys.executable, __file__, url, str(journal), str(dead_after_s)]
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=root, env=dict(os.environ)
        )
        assert self._out.readline() == "ready\n"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it and return its exit code; an ended one stays ended."""
        if self._process.poll() is None:
            self.send(number)
        code = self._process.wait(30)
        self._out.close()
        return code

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


def _kinds(journal: Path) -> list[TaskKind]:
    def write(line: str) -> None:
        with journal.open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {line}\n")

    async def work(task_id: str, number: int, steps: Steps) -> int:
        write(f"begin {task_id} {number}")
        if number == 2 and steps.needs and not os.access(steps.needs, os.F_OK):
            raise RepositoryUnavailable("not there yet")
        await asyncio.sleep(steps.seconds)
        write(f"end {task_id} {number}")
        return number

    async def run(context: Context, steps: Steps) -> None:
        for number in range(steps.count):
            assert await context.step("work", work, context.task.id, number, steps) == number

    async def die(task_id: str) -> None:
        write(f"begin {task_id} 0")
        os.kill(os.getpid(), signal.SIGKILL)

    async def poison(context: Context, _steps: Steps) -> None:
        await context.step("die", die, context.task.id)

    return [TaskKind("steps", Steps, run, retry=RETRY), TaskKind("poison", Steps, poison)]


async def _main(url: str, journal: Path, dead_after_s: float) -> None:
    settings = replace(SETTINGS, dead_after_s=dead_after_s)
    worker = DbosTaskWorker(open_engine(url), _kinds(journal), SystemClock(), settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await worker.start()
    print("ready", flush=True)  # noqa: T201
    await stop.wait()
    await worker.stop()


if __name__ == "__main__":
    # The log is for people; the parent reads standard output.
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
