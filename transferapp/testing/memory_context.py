"""What a handler may do while the queue in memory runs it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from typing_extensions import override

from transferapp.taskqueue.port import Context, Task, TaskState

if TYPE_CHECKING:
    from transferapp.testing.memory_queue import Entry, MemoryTaskQueue

R = TypeVar("R")


class MemoryContext(Context):
    """The Context of a run in memory; results pass through JSON as they do for real."""

    def __init__(self, queue: MemoryTaskQueue, entry: Entry) -> None:
        """Replay the steps that ``entry`` has finished already."""
        self._queue = queue
        self._entry = entry
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
            self._queue.change(self.task.id, step=name)
            result = await function(*arguments)
            self._entry.steps.append(json.dumps(result))
        return cast("R", json.loads(self._entry.steps[self._number - 1]))

    @override
    async def progress(
        self, fraction: float, note: str = "", *, bytes_done: int | None = None
    ) -> None:
        moved = self.task.bytes_done if bytes_done is None else bytes_done
        self._queue.change(self.task.id, progress=fraction, note=note, bytes_done=moved)

    @override
    async def stopped_by_person(self) -> bool:
        # A worker that stops leaves it running.
        return self.task.state is not TaskState.RUNNING
