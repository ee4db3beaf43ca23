"""One at a time asks OMERO for a person's session; who waits hears that it is silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transferapp.errors import RepositoryUnavailable


class Turns:
    """Turns by name, on one event loop.

    Of ten that wait for one session of a silent OMERO, none waits ten times as long: the
    answer that the first waited for in vain is the answer to those behind it, too.
    """

    def __init__(self) -> None:
        """Nobody waits."""
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn; raises the RepositoryUnavailable of one that was waited for."""
        turn = self._turns.setdefault(name, _Turn())
        seen = turn.failures
        async with turn.lock:
            if turn.failures != seen and turn.failure is not None:
                raise RepositoryUnavailable(
                    turn.failure.message, retry_after_s=turn.failure.retry_after_s
                )
            try:
                yield
            except RepositoryUnavailable as error:
                turn.failures, turn.failure = turn.failures + 1, error
                raise
            turn.failure = None


class _Turn:
    """A lock, and how those failed that had it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.failures = 0
        self.failure: RepositoryUnavailable | None = None
