"""Sleep unless woken."""

from __future__ import annotations

import asyncio
import time

from transferapp.host.waking import woken


async def test_it_sleeps_until_it_is_woken() -> None:
    event = asyncio.Event()
    began = time.monotonic()
    asyncio.get_running_loop().call_later(0.02, event.set)
    assert await woken(event, 60.0)
    assert time.monotonic() - began < 30
    assert event.is_set(), "who sleeps clears it"
    assert await woken(event, 60.0)


async def test_it_sleeps_no_longer_than_asked() -> None:
    assert not await woken(asyncio.Event(), 0.01)
    assert not await woken(asyncio.Event(), 0.0)


async def test_a_cancellation_that_comes_with_the_event_is_not_lost() -> None:
    event = asyncio.Event()
    sleeping = asyncio.create_task(woken(event, 60.0))
    await asyncio.sleep(0)
    event.set()
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    assert sleeping.cancelled()
