"""Claims on both databases: limits, fairness, lanes, probes, and lines of any length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.postgres import (
    postgres_server,
    url,
)
from transferapp.errors import Invalid
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.claims import KEYS, Claims
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.schema import resources
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import NewTask, TaskState, WorkClass
from transferapp.testing.queue_journal import Note

__all__ = ["postgres_server", "url"]

FREE_SLOTS = dict.fromkeys(WorkClass, 100)


class Env:
    """A queue without workers, and its claims."""

    def __init__(self, url: str) -> None:
        """Open them."""
        self.engine = open_engine(url)
        self.queue = DbosTaskQueue(self.engine, QueueSettings(limits={"a": 3, "b": 2}))
        self.records = TaskRecords(self.engine, SystemClock())
        self.claims = Claims(self.records)

    async def put(
        self,
        name: str,
        *,
        resource: str = "a",
        owner: str = "ada",
        work_class: WorkClass = WorkClass.TRANSFERS,
    ) -> None:
        """Queue a task."""
        await self.queue.enqueue(
            NewTask(name, "note", Note(), resource, owner, lane=work_class)
        )

    def take(
        self, worker: str = "w", free_slots: dict[WorkClass, int] | None = None
    ) -> list[str]:
        """Claim, and return the ids."""
        return [row["id"] for row in self.claims.take(worker, free_slots or FREE_SLOTS)]

    def end(self, *names: str) -> None:
        """Let tasks end well."""
        for name in names:
            assert self.records.finish(name, self.records.row(name)["run"])

    def set_target(self, name: str, **values: object) -> None:
        """Change a target behind everyone's back."""
        with self.engine.begin() as connection:
            mine = sa.update(resources).where(resources.c.name == name)
            connection.execute(mine.values(**values))


@pytest.fixture
async def env(url: str) -> AsyncIterator[Env]:
    env = Env(url)
    yield env
    await env.queue.close()
    env.engine.dispose()


async def test_no_more_than_the_limit(env: Env) -> None:
    for number in range(6):
        await env.put(f"a{number}")
        await env.put(f"b{number}", resource="b")
    first = env.take()
    assert sorted(first) == ["a0", "a1", "a2", "b0", "b1"]
    assert env.take() == []
    env.end("a1", "b0")
    assert sorted(env.take()) == ["a3", "b2"]


async def test_all_users_start_before_a_giant_goes_on(env: Env) -> None:
    """The bar of 5 %: 30 users, one of them with 500 tasks queued before all others."""
    for number in range(120):
        await env.put(f"giant-{number}", owner="giant")
    for user in range(29):
        for number in range(2):
            await env.put(f"user{user:02}-{number}", owner=f"user{user:02}")
    order: list[str] = []
    while batch := env.take():
        order += batch
        env.end(*batch)
        if len(order) > 60:
            break
    first = {name.split("-")[0]: order.index(name) for name in reversed(order)}
    assert len(first) == 30
    assert max(first.values()) < 30


async def test_parallel_claims_never_exceed_the_limit(env: Env) -> None:
    for number in range(20):
        await env.put(f"a{number}", owner=f"user-{number % 4}")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: env.take(f"w{n}"), range(16)))
    taken = [name for batch in found for name in batch]
    assert len(taken) == len(set(taken)) == 3
    assert {task.worker for task in await env.queue.tasks(states=[TaskState.RUNNING])} <= {
        f"w{n}" for n in range(16)
    }


async def test_a_worker_takes_what_it_has_room_for(env: Env) -> None:
    for number in range(3):
        await env.put(f"t{number}")
        await env.put(f"h{number}", resource="b", work_class=WorkClass.HOUSEKEEPING)
    small = {WorkClass.TRANSFERS: 1, WorkClass.HOUSEKEEPING: 0}
    assert env.take(free_slots=small) == ["t0"]
    assert env.take(free_slots={WorkClass.TRANSFERS: 0}) == []
    assert env.take(free_slots={WorkClass.HOUSEKEEPING: 9}) == ["h0"]  # half of b's two places


async def test_a_stopped_run_keeps_its_place_until_it_has_ended(env: Env) -> None:
    for number in range(4):
        await env.put(f"a{number}")
    assert env.take() == ["a0", "a1", "a2"]
    await env.queue.cancel("a0")
    assert env.take() == []
    env.records.let_go("a0", env.records.row("a0")["run"])
    assert env.take() == ["a3"]
    assert (await env.queue.get("a0")).state is TaskState.CANCELLED


async def test_pause_and_limits_hold_at_once(env: Env) -> None:
    for number in range(9):
        await env.put(f"a{number}")
    await env.queue.pause_resource("a", paused=True)
    assert env.take() == []
    await env.queue.set_limit("a", 1)
    await env.queue.pause_resource("a", paused=False)
    assert env.take() == ["a0"]
    await env.queue.set_limit("a", 5)
    assert len(env.take()) == 4
    (resource, *_) = await env.queue.resources()
    assert (resource.ceiling, resource.limit, resource.paused) == (5, 5, False)
    with pytest.raises(Invalid):
        await env.queue.set_limit("a", 0)


async def test_a_target_that_is_out_gets_one_probe(env: Env) -> None:
    for number in range(5):
        await env.put(f"a{number}")
    soon = env.records.now() + 60.0
    env.set_target("a", outages=1, probe_at=soon)
    assert env.take() == []
    env.set_target("a", probe_at=soon - 120.0)
    assert env.take() == ["a0"]
    assert env.take() == []
    # It proved itself: the circuit is closed while the probe still runs.
    env.set_target("a", outages=0, limit=1)
    assert env.take() == ["a1"]
    assert env.take() == []


async def test_a_task_begun_before_is_marked(env: Env) -> None:
    await env.put("a0")
    (first,) = env.claims.take("w", FREE_SLOTS)
    assert first["run"]
    env.records.let_go("a0", first["run"])
    (second,) = env.claims.take("w", FREE_SLOTS)
    assert (second["run"], second["runs"]) == ("", 2)


async def test_lines_are_found_by_the_index(tmp_path: Path) -> None:
    """However long a line is, looking at it must not read all of it. (SQLite shows its
    plan in words; PostgreSQL's depends on its statistics.)
    """
    env = Env(sqlite_url(tmp_path / "queue.db"))
    await env.put("a0")
    with env.engine.connect() as connection:
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {KEYS}"), {"target": "a"})
        steps = [row[3] for row in plan if "SEARCH" in row[3]]
    await env.queue.close()
    env.engine.dispose()
    assert len(steps) == 4
    assert all("(target=? AND line" in step for step in steps)
