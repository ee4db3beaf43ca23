"""Who counts as alive, and who leads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from transferapp.host.backoff import Backoff
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.supervise import Supervisor
from transferapp.taskqueue.dbos.schema import database_now, metadata, workers
from transferapp.taskqueue.dbos.worker_registry import (
    WorkerRegistry,
    host_identity,
    worker_lives,
)

DEAD_AFTER_S = 10.0
#: No process has it: beyond the kernel's highest.
NO_PID = 2**22 + 1


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def add_worker(
    engine: sa.Engine, name: str, *, host: str, pid: int, silent_s: float = 0.0
) -> None:
    started = psutil.Process(os.getpid()).create_time()
    with engine.begin() as connection:
        seen = database_now(connection) - silent_s
        row = {"id": name, "host": host, "pid": pid, "started_at": started, "seen_at": seen}
        connection.execute(sa.insert(workers).values(row))


def test_clock_of_the_database_has_fractions(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        times = [database_now(connection) for _ in range(200)]
    assert len(set(times)) > 1
    assert times == sorted(times)


def test_own_process_lives_and_leaves(engine: sa.Engine) -> None:
    me = WorkerRegistry(engine, DEAD_AFTER_S)
    me.beat()
    me.beat()
    assert me.living() == {me.id}
    me.leave()
    assert me.living() == set()


def test_gone_process_of_this_host_is_dead_at_once(engine: sa.Engine) -> None:
    add_worker(engine, "gone", host=host_identity(), pid=NO_PID)
    add_worker(engine, "elsewhere", host="another-host", pid=NO_PID)
    assert WorkerRegistry(engine, DEAD_AFTER_S).living() == {"elsewhere"}


def test_reused_pid_is_not_the_old_worker(engine: sa.Engine) -> None:
    add_worker(engine, "old", host=host_identity(), pid=os.getpid())
    with engine.begin() as connection:
        connection.execute(sa.update(workers).values(started_at=1.0))
    assert WorkerRegistry(engine, DEAD_AFTER_S).living() == set()


def test_silence_counts_by_the_databases_clock(engine: sa.Engine) -> None:
    add_worker(engine, "quiet", host="another-host", pid=1, silent_s=DEAD_AFTER_S - 2)
    add_worker(engine, "silent", host="another-host", pid=1, silent_s=DEAD_AFTER_S + 2)
    assert WorkerRegistry(engine, DEAD_AFTER_S).living() == {"quiet"}


def test_one_leads_until_it_dies(engine: sa.Engine) -> None:
    first, second = WorkerRegistry(engine, DEAD_AFTER_S), WorkerRegistry(engine, DEAD_AFTER_S)
    first.beat()
    second.beat()
    assert first.take_lease("janitor", 60)
    assert first.take_lease("janitor", 60)
    assert not second.take_lease("janitor", 60)
    first.leave()
    assert second.take_lease("janitor", 60)


def test_lease_runs_out(engine: sa.Engine) -> None:
    first, second = WorkerRegistry(engine, DEAD_AFTER_S), WorkerRegistry(engine, DEAD_AFTER_S)
    first.beat()
    assert first.take_lease("janitor", -1.0)
    assert second.take_lease("janitor", 60)


async def test_a_worker_states_what_of_it_keeps_failing(engine: sa.Engine) -> None:
    async def fail() -> None:
        raise ValueError("odd")

    me = WorkerRegistry(engine, DEAD_AFTER_S)
    me.beat()
    assert [one.trouble for one in worker_lives(engine)] == [""]
    work = Supervisor("a chore", fail, pauses=Backoff(0.001, 60.0))
    work.start()
    async with asyncio.timeout(60):
        while not work.keeps_failing:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    me.beat()
    await work.stop()
    [life] = worker_lives(engine)
    assert "a chore (A defect ended it (ValueError)" in life.trouble
    me.beat()
    assert [one.trouble for one in worker_lives(engine)] == [""]
