"""What OMERO.server says of itself: asked seldom, beside what people wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from transferapp.errors import TransferAppError
from transferapp.host.clock import Clock

#: A server is upgraded seldom; one that does not answer is asked again soon.
_LASTS, _AGAIN = timedelta(hours=1), timedelta(minutes=1)
#: Nobody waits for it for longer, in seconds: a list of formats is asked for in a hurry.
_WAIT_S = 1.5


@dataclass(frozen=True, slots=True)
class OmeroServer:
    """One server: its version, and how it changes names of files; empty where not known."""

    version: str = ""
    path_rules: str = ""


class ServerStatement:
    """The last answer; used in one event loop."""

    def __init__(self, clock: Clock, ask: Callable[[], Awaitable[OmeroServer]]) -> None:
        """``ask`` raises TransferAppError when OMERO does not answer."""
        self._clock, self._ask = clock, ask
        self._reported = OmeroServer()
        self._next: datetime | None = None
        self._asking: asyncio.Task[None] | None = None

    async def reported(self) -> OmeroServer:
        """Return what OMERO says; never raises."""
        if self._asking is None and (self._next is None or self._clock.now() >= self._next):
            self._asking = asyncio.create_task(self._ask_it())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=_WAIT_S)
        return self._reported

    async def close(self) -> None:
        """Wait for no answer any more."""
        asking = self._asking
        if asking is not None:
            asking.cancel()
            await asyncio.wait({asking})

    async def _ask_it(self) -> None:
        lasts = _AGAIN
        try:
            with suppress(TransferAppError):
                self._reported = await self._ask()
                lasts = _LASTS
        finally:
            self._next, self._asking = self._clock.now() + lasts, None
