"""Work that a presenter starts by itself, kept until it has ended, without Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from transferapp.errors import TransferAppError
from transferapp.host.supervise import Supervisor


def kept_going(name: str, work: Callable[[], Awaitable[object]]) -> Supervisor:
    """Supervise what a presenter follows; the banner shows each sort of defect once."""
    shown: set[str] = set()

    def show(error: Exception) -> None:
        kind = repr(type(error))
        if kind not in shown:
            shown.add(kind)
            context = {"message": f"{name} failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    return Supervisor(name, work, on_fault=show)


class Background:
    """A presenter's own tasks. An error of ours goes to ``on_problem``; a defect is raised
    in the event loop's exception handler, where the window's banner shows it.
    """

    def __init__(self, on_problem: Callable[[TransferAppError], None]) -> None:
        self._on_problem = on_problem
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run ``work`` beside what is going on."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Cancel everything and wait for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, TransferAppError):
            self._on_problem(error)
        elif error is not None:
            context = {"message": "a presenter's task failed", "exception": error}
            task.get_loop().call_exception_handler(context)
