"""What every TaskQueue must do with targets: limits, turns, and lists, as tests to inherit."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import pytest

from transferapp.errors import (
    Invalid,
)
from transferapp.taskqueue.port import (
    TaskKind,
    TaskQueue,
    TaskState,
    TaskWorker,
)
from transferapp.testing.queue_journal import LIMIT, RESOURCE, QueueJournal, new, reach, until


class QueueEnv(Protocol):
    """A queue, and workers for it."""

    queue: TaskQueue

    async def work(self, *kinds: TaskKind) -> TaskWorker:
        """Start a worker for these kinds; the house stops it at the end."""


class QueueResourcesSuite:
    """The port's promises on targets; the fixtures serve the rest of the suite too."""

    @pytest.fixture
    def env(self) -> Any:
        """Yield a QueueHouse with LIMIT for TARGET and quick polling."""
        raise NotImplementedError

    @pytest.fixture
    def journal(self) -> QueueJournal:
        """Return a fresh journal on the test's own loop."""
        return QueueJournal()

    async def test_limit_of_a_target(self, env: QueueEnv, journal: QueueJournal) -> None:
        """No more than LIMIT run at once, and all get their turn."""
        journal.gate.clear()
        await env.work(journal.kind())
        for number in range(6):
            await env.queue.enqueue(new(f"task-{number}"))
        await until(lambda: journal.running == LIMIT)
        await asyncio.sleep(0.4)
        assert journal.most_running == LIMIT
        journal.gate.set()
        for number in range(6):
            await reach(env.queue, f"task-{number}", TaskState.DONE)
        assert journal.most_running == LIMIT

    async def test_a_small_owner_need_not_wait_for_a_giant(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """Bob's one task is among the first that run, though Ada's twelve came before it."""
        for number in range(12):
            await env.queue.enqueue(new(f"ada-{number}"))
        await env.queue.enqueue(new("bob", owner="bob"))
        journal.gate.clear()
        await env.work(journal.kind())
        await until(lambda: journal.running == LIMIT)
        assert {line for line in journal.lines if "begin" in line} == {
            "begin ada-0",
            "begin bob",
        }
        journal.gate.set()
        await reach(env.queue, "bob", TaskState.DONE)

    async def test_priority(self, env: QueueEnv, journal: QueueJournal) -> None:
        """The smallest number of an owner's tasks goes first."""
        await env.queue.pause_resource(RESOURCE, paused=True)
        for number, priority in enumerate((300, 100, 200, 400)):
            await env.queue.enqueue(new(f"p{priority}-{number}", priority=priority))
        journal.gate.clear()
        await env.work(journal.kind())
        await env.queue.pause_resource(RESOURCE, paused=False)
        await until(lambda: journal.running == LIMIT)
        begun = {line for line in journal.lines if line.startswith("begin")}
        assert begun == {"begin p100-1", "begin p200-2"}
        journal.gate.set()

    async def test_pause_a_target(self, env: QueueEnv, journal: QueueJournal) -> None:
        """Nothing starts while the target is paused; then it does."""
        await env.work(journal.kind())
        await env.queue.pause_resource(RESOURCE, paused=True)
        # A look for new tasks that has begun already may still take one.
        await asyncio.sleep(0.3)
        await env.queue.enqueue(new("one"))
        await asyncio.sleep(0.5)
        assert (await env.queue.get("one")).state is TaskState.QUEUED
        await env.queue.pause_resource(RESOURCE, paused=False)
        await reach(env.queue, "one", TaskState.DONE)

    async def test_a_limit_is_changed_at_run_time(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """More start at once; running ones go on when it becomes smaller."""
        journal.gate.clear()
        await env.work(journal.kind())
        for number in range(6):
            await env.queue.enqueue(new(f"task-{number}"))
        await until(lambda: journal.running == LIMIT)
        await env.queue.set_limit(RESOURCE, LIMIT + 2)
        await until(lambda: journal.running == LIMIT + 2)
        await env.queue.set_limit(RESOURCE, 1)
        assert journal.running == LIMIT + 2
        (resource,) = await env.queue.resources()
        assert resource.ceiling == 1
        with pytest.raises(Invalid):
            await env.queue.set_limit(RESOURCE, 0)
        journal.gate.set()
        for number in range(6):
            await reach(env.queue, f"task-{number}", TaskState.DONE)

    async def test_the_settings_limit_and_the_administrators(self, env: QueueEnv) -> None:
        """Hers holds until the settings name another number than before."""

        async def ceiling() -> int:
            return {one.name: one.ceiling for one in await env.queue.resources()}[RESOURCE]

        await env.queue.enqueue(new("one"))
        await env.queue.configure_limit(RESOURCE, 3)
        assert await ceiling() == 3
        await env.queue.set_limit(RESOURCE, 7)
        await env.queue.configure_limit(RESOURCE, 3)
        assert await ceiling() == 7
        await env.queue.configure_limit(RESOURCE, 5)
        assert await ceiling() == 5

    async def test_depths(self, env: QueueEnv) -> None:
        """Tasks are counted by target and state."""
        for number in range(3):
            await env.queue.enqueue(new(f"task-{number}"))
        await env.queue.pause("task-1")
        found = {(one.target, one.state): one.count for one in await env.queue.depths()}
        assert found == {(RESOURCE, TaskState.QUEUED): 2, (RESOURCE, TaskState.PAUSED): 1}

    async def test_lists_in_pages(self, env: QueueEnv) -> None:
        """Newest first, filtered, page by page."""
        for number in range(5):
            await env.queue.enqueue(new(f"t{number}", owner="ada" if number % 2 else "bob"))
            await asyncio.sleep(0.002)
        first = await env.queue.tasks(limit=3)
        second = await env.queue.tasks(limit=3, after=first[-1].id)
        assert [task.id for task in (*first, *second)] == ["t4", "t3", "t2", "t1", "t0"]
        assert [task.id for task in await env.queue.tasks(owner="ada")] == ["t3", "t1"]
        assert await env.queue.tasks(states=[TaskState.DEAD]) == []
        assert len(await env.queue.tasks(states=[TaskState.QUEUED], resource=RESOURCE)) == 5
        assert await env.queue.tasks(resource="elsewhere") == []
