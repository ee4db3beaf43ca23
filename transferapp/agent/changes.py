"""Tell those who follow which submissions changed, a few times a second at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

_Follower = tuple[dict[str, None], asyncio.Event]


class Changes:
    """Names of changed submissions for any number of followers.

    A follower that is slow gets each name once however often it changed meanwhile.
    """

    def __init__(self, pause_s: float = 0.25) -> None:
        """``pause_s`` lies between two batches for one follower."""
        self._pause_s = pause_s
        self._followers: list[_Follower] = []

    def publish(self, transfer_id: str) -> None:
        """A submission changed. Call it in the event loop."""
        for changed, wake in self._followers:
            changed[transfer_id] = None
            wake.set()

    @contextmanager
    def following(self) -> Iterator[AsyncIterator[list[str]]]:
        """Collect names from now on, and give them in batches, for ever."""
        mine: _Follower = ({}, asyncio.Event())
        self._followers.append(mine)
        try:
            yield self._batches(mine)
        finally:
            self._followers.remove(mine)

    async def _batches(self, mine: _Follower) -> AsyncIterator[list[str]]:
        changed, wake = mine
        while True:
            await wake.wait()
            wake.clear()
            names = list(changed)
            changed.clear()
            yield names
            await asyncio.sleep(self._pause_s)
