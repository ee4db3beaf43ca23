"""A worker for chaos tests, with a home of its own; run as a script: URL FOLDER LIMIT [POLL_S].

Each step writes its begin and end with the system's monotonic clock to the journal, and
leaves one side effect: a file named by task and step, which the file system makes once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Context, TaskKind

RESOURCES = ("omero-a", "omero-b", "omero-c")


class Chain(BaseModel):
    """``count`` steps of ``seconds`` each, where each needs the result of the last."""

    count: int = 6
    seconds: float = 0.15


def chained(task_id: str, number: int, before: int) -> int:
    """Return the right result of a step."""
    return zlib.crc32(f"{task_id}/{number}/{before}".encode())


def settings(limit: int, poll_s: float = 0.2) -> QueueSettings:
    """Quick beats, and no burial: chance may hit one task often."""
    return QueueSettings(
        limits=dict.fromkeys(RESOURCES, limit),
        poll_s=poll_s,
        beat_s=0.3,
        dead_after_s=5.0,
        max_crashes=1000,
    )


class ChaosWorker:
    """The worker as a child process that nobody waits for."""

    def __init__(
        self, url: str, folder: Path, limit: int, name: str, launch: Sequence[str] = ()
    ) -> None:
        """Start it; ``launch`` prefixes its command."""
        self.name = name
        home = folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        environment = {**os.environ, "HOME": str(home), "TRANSFERAPP_HOME": str(home)}
        command = [*launch, sys.executable, __file__, url, str(folder), str(limit)]
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stderr=log,
                stdout=log,
                cwd=Path(__file__).resolve().parents[2],
                env=environment,
            )

    def kill(self) -> None:
        """End it without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


def _chain(folder: Path) -> TaskKind:
    journal = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    pid = os.getpid()

    def note(text: str, resource: str, task_id: str, number: int) -> None:
        line = f"{time.monotonic():.6f} {pid} {text} {resource} {task_id} {number}\n"
        os.write(journal, line.encode())

    def take_effect(task_id: str, number: int, value: int) -> None:
        draft = folder / "drafts" / f"{pid}-{task_id}-{number}"
        draft.write_text(str(value))
        try:
            (folder / "effects" / f"{task_id}-{number}").hardlink_to(draft)
        except FileExistsError:
            note("again", "-", task_id, number)
        draft.unlink()

    async def work(
        where: tuple[str, str], number: int, before: int, chain: dict[str, float]
    ) -> int:
        resource, task_id = where
        note("begin", resource, task_id, number)
        value = chained(task_id, number, before)
        await asyncio.sleep(chain["seconds"] / 2)
        take_effect(task_id, number, value)
        await asyncio.sleep(chain["seconds"] / 2)
        note("end", resource, task_id, number)
        return value

    async def run(context: Context, chain: Chain) -> None:
        value = 0
        where = (context.task.target, context.task.id)
        for number in range(chain.count):
            value = await context.step("work", work, where, number, value, chain.model_dump())

    return TaskKind("chain", Chain, run)


async def _main(url: str, folder: Path, limit: int, poll_s: float = 0.2) -> None:
    clock, known = SystemClock(), settings(limit, poll_s)
    worker = DbosTaskWorker(open_engine(url), [_chain(folder)], clock, known)
    # A start while the database is away fails; whoever watches this process starts anew.
    await worker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        _main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:]))
    )
