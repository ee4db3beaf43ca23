"""A row that makes no sense is put right or set aside, told of, and stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.integration.test_queue_maintenance import QueueEnv
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.schema import database_now, leases, resources, workers
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.port import TaskState, WorkClass
from transferapp.testing.queue_journal import RESOURCE, QueueJournal, new, reach, until

FAST = QueueSettings(limits={RESOURCE: 2}, poll_s=0.05, beat_s=0.1)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[QueueEnv]:
    env = QueueEnv(tmp_path)
    await env.queue.tasks()
    env.registry.beat()
    yield env
    env.client.close()
    await env.queue.close()
    env.engine.dispose()


def take(env: QueueEnv) -> set[str]:
    return {row["id"] for row in env.claims.take(env.registry.id, {WorkClass.TRANSFERS: 9})}


async def test_a_task_of_no_known_lane_is_a_dead_letter(env: QueueEnv) -> None:
    for name in ("odd", "good"):
        await env.queue.enqueue(new(name))
    env.set("odd", lane="by-road")
    shown = await env.queue.get("odd")
    assert (shown.state, shown.error_code) == (TaskState.DEAD, "internal")
    assert "lane 'by-road'" in shown.error
    with capture_logs() as logs:
        assert take(env) == {"good"}
        assert take(env) == set()
    (notified,) = [e for e in logs if e["event"] == "task set aside: its row cannot be read"]
    assert notified["task"] == "odd"
    env.clock.time += timedelta(seconds=10)
    untold = env.maintenance.round()
    assert [task.id for task in untold] == ["odd"], "its owner is told"
    await env.queue.redrive("odd")
    assert take(env) == {"odd"}, "an administrator can have it run all the same"


async def test_a_task_of_no_known_state_is_a_dead_letter(env: QueueEnv) -> None:
    await env.queue.enqueue(new("odd"))
    env.set("odd", state="resting", created_at=9e300, attempts=-7)
    assert (await env.queue.tasks())[0].state is TaskState.DEAD
    (depth,) = await env.queue.depths()
    assert (depth.state, depth.retries) == (TaskState.DEAD, 0)
    env.maintenance.round()
    await env.queue.redrive("odd")
    assert take(env) == {"odd"}


async def test_a_task_in_no_line_is_put_into_its_owners(env: QueueEnv) -> None:
    await env.queue.enqueue(new("odd"))
    env.set("odd", line="")
    take(env)
    assert take(env) == {"odd"}


async def test_a_task_of_a_target_without_a_row_is_run(env: QueueEnv) -> None:
    await env.queue.enqueue(new("odd"))
    with env.engine.begin() as connection:
        connection.execute(sa.delete(resources))
    assert take(env) == set()
    env.maintenance.round()
    assert take(env) == {"odd"}


async def test_what_waits_until_the_next_century_is_due(env: QueueEnv) -> None:
    """The clock was wrong when it was written, and is right now."""
    await env.queue.enqueue(new("odd"))
    far = datetime(2126, 1, 1, tzinfo=UTC).timestamp()
    env.set("odd", state="waiting", retry_at=far)
    env.maintenance.round()
    assert take(env) == {"odd"}


async def test_what_runs_nowhere_is_queued_again(env: QueueEnv) -> None:
    await env.queue.enqueue(new("odd"))
    env.set("odd", state="running", run="r")
    env.maintenance.round()
    assert take(env) == {"odd"}


async def test_a_target_that_makes_no_sense_is_notified_and_put_right(env: QueueEnv) -> None:
    await env.queue.enqueue(new("one"))
    with env.engine.begin() as connection:
        odd = {"limit": 0, "outages": 2**31, "probe_at": 9e300, "ceiling": -4}
        connection.execute(sa.update(resources).values(**odd))
    (resource,) = await env.queue.resources()
    assert resource.trouble.startswith("Its row cannot be read (ceiling -4")
    assert (resource.ceiling, resource.limit, resource.out) == (1, 1, True)
    with capture_logs() as logs:
        env.maintenance.round()
        env.maintenance.round()
    assert [e["event"] for e in logs] == ["target's row put right"]
    (resource,) = await env.queue.resources()
    assert resource.trouble == ""
    assert take(env) == {"one"}, "as the next probe"


async def test_a_sign_of_life_of_the_future_ages(env: QueueEnv) -> None:
    """The database's clock was set back: who died meanwhile would live until then."""
    with env.engine.begin() as connection:
        now = database_now(connection)
        dead = {"id": "dead", "host": "elsewhere", "pid": 1, "started_at": 1.0}
        connection.execute(sa.insert(workers).values(**dead, seen_at=now + 9e6))
        lease = {"name": "janitor", "holder": "dead", "until": now + 9e6}
        connection.execute(sa.insert(leases).values(**lease))
    soon = WorkerRegistry(env.engine, 0.05)
    assert "dead" in soon.living()
    assert soon.take_lease("janitor", 5.0), "nobody may lead for so long"
    await asyncio.sleep(0.1)
    assert "dead" not in soon.living()


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[DbosTaskQueue]:
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    queue = DbosTaskQueue(engine, FAST)
    yield queue
    await queue.close()
    engine.dispose()


def _worker(folder: Path, journal: QueueJournal) -> DbosTaskWorker:
    engine = open_engine(sqlite_url(folder / "queue.db"))
    return DbosTaskWorker(engine, [journal.kind()], SystemClock(), FAST)


async def test_a_task_that_cannot_be_begun_does_not_keep_others_waiting(
    queue: DbosTaskQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the first of its owner's line, for ever."""
    journal = QueueJournal()
    worker = _worker(tmp_path, journal)
    begin = worker._dispatcher._start

    async def refuse(row: sa.RowMapping) -> None:
        if row["id"] == "odd":
            raise KeyError("odd")
        await begin(row)

    monkeypatch.setattr(worker._dispatcher, "_start", refuse)
    await queue.enqueue(new("odd", priority=1))
    await queue.enqueue(new("good", priority=100))
    await worker.start()
    try:
        await reach(queue, "good", TaskState.DONE)
        odd = await reach(queue, "odd", TaskState.WAITING)
    finally:
        await worker.stop()
        worker._database.dispose()
    assert "could not be begun: KeyError" in odd.error
    assert odd.retry_at is not None


async def test_a_worker_keeps_its_heart_and_env_through_a_defect(
    queue: DbosTaskQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _worker(tmp_path, journal := QueueJournal())
    calls = {"beat": 0, "round": 0}
    beat, env = worker._registry.beat, worker._maintenance.round

    def bad_beat() -> None:
        calls["beat"] += 1
        if calls["beat"] == 3:
            raise RuntimeError("a defect in the heart")
        beat()

    def bad_round(*, recover: bool = True) -> list[object]:
        calls["round"] += 1
        if calls["round"] == 3:
            return [None]  # telling its owner raises outside of every guard
        return list(env(recover=recover))

    monkeypatch.setattr(worker._registry, "beat", bad_beat)
    monkeypatch.setattr(worker._maintenance, "round", bad_round)
    await worker.start()
    try:
        await until(lambda: calls["beat"] > 6)
        await until(lambda: calls["round"] > 6)
        await queue.enqueue(new("one"))
        await reach(queue, "one", TaskState.DONE)
    finally:
        await worker.stop()
        worker._database.dispose()
    assert journal.lines
