"""Pass on what a thread tells while a step runs: soon, and never faster than people read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

from transferapp.errors import Unavailable
from transferapp.host.sparing import sparing
from transferapp.host.waking import woken

N = TypeVar("N")

#: Seconds between two looks for news.
PROGRESS_EVERY_S = 1.0


class ThrottledProgress(Generic[N]):
    """Keeps the newest of what it is told, from any thread."""

    def __init__(self, pass_on: Callable[[N], Awaitable[None]]) -> None:
        """Give news to ``pass_on``; where that fails with Unavailable, later news come."""
        self._pass_on = pass_on
        # One element or none; replaced as a whole, so that no lock is needed.
        self._news: tuple[N, ...] = ()

    def report(self, news: N) -> None:
        """Note what is new; cheap to call often."""
        self._news = (news,)

    async def keep_passing(self, over: asyncio.Event) -> None:
        """Pass on what has changed until it is over. What says nothing is left alone: its
        silence is how a stalled step is found.
        """
        shown: tuple[N, ...] = ()
        while not over.is_set():
            if await woken(over, PROGRESS_EVERY_S):
                break
            news = self._news
            if news == shown:
                continue
            shown = news
            # For people's eyes only: work must not fail because it cannot be watched.
            with suppress(Unavailable), sparing("news of a step", str(self._pass_on)):
                await self._pass_on(*news)


@asynccontextmanager
async def throttled_progress(
    pass_on: Callable[[N], Awaitable[None]],
) -> AsyncIterator[Callable[[N], None]]:
    """Yield what is to be told; when the block ends, nothing old is written any more."""
    progress, over = ThrottledProgress(pass_on), asyncio.Event()
    task = asyncio.create_task(progress.keep_passing(over))
    try:
        yield progress.report
    finally:
        over.set()
        await task
