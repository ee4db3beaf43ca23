"""What tests of queues stand on: a kind of task that notes, fails and blocks on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic import BaseModel

from transferapp.taskqueue.port import (
    Context,
    NewTask,
    RetryPolicy,
    Task,
    TaskKind,
    TaskQueue,
    TaskState,
)

RESOURCE = "repository"
#: How many tasks of a target may run at once in the queues under test.
LIMIT = 2
QUICK = RetryPolicy(max_attempts=5, first_delay_s=0.05, factor=1.0)


class Note(BaseModel):
    """The payload of the tests' tasks."""

    text: str = ""


def new(task_id: str, *, owner: str = "ada", priority: int = 100, text: str = "") -> NewTask:
    """Return a task of kind "note"."""
    return NewTask(task_id, "note", Note(text=text), RESOURCE, owner, priority)


async def until(condition: Callable[[], bool], within_s: float = 15.0) -> None:
    """Wait for a condition; fails the test when it does not come true."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # the condition belongs to a real worker
            await asyncio.sleep(0.02)


async def reach(queue: TaskQueue, task_id: str, *states: TaskState) -> Task:
    """Wait until a task is in one of these states, and return it."""
    async with asyncio.timeout(15.0):
        while (task := await queue.get(task_id)).state not in states:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return task


class QueueJournal:
    """Handlers that write down what they do, and fail or block on demand."""

    def __init__(self) -> None:
        """Start empty, with the gate open."""
        self.lines: list[str] = []
        self.notified: list[Task] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self.most_running = 0

    async def write(self, line: str) -> str:
        """Note a line; the step function that always works."""
        self.lines.append(line)
        return line

    async def fail(self) -> None:
        """Raise the next failure, if there is one."""
        self.lines.append("try")
        if self.failures:
            raise self.failures.pop(0)

    async def pass_gate(self, name: str) -> None:
        """Wait for the gate, and count who waits with us."""
        self.lines.append(f"begin {name}")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        self.lines.append(f"end {name}")

    async def listen(self, task: Task) -> None:
        """Note what the owner is told."""
        self.notified.append(task)

    async def handle(self, context: Context, note: Note) -> None:
        """Three steps: one that works, one that may fail, one that may block."""
        assert await context.step("write", self.write, note.text) == note.text
        await context.step("fail", self.fail)
        await context.step("gate", self.pass_gate, context.task.id)

    def kind(self, retry: RetryPolicy = QUICK) -> TaskKind:
        """Return the kind "note", with all listeners."""
        return TaskKind(
            "note",
            Note,
            self.handle,
            retry=retry,
            on_dead=self.listen,
            on_waiting=self.listen,
            on_cancelled=self.listen,
        )
