"""A task of the queue in memory, and what its handler may do while it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from typing_extensions import override

from transferapp.taskqueue.port import Context, NewTask, Task, TaskState
from transferapp.taskqueue.portions import Portion, check_portions
from transferapp.taskqueue.retry_decision import FailureCount

R = TypeVar("R")


@dataclass
class Entry:
    """A task, its payload, its finished steps, and the run that has it now."""

    task: Task
    payload: str
    count: FailureCount = field(default_factory=FailureCount)
    steps: list[str] = field(default_factory=list)
    run: asyncio.Task[None] | None = None
    #: The task that it does a portion of.
    portion_of: str = ""


class MemoryContext(Context):
    """The Context of a run in memory; results pass through JSON as they do for real."""

    def __init__(
        self,
        entry: Entry,
        change: Callable[..., Task],
        hand_out: Callable[[str, Sequence[NewTask]], Iterable[Portion]],
        locks: dict[str, asyncio.Lock],
    ) -> None:
        """Replay the steps that ``entry`` has finished already; ``change`` changes a task,
        ``hand_out`` stores portions of one and returns them, and all runs share ``locks``.
        """
        self._hand_out = hand_out
        self._locks = locks
        self._entry = entry
        self._change = change
        self._number = 0

    @property
    @override
    def task(self) -> Task:
        return self._entry.task

    @override
    async def step(
        self, name: str, function: Callable[..., Awaitable[R]], *arguments: Any
    ) -> R:
        self._number += 1
        if self._number > len(self._entry.steps):
            self._change(self.task.id, step=name)
            result = await function(*arguments)
            self._entry.steps.append(json.dumps(result))
        return cast("R", json.loads(self._entry.steps[self._number - 1]))

    @override
    async def progress(
        self, fraction: float, note: str = "", *, bytes_done: int | None = None
    ) -> None:
        moved = self.task.bytes_done if bytes_done is None else bytes_done
        self._change(self.task.id, progress=fraction, note=note, bytes_done=moved)

    @override
    async def stopped_by_person(self) -> bool:
        # A worker that stops leaves it running.
        return self.task.state is not TaskState.RUNNING

    @override
    async def portions(self, portions: Sequence[NewTask]) -> None:
        check_portions(self._hand_out(self.task.id, portions))

    @override
    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        return self._locks.setdefault(name, asyncio.Lock())
