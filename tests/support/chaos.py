"""Break things while tasks run, at moments that follow the progress of the work."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from tests.support.chaos_process import RESOURCES, Chain, ChaosWorker, chained, settings
from tests.support.postgres import PostgresServer
from transferapp.errors import Unavailable
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.port import NewTask, Task, TaskState

T = TypeVar("T")

FROZEN_S = 9.0
DATABASE_AWAY_S = 2.5


@dataclass(frozen=True)
class ChaosRun:
    """How much work there is, and how much is broken meanwhile."""

    tasks: int
    kills: int
    crashes: int = 0
    freezes: int = 0
    workers: int = 4
    steps: int = 6
    step_s: float = 0.15
    limit: int = 3
    seed: int = 4

    def events(self) -> list[str]:
        """Return what is broken, in a random order that the seed fixes."""
        events = ["kill"] * self.kills + ["crash"] * self.crashes + ["freeze"] * self.freezes
        random.Random(self.seed).shuffle(events)  # noqa: S311
        return events

    def interruptions(self) -> int:
        """Return how often a worker's steps in flight may be lost."""
        return self.kills + self.freezes


@dataclass
class Aftermath:
    """What is known at the end."""

    tasks: list[Task]
    values: dict[str, int]
    #: The most steps of one target that ran at once.
    most_running: dict[str, int]
    completed_twice: int
    #: Side effects that were there already, because a result was not kept.
    seen_again: int
    events: Counter[str]
    seconds: float

    @override
    def __str__(self) -> str:
        """One line for the log of the tests."""
        done = sum(task.state is TaskState.DONE for task in self.tasks)
        crashes = sum(task.crashes for task in self.tasks)
        return (
            f"{done}/{len(self.tasks)} done in {self.seconds:.0f} s, {dict(self.events)},"
            f" effects {len(self.values)}, tried again {self.seen_again},"
            f" steps completed twice {self.completed_twice},"
            f" runs taken over {crashes}, most at once {self.most_running}"
        )


@dataclass
class Chaos:
    """One chaos run over one database."""

    url: str
    folder: Path
    chaos_run: ChaosRun
    server: PostgresServer | None = None
    #: When a process (by pid) was killed, and when one was frozen.
    ended_at: dict[int, float] = field(default_factory=dict)
    frozen_at: dict[int, float] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    async def run(self, within_s: float) -> Aftermath:
        """Let the chaos run pass; raises TimeoutError when the work does not end."""
        began = time.monotonic()
        for name in ("effects", "drafts"):
            (self.folder / name).mkdir()
        self._engine = open_engine(self.url)
        queue = DbosTaskQueue(self._engine, settings(self.chaos_run.limit))
        self._random = random.Random(self.chaos_run.seed)  # noqa: S311
        self._workers: list[ChaosWorker] = []
        try:
            async with asyncio.timeout(within_s):
                await self._enqueue(queue, range(self.chaos_run.tasks // 2))
                self._workers = [self._worker(str(n)) for n in range(self.chaos_run.workers)]
                tending = asyncio.create_task(self._tend())
                late = range(self.chaos_run.tasks // 2, self.chaos_run.tasks)
                await asyncio.gather(self._enqueue(queue, late), self._break_things())
                tasks = await self._all_ended(queue)
                tending.cancel()
        finally:
            for worker in self._workers:
                worker.kill()
            await queue.close()
            self._engine.dispose()
        return self._aftermath(tasks, time.monotonic() - began)

    async def _enqueue(self, queue: DbosTaskQueue, numbers: range) -> None:
        """Do as a server does: try again while the database is away."""
        chain = Chain(count=self.chaos_run.steps, seconds=self.chaos_run.step_s)
        for number in numbers:
            resource, owner = RESOURCES[number % len(RESOURCES)], f"user-{number % 7}"
            task = NewTask(f"t{number:03}", "chain", chain, resource, owner)
            await patiently(partial(queue.enqueue, task))

    async def _tend(self) -> None:
        """Do as systemd does: start ended workers again."""
        while True:
            await asyncio.sleep(0.3)
            for place, worker in enumerate(self._workers):
                if worker.process.poll() is not None:
                    self._workers[place] = self._worker(str(place))

    def _worker(self, name: str) -> ChaosWorker:
        return ChaosWorker(self.url, self.folder, self.chaos_run.limit, name)

    async def _break_things(self) -> None:
        events = self.chaos_run.events()
        total = self.chaos_run.tasks * self.chaos_run.steps
        for number, event in enumerate(events, 1):
            await self._progressed_to(int(total * 0.95 * number / (len(events) + 1)))
            self.seen[event] += 1
            await self._ways_to_break()[event]()

    def _ways_to_break(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {"kill": self._kill, "crash": self._crash, "freeze": self._freeze}

    async def _progressed_to(self, effects: int) -> None:
        while len(list((self.folder / "effects").iterdir())) < effects:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _kill(self) -> None:
        """Kill one that is in the middle of a step."""
        busy = self._busy_pids()
        worker = self._random.choice([w for w in self._workers if w.process.pid in busy])
        worker.process.send_signal(signal.SIGKILL)
        self.ended_at[worker.process.pid] = time.monotonic()
        await asyncio.to_thread(worker.kill)

    async def _crash(self) -> None:
        assert self.server is not None
        await asyncio.to_thread(self.server.stop)
        await asyncio.sleep(DATABASE_AWAY_S)
        await asyncio.to_thread(self.server.start)

    async def _freeze(self) -> None:
        busy = self._busy_pids()
        worker = self._random.choice([w for w in self._workers if w.process.pid in busy])
        worker.process.send_signal(signal.SIGSTOP)
        self.frozen_at[worker.process.pid] = time.monotonic()
        await asyncio.sleep(FROZEN_S)
        worker.process.send_signal(signal.SIGCONT)

    def _busy_pids(self) -> set[int]:
        """Return processes that wrote to the journal last; one at least is alive."""
        alive = self._fit_pids()
        pids = [int(line[1]) for line in self._lines()[::-1]]
        recent = [pid for pid in pids if pid in alive]
        return set(recent[:10])

    def _fit_pids(self) -> set[int]:
        """Return the processes that may be hit next."""
        return {worker.process.pid for worker in self._workers}

    async def _all_ended(self, queue: DbosTaskQueue) -> list[Task]:
        ended = {TaskState.DONE, TaskState.DEAD, TaskState.CANCELLED}
        while True:
            tasks = await patiently(lambda: queue.tasks(limit=self.chaos_run.tasks + 1))
            if all(task.state in ended for task in tasks):
                return tasks
            await asyncio.sleep(0.3)

    def _lines(self) -> list[list[str]]:
        journal = self.folder / "journal"
        return [line.split() for line in journal.read_text().splitlines()]

    def _aftermath(self, tasks: list[Task], seconds: float) -> Aftermath:
        lines = self._lines()
        ends = Counter(f"{line[4]}-{line[5]}" for line in lines if line[2] == "end")
        return Aftermath(
            tasks=tasks,
            values={
                path.name: int(path.read_text()) for path in (self.folder / "effects").iterdir()
            },
            most_running=most_at_once(lines, self.ended_at, self.frozen_at),
            completed_twice=sum(count - 1 for count in ends.values()),
            seen_again=sum(line[2] == "again" for line in lines),
            events=self.seen,
            seconds=seconds,
        )


def most_at_once(
    lines: list[list[str]], ended_at: dict[int, float], frozen_at: dict[int, float]
) -> dict[str, int]:
    """Return per target how many steps ran at once, from the journal's intervals.

    A step of a killed process ran until the kill. A step in flight in a frozen process
    counts until it froze: no queue can stop what goes on when such a process wakes.
    """
    changes: dict[str, list[tuple[float, int]]] = defaultdict(list)
    began: dict[tuple[str, str, str], tuple[float, str]] = {}

    def end(key: tuple[str, str, str], at: float) -> None:
        since, resource = began.pop(key)
        frozen = frozen_at.get(int(key[0]), float("inf"))
        # The last line may be a moment younger than the signal that was on its way.
        until = frozen if since <= frozen < at else max(since, at)
        changes[resource] += [(since, 1), (until, -1)]

    for at, pid, text, resource, task_id, number in lines:
        if text == "begin":
            began[pid, task_id, number] = (float(at), resource)
        elif text == "end":
            end((pid, task_id, number), float(at))
    for key in list(began):
        end(key, ended_at[int(key[0])])
    return {resource: _highest(found) for resource, found in sorted(changes.items())}


def _highest(changes: list[tuple[float, int]]) -> int:
    running = most = 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most


def right_values(chaos_run: ChaosRun) -> dict[str, int]:
    """Return the side effects that there must be, no more and no fewer."""
    values = {}
    for number in range(chaos_run.tasks):
        before, task_id = 0, f"t{number:03}"
        for step in range(chaos_run.steps):
            before = chained(task_id, step, before)
            values[f"{task_id}-{step}"] = before
    return values


def assert_survived(chaos_run: ChaosRun, aftermath: Aftermath) -> None:
    """Everything ran to its right end, within the limits, and hardly anything twice."""
    assert {task.state for task in aftermath.tasks} == {TaskState.DONE}
    assert len(aftermath.tasks) == chaos_run.tasks
    assert aftermath.values == right_values(chaos_run)
    assert max(aftermath.most_running.values()) <= chaos_run.limit
    assert len(aftermath.most_running) == len(RESOURCES)
    # Only what was in flight at a kill, a freeze or a cut may repeat.
    hits = chaos_run.interruptions() * chaos_run.limit * len(RESOURCES)
    assert aftermath.completed_twice <= hits
    assert aftermath.events == Counter(chaos_run.events())


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the database is there."""
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(0.2)
