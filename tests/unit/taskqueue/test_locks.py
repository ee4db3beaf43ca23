"""Locks of several workers on one database, each with an engine of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.locks import Locks
from transferapp.taskqueue.dbos.schema import leases, metadata

#: Shorter than any work here: who holds a lock has to renew it.
LEASE_S = 0.4
NAME = "tags of a person with a long name " * 9


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[list[sa.Engine]]:
    made = [open_engine(sqlite_url(tmp_path / "queue.db")) for _ in range(2)]
    metadata.create_all(made[0])
    yield made
    for engine in made:
        engine.dispose()


async def test_one_of_two_workers_has_it(engines: list[sa.Engine]) -> None:
    inside: list[str] = []

    async def work(locks: Locks, holder: str) -> None:
        async with locks.hold(NAME, holder):
            inside.append(holder)
            assert len(inside) == 1
            await asyncio.sleep(3 * LEASE_S)
            inside.remove(holder)

    workers = [Locks(engine, LEASE_S) for engine in engines]
    await asyncio.gather(*(work(workers[n % 2], f"run {n}") for n in range(3)))
    with engines[0].connect() as connection:
        assert connection.execute(sa.select(leases)).all() == []


async def test_locks_of_other_names_are_free(engines: list[sa.Engine]) -> None:
    one, two = (Locks(engine) for engine in engines)
    async with asyncio.timeout(2), AsyncExitStack() as held:
        await held.enter_async_context(one.hold("a", "run 1"))
        await held.enter_async_context(two.hold("b", "run 2"))


@pytest.mark.parametrize("ends_in_s", [LEASE_S, 3600.0])
async def test_what_a_dead_worker_had_is_free_after_its_lease(
    engines: list[sa.Engine], ends_in_s: float
) -> None:
    """Also where the clock went wrong meanwhile."""
    locks = Locks(engines[0], LEASE_S)
    async with locks.hold(NAME, "dead"):
        with engines[0].begin() as connection:
            until = leases.c.until - LEASE_S + ends_in_s
            connection.execute(sa.update(leases).values(holder="killed", until=until))
    async with asyncio.timeout(30), locks.hold(NAME, "next"):
        pass


async def test_who_is_cancelled_leaves_it_to_the_next(engines: list[sa.Engine]) -> None:
    locks = Locks(engines[0], 60.0)
    entered = asyncio.Event()

    async def work() -> None:
        async with locks.hold(NAME, "one"):
            entered.set()
            await asyncio.sleep(60)

    running = asyncio.create_task(work())
    await entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(30), locks.hold(NAME, "two"):
        pass
