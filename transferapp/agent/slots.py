"""Share the few lanes of a workstation fairly between submissions."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """So many files move at once; a submission that has none in flight goes first.

    A small import need not wait for four huge files of another one: a submission without
    a file in flight may take a slot beyond ``count``, up to three times ``count`` in all.
    """

    def __init__(self, count: int) -> None:
        """Make ``count`` slots."""
        self._count = count
        self._held: Counter[str] = Counter()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def slot(self, submission_id: str) -> AsyncIterator[None]:
        """Hold a slot while in the block."""
        await self._acquire(submission_id)
        try:
            yield
        finally:
            self._release(submission_id)

    async def _acquire(self, submission_id: str) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((submission_id, granted))
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._release(submission_id)
            else:
                self._waiting.remove((submission_id, granted))
            raise

    def _release(self, submission_id: str) -> None:
        self._held[submission_id] -= 1
        if not self._held[submission_id]:
            del self._held[submission_id]
        self._grant()

    def _grant(self) -> None:
        """Give slots to those who hold the fewest, in the order of asking."""
        while self._waiting:
            first = min(self._waiting, key=lambda waiting: self._held[waiting[0]])
            limit = self._count if self._held[first[0]] else self._count * 3
            if self._held.total() >= limit:
                return
            self._waiting.remove(first)
            self._held[first[0]] += 1
            first[1].set_result(None)
