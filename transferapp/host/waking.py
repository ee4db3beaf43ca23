"""Sleep unless woken: what polls, and is told as well when there is something to do."""

from __future__ import annotations

import asyncio


async def woken(event: asyncio.Event, within_s: float) -> bool:
    """Wait for an event, so long at most; True when it was set. It stays set.

    Not ``asyncio.wait_for``: on Python 3.11 that loses a cancellation that comes together
    with the event.
    """
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
