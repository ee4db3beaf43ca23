"""What every TaskQueue must do with tasks that let others do portions of them."""

from __future__ import annotations

from dataclasses import replace

from transferapp.errors import DamagedFile, RepositoryUnavailable
from transferapp.taskqueue.port import Context, TaskKind, TaskState
from transferapp.testing.queue_journal import LIMIT, Note, QueueJournal, new, reach, until
from transferapp.testing.queue_resources_suite import QueueEnv, QueueResourcesSuite

PORTIONS = [f"p{number}" for number in range(2 * LIMIT + 1)]


class Whole:
    """A kind of task that has its portions done by tasks of the kind "note"."""

    def __init__(self) -> None:
        """Nothing is done yet."""
        self.lines: list[str] = []
        self.dead: list[str] = []

    async def handle(self, context: Context, _: Note) -> None:
        """One step before the portions, one after."""
        await context.step("before", self._note, "before")
        await context.portions([new(name, text=name) for name in PORTIONS])
        await context.step("after", self._note, "after")

    async def _note(self, line: str) -> str:
        self.lines.append(line)
        return line

    async def _dead(self, task: object) -> None:
        self.dead.append(str(getattr(task, "error", "")))

    def kind(self) -> TaskKind:
        """Return the kind "whole"."""
        return TaskKind("whole", Note, self.handle, on_dead=self._dead)


class QueuePortionsSuite(QueueResourcesSuite):
    """The port's promises on portions."""

    async def _begin(self, env: QueueEnv, journal: QueueJournal) -> Whole:
        made = Whole()
        await env.work(journal.kind(), made.kind())
        await env.queue.enqueue(replace(new("whole"), kind="whole"))
        return made

    async def test_portions_run_side_by_side_and_then_the_rest(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """While they run the whole holds no place: all places are theirs."""
        journal.gate.clear()
        made = await self._begin(env, journal)
        await until(lambda: journal.running == LIMIT)
        await reach(env.queue, "whole", TaskState.WAITING)
        assert made.lines == ["before"]
        journal.gate.set()
        await reach(env.queue, "whole", TaskState.DONE)
        assert made.lines == ["before", "after"]
        assert sorted(line for line in journal.lines if line in PORTIONS) == PORTIONS
        assert journal.most_running == LIMIT

    async def test_a_portion_that_waits_is_waited_for(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """Its failure is its own."""
        journal.failures = [RepositoryUnavailable("down")]
        made = await self._begin(env, journal)
        task = await reach(env.queue, "whole", TaskState.DONE)
        assert (task.attempts, made.lines, made.dead) == (0, ["before", "after"], [])

    async def test_a_dead_portion_ends_the_whole_until_it_is_redriven(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """With its words; the portions that were done are not done again."""
        journal.failures = [DamagedFile("a plane is torn")]
        made = await self._begin(env, journal)
        task = await reach(env.queue, "whole", TaskState.DEAD)
        assert (task.error_code, task.error) == (DamagedFile.code, "a plane is torn")
        await until(lambda: made.dead == ["a plane is torn"])
        for name in PORTIONS:
            await reach(env.queue, name, TaskState.DONE, TaskState.DEAD)
        await env.queue.redrive("whole")
        await reach(env.queue, "whole", TaskState.DONE)
        assert made.lines == ["before", "after"]
        assert sorted(line for line in journal.lines if line in PORTIONS) == PORTIONS

    async def test_who_cancels_the_whole_cancels_its_portions(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """Those that run are stopped too; resumed, all of them go on."""
        journal.gate.clear()
        made = await self._begin(env, journal)
        await until(lambda: journal.running == LIMIT)
        await reach(env.queue, "whole", TaskState.WAITING)
        await env.queue.cancel("whole")
        for name in ["whole", *PORTIONS]:
            assert (await env.queue.get(name)).state is TaskState.CANCELLED
        await until(lambda: journal.running == 0)
        journal.gate.set()
        await env.queue.resume("whole")
        await reach(env.queue, "whole", TaskState.DONE)
        assert made.lines == ["before", "after"]

    async def test_who_pauses_the_whole_pauses_its_portions(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """And nothing goes on before it is resumed."""
        journal.gate.clear()
        await self._begin(env, journal)
        await until(lambda: journal.running == LIMIT)
        await reach(env.queue, "whole", TaskState.WAITING)
        await env.queue.pause("whole")
        journal.gate.set()
        await until(lambda: journal.running == 0)
        states = [(await env.queue.get(name)).state for name in ["whole", *PORTIONS]]
        assert set(states) <= {TaskState.PAUSED, TaskState.DONE}
        assert states[0] is TaskState.PAUSED
        await env.queue.resume("whole")
        await reach(env.queue, "whole", TaskState.DONE)

    async def test_a_cancelled_portion_is_told(
        self, env: QueueEnv, journal: QueueJournal
    ) -> None:
        """Whoever retries the whole lets it go on."""
        journal.gate.clear()
        made = await self._begin(env, journal)
        await until(lambda: journal.running == LIMIT)
        await env.queue.cancel(PORTIONS[-1])
        journal.gate.set()
        task = await reach(env.queue, "whole", TaskState.DEAD)
        assert task.error_code == "cancelled"
        await env.queue.redrive("whole")
        await reach(env.queue, "whole", TaskState.DONE)
        assert made.lines == ["before", "after"]
