"""Lanes are shared fairly."""

from __future__ import annotations

import asyncio

from transferapp.agent.slots import Slots


async def hold(slots: Slots, name: str, held: list[str], release: asyncio.Event) -> None:
    async with slots.slot(name):
        held.append(name)
        await release.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_newcomer_does_not_wait_for_a_busy_one() -> None:
    slots, held, release = Slots(2), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for name in ("a", "a", "a", "b"):
            tasks.create_task(hold(slots, name, held, release))
        await settle()
        assert held == ["a", "a", "b"]
        release.set()
    assert held == ["a", "a", "b", "a"]


async def test_never_more_than_three_times_the_count() -> None:
    slots, held, release = Slots(2), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for name in "abcdefghij":
            tasks.create_task(hold(slots, name, held, release))
        await settle()
        assert len(held) == 6
        release.set()
    assert sorted(held) == list("abcdefghij")


async def test_who_holds_fewest_goes_first() -> None:
    slots, held = Slots(1), list[str]()
    first, rest = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, "a", held, first))
        tasks.create_task(hold(slots, "b", held, rest))
        tasks.create_task(hold(slots, "c", held, rest))
        for name in "aab":
            tasks.create_task(hold(slots, name, held, rest))
        await settle()
        assert held == ["a", "b", "c"]
        first.set()
        rest.set()
    assert sorted(held) == list("aaabbc")


async def test_cancelled_waiters_leave_no_trace() -> None:
    slots, held, release = Slots(1), list[str](), asyncio.Event()
    holder = asyncio.create_task(hold(slots, "a", held, release))
    await settle()
    waiter = asyncio.create_task(hold(slots, "a", held, release))
    await settle()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    release.set()
    await holder
    async with asyncio.timeout(60):
        await hold(slots, "a", held, release)
    assert held == ["a", "a"]


async def test_a_slot_that_was_given_to_somebody_cancelled_goes_on_to_the_next() -> None:
    slots, held = Slots(1), list[str]()
    first, rest = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, "a", held, first))
        await settle()
        cancelled = tasks.create_task(hold(slots, "a", held, rest))
        tasks.create_task(hold(slots, "a", held, rest))
        await settle()
        first.set()
        # The holder's turn: it gives the slot to the next, who is cancelled before theirs.
        await asyncio.sleep(0)
        cancelled.cancel()
        await settle()
        assert cancelled.cancelled()
        assert held == ["a", "a"]
        rest.set()
    async with asyncio.timeout(60):
        await hold(slots, "a", held, rest)


async def test_who_is_cancelled_while_waiting_frees_no_slot() -> None:
    slots, held, release = Slots(1), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, "a", held, release))
        waiters = [tasks.create_task(hold(slots, "a", held, release)) for _ in range(2)]
        await settle()
        waiters[0].cancel()
        await settle()
        assert waiters[0].cancelled()
        assert held == ["a"]
        release.set()


async def test_one_that_ends_makes_place_for_one() -> None:
    slots, held = Slots(2), list[str]()
    first, rest = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, "a", held, first))
        for _ in range(3):
            tasks.create_task(hold(slots, "a", held, rest))
        await settle()
        assert len(held) == 2
        first.set()
        await settle()
        assert len(held) == 3, "two are still held"
        rest.set()
    assert len(held) == 4
