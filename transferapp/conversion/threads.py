"""Threads that a conversion works with; none outlives it."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

#: More would take the place of other tasks; an installation has as many workers as it needs.
_MOST_THREADS = 4

T = TypeVar("T")


def encoder_threads() -> int:
    """Return how many threads one conversion encodes or decodes with."""
    return min(_MOST_THREADS, os.cpu_count() or 1)


@asynccontextmanager
async def threads(name: str, count: int) -> AsyncIterator[ThreadPoolExecutor]:
    """Give threads; after a failure what runs in them is waited for, and the rest dropped.

    Who uses them has waited for all of it else.
    """
    pool = ThreadPoolExecutor(count, name)
    try:
        yield pool
    except BaseException:
        shutdown = partial(pool.shutdown, wait=True, cancel_futures=True)
        await ended(asyncio.get_running_loop().run_in_executor(None, shutdown))
        raise
    pool.shutdown()


async def ended(work: asyncio.Future[Any]) -> None:
    """Wait until work in a thread has ended, well or not; being cancelled waits too."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError as error:
            cancelled = error
    if not work.cancelled():
        work.exception()
    if cancelled is not None:
        raise cancelled


async def in_order(work: Iterable[Coroutine[Any, Any, T]], ahead: int) -> AsyncGenerator[T]:
    """Yield what coroutines return in their order; ``ahead`` more are begun meanwhile.

    Closed early, what is begun is cancelled and waited for.
    """
    begun: deque[asyncio.Task[T]] = deque()
    try:
        for one in work:
            begun.append(asyncio.ensure_future(one))
            if len(begun) > ahead:
                yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*begun, return_exceptions=True)
