"""What every TaskQueue with its TaskWorker must do, as tests to inherit.

A subclass overrides the fixture ``house``: a queue, and a way to start a worker on it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from transferapp.errors import (
    DamagedFile,
    RepositoryUnavailable,
    StateConflict,
    TransferNotFound,
)
from transferapp.taskqueue.port import (
    Context,
    NewTask,
    RetryPolicy,
    TaskKind,
    TaskState,
)
from transferapp.testing.queue_journal import (
    QUICK,
    RESOURCE,
    Note,
    QueueJournal,
    new,
    reach,
    until,
)
from transferapp.testing.queue_portions_suite import QueuePortionsSuite
from transferapp.testing.queue_resources_suite import QueueEnv


class TaskQueueSuite(QueuePortionsSuite):
    """The port's promises."""

    async def test_runs_a_task_to_its_end(self, env: QueueEnv, journal: QueueJournal) -> None:
        """Steps run in order and the task is done."""
        await env.work(journal.kind())
        assert await env.queue.enqueue(new("one", text="hello"))
        task = await reach(env.queue, "one", TaskState.DONE)
        assert journal.lines == ["hello", "try", "begin one", "end one"]
        assert (task.progress, task.attempts, task.error) == (1.0, 0, "")

    async def test_id_is_the_idempotency_key(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """The second enqueue changes nothing, before and after the end."""
        assert await env.queue.enqueue(new("one", text="first"))
        assert not await env.queue.enqueue(new("one", text="second"))
        await env.work(journal.kind())
        await reach(env.queue, "one", TaskState.DONE)
        assert not await env.queue.enqueue(new("one"))
        await asyncio.sleep(0.3)
        assert journal.lines.count("try") == 1
        assert journal.lines[0] == "first"

    async def test_many_are_stored_at_once(self, env: QueueEnv, journal: QueueJournal) -> None:
        """Those that are there already are left as they are."""
        await env.queue.enqueue(new("3", text="first"))
        many = [new(str(number), text=f"text {number}") for number in range(1200)]
        assert await env.queue.enqueue_all(many) == 1199
        assert await env.queue.enqueue_all(many[:10]) == 0
        assert await env.queue.enqueue_all([]) == 0
        await env.work(journal.kind())
        await reach(env.queue, "3", TaskState.DONE)
        await reach(env.queue, "7", TaskState.DONE)
        assert "first" in journal.lines
        assert "text 7" in journal.lines
        assert "text 3" not in journal.lines

    async def test_retryable_failure_waits_and_keeps_steps(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """The failed step runs again, the finished one does not; the owner is told."""
        journal.failures = [RepositoryUnavailable("down"), RepositoryUnavailable("down")]
        await env.work(journal.kind())
        await env.queue.enqueue(new("one", text="hello"))
        task = await reach(env.queue, "one", TaskState.DONE)
        assert journal.lines.count("hello") == 1
        assert journal.lines.count("try") == 3
        assert task.attempts == 2
        assert {notified.error_code for notified in journal.notified} == {
            "repository-unavailable"
        }
        assert all(notified.state is TaskState.WAITING for notified in journal.notified)
        assert all(notified.retry_at is not None for notified in journal.notified)

    async def test_the_other_sides_request_is_honoured(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """Retry-After beats a shorter delay of the policy."""
        journal.failures = [RepositoryUnavailable("busy", retry_after_s=3600.0)]
        await env.work(journal.kind())
        await env.queue.enqueue(new("one"))
        task = await reach(env.queue, "one", TaskState.WAITING)
        assert task.retry_at is not None
        assert (task.retry_at - datetime.now(UTC)).total_seconds() > 3500

    async def test_other_failure_ends_at_once(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """An error that retrying cannot help is dead after one attempt."""
        journal.failures = [DamagedFile("cut short")]
        await env.work(journal.kind())
        await env.queue.enqueue(new("one"))
        task = await reach(env.queue, "one", TaskState.DEAD)
        assert (task.error_code, task.error) == ("damaged-file", "cut short")
        assert journal.lines.count("try") == 1
        await until(lambda: bool(journal.notified))
        assert {notified.state for notified in journal.notified} == {TaskState.DEAD}

    async def test_defect_is_tried_three_times(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """An exception that nobody translated becomes "internal"."""
        journal.failures = [ValueError("oops") for _ in range(9)]
        await env.work(journal.kind())
        await env.queue.enqueue(new("one"))
        task = await reach(env.queue, "one", TaskState.DEAD)
        assert (task.error_code, journal.lines.count("try")) == ("internal", 3)
        assert "ValueError: oops" in task.error

    async def test_attempts_end(self, env: QueueEnv, journal: QueueJournal) -> None:
        """The policy's last attempt is the last."""
        journal.failures = [RepositoryUnavailable("down") for _ in range(9)]
        policy = RetryPolicy(max_attempts=2, first_delay_s=0.05)
        await env.work(journal.kind(policy))
        await env.queue.enqueue(new("one"))
        await reach(env.queue, "one", TaskState.DEAD)
        assert journal.lines.count("try") == 2

    async def test_redrive_goes_on_from_the_failed_step(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """A dead task runs again with fresh attempts."""
        journal.failures = [DamagedFile("cut short")]
        await env.work(journal.kind())
        await env.queue.enqueue(new("one", text="hello"))
        await reach(env.queue, "one", TaskState.DEAD)
        await env.queue.redrive("one")
        task = await reach(env.queue, "one", TaskState.DONE)
        assert (journal.lines.count("hello"), journal.lines.count("try")) == (1, 2)
        assert (task.error_code, task.attempts) == ("", 0)

    async def test_unknown_kind_ends_dead(self, env: QueueEnv, journal: QueueJournal) -> None:
        """Nobody knows the kind: a person must look."""
        await env.work(journal.kind())
        await env.queue.enqueue(NewTask("one", "stranger", Note(), RESOURCE, "ada"))
        assert (await reach(env.queue, "one", TaskState.DEAD)).error_code == "invalid"

    async def test_cancel_before_the_start(self, env: QueueEnv, journal: QueueJournal) -> None:
        """A queued task never starts; its owner may clean up."""
        await env.queue.enqueue(new("one"))
        await env.queue.cancel("one")
        await env.work(journal.kind())
        await until(lambda: bool(journal.notified))
        assert journal.lines == []
        assert journal.notified[0].state is TaskState.CANCELLED
        assert not journal.notified[0].begun

    async def test_cancel_interrupts_a_step(self, env: QueueEnv, journal: QueueJournal) -> None:
        """A running step stops at its await; resume lets it go on."""
        journal.gate.clear()
        await env.work(journal.kind())
        await env.queue.enqueue(new("one", text="hello"))
        await until(lambda: journal.running == 1)
        await env.queue.cancel("one")
        await until(lambda: journal.running == 0)
        assert (await env.queue.get("one")).state is TaskState.CANCELLED
        await until(lambda: bool(journal.notified))
        assert journal.notified[0].begun
        journal.gate.set()
        await env.queue.resume("one")
        await reach(env.queue, "one", TaskState.DONE)
        assert journal.lines.count("hello") == 1

    async def test_a_lock_is_held_by_one_run_at_a_time(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """The second run waits for the first, whether that works or is cancelled."""

        async def locked(context: Context, _: Note) -> None:
            async with context.lock("of these tests"):
                await context.step("gate", journal.pass_gate, context.task.id)

        journal.gate.clear()
        await env.work(TaskKind("note", Note, locked, retry=QUICK))
        for name in ("one", "two"):
            await env.queue.enqueue(new(name))
        await until(lambda: journal.running == 1)
        await reach(env.queue, "one", TaskState.RUNNING)
        await reach(env.queue, "two", TaskState.RUNNING)
        await asyncio.sleep(0.3)
        [begun] = journal.lines
        first = begun.removeprefix("begin ")
        await env.queue.cancel(first)
        await until(lambda: len(journal.lines) > 1)
        journal.gate.set()
        await reach(env.queue, {"one": "two", "two": "one"}[first], TaskState.DONE)
        assert journal.most_running == 1

    async def test_pause_and_resume(self, env: QueueEnv, journal: QueueJournal) -> None:
        """A paused task keeps its finished steps and its place to go on."""
        journal.gate.clear()
        await env.work(journal.kind())
        await env.queue.enqueue(new("one", text="hello"))
        await until(lambda: journal.running == 1)
        await env.queue.pause("one")
        await until(lambda: journal.running == 0)
        journal.gate.set()
        await asyncio.sleep(0.3)
        assert (await env.queue.get("one")).state is TaskState.PAUSED
        await env.queue.resume("one")
        await reach(env.queue, "one", TaskState.DONE)
        assert (journal.lines.count("hello"), journal.lines.count("end one")) == (1, 1)

    async def test_a_step_knows_who_stopped_it(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """A person who pauses or cancels, or else a worker that stops."""
        notified: list[bool] = []

        async def handle(context: Context, _note: Note) -> None:
            async def block() -> None:
                try:
                    await journal.pass_gate(context.task.id)
                except asyncio.CancelledError:
                    notified.append(await context.stopped_by_person())
                    raise

            await context.step("block", block)

        journal.gate.clear()
        worker = await env.work(TaskKind("note", Note, handle))
        for name, stop in (("one", env.queue.pause), ("two", env.queue.cancel)):
            await env.queue.enqueue(new(name))
            await until(lambda: journal.running == 1)
            await stop(name)
            await until(lambda: journal.running == 0)
        await env.queue.enqueue(new("three"))
        await until(lambda: journal.running == 1)
        await worker.stop()
        assert notified == [True, True, False]

    async def test_refusals(self, env: QueueEnv, journal: QueueJournal) -> None:
        """A state that forbids it, and an id that nobody knows."""
        await env.work(journal.kind())
        await env.queue.enqueue(new("one"))
        await reach(env.queue, "one", TaskState.DONE)
        for forbidden in (env.queue.cancel, env.queue.resume, env.queue.redrive):
            with pytest.raises(StateConflict):
                await forbidden("one")
        for unknown in (env.queue.get, env.queue.cancel, env.queue.redrive):
            with pytest.raises(TransferNotFound):
                await unknown("nobody")

    async def test_stop_hands_back(self, env: QueueEnv, journal: QueueJournal) -> None:
        """What a stopped worker had begun is finished by the next; no step twice."""
        journal.gate.clear()
        worker = await env.work(journal.kind())
        await env.queue.enqueue(new("one", text="hello"))
        await until(lambda: journal.running == 1)
        await worker.stop()
        assert journal.running == 0
        assert (await env.queue.get("one")).state is TaskState.QUEUED
        journal.gate.set()
        await env.work(journal.kind())
        task = await reach(env.queue, "one", TaskState.DONE)
        assert (journal.lines.count("hello"), task.crashes) == (1, 0)

    async def test_progress_is_shown(self, env: QueueEnv, journal: QueueJournal) -> None:
        """Lists show the step, how far it is, and a note."""

        async def handle(context: Context, _note: Note) -> None:
            await context.progress(0.25, "a quarter", bytes_done=5_000_000_000)
            await context.step("waiting", journal.pass_gate, "one")

        journal.gate.clear()
        await env.work(TaskKind("note", Note, handle))
        await env.queue.enqueue(new("one"))
        await until(lambda: journal.running == 1)
        task = await env.queue.get("one")
        shown = (task.state, task.step, task.progress, task.note, task.bytes_done)
        assert shown == (TaskState.RUNNING, "waiting", 0.25, "a quarter", 5_000_000_000)
        journal.gate.set()
        await reach(env.queue, "one", TaskState.DONE)

    async def test_each_step_shows_how_it_begins(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """However short the step before was: its words are not this one's."""

        async def handle(context: Context, _note: Note) -> None:
            async def log(text: str) -> None:
                await context.progress(0.5, text, bytes_done=len(text))

            async def block() -> None:
                await log("the long one")
                await journal.pass_gate("one")

            await context.step("short", log, "short")
            await context.step("long", block)

        journal.gate.clear()
        await env.work(TaskKind("note", Note, handle))
        await env.queue.enqueue(new("one"))
        await until(lambda: journal.running == 1)
        task = await env.queue.get("one")
        assert (task.step, task.note, task.bytes_done) == ("long", "the long one", 12)
        journal.gate.set()
        await reach(env.queue, "one", TaskState.DONE)
