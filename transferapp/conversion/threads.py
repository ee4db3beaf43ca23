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


class _Chosen:
    """What the settings of this process say; 0: as many as it has processors."""

    threads = 0


def encoder_threads() -> int:
    """Return how many threads one conversion encodes or decodes with."""
    return _Chosen.threads or min(_MOST_THREADS, _processors())


def choose_encoder_threads(count: int) -> None:
    """Use so many in this process from now on; 0: as many as it has processors."""
    _Chosen.threads = count


def _processors() -> int:
    """Return how many processors this process may use: all, or those it is bound to."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


@asynccontextmanager
async def lasting_threads(name: str, count: int) -> AsyncIterator[ThreadPoolExecutor]:
    """Give threads; when it ends, however, none of them is running any more."""
    pool = ThreadPoolExecutor(count, thread_name_prefix=name)
    try:
        yield pool
    finally:
        # What has begun takes a fraction of a second, but the loop need not stand still.
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)


@asynccontextmanager
async def first_error() -> AsyncIterator[None]:
    """Raise the first error of a group of tasks as it is: callers know nothing of tasks."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


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
