"""The task that runs a command of the facility, under the worker's own allow-list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel

from transferapp.commands.allow_list import AllowList, Command
from transferapp.commands.port import Change, CommandAttempts, CommandRun, RunState
from transferapp.errors import CommandFailed
from transferapp.host.clock import Clock
from transferapp.operations.command_attempt import Attempt, Plan
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, RetryPolicy, Task, TaskKind

KIND = "run-command"
#: More attempts than any command may have; its own ``retries`` decide.
POLICY = RetryPolicy(max_attempts=200, first_delay_s=5.0, max_delay_s=3600.0)


class RunCommand(BaseModel):
    """Run this command; the task's id is the run's. Nothing of it is secret."""

    run_id: str
    command: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class CommandParts:
    """What running commands needs; ``allow_list`` reads the file anew, blocking."""

    runs: CommandAttempts
    repository: Repository
    clock: Clock
    allow_list: Callable[[], Awaitable[AllowList]]


def run_command_kind(parts: CommandParts) -> TaskKind:
    """Return the kind of task that runs a command; its payload is RunCommand.

    Unavailable is retried while the command's own ``retries`` last (its failures come as that
    while some are left); any other error ends the run as failed, with its sentence.
    """
    handler = CommandRunner(parts)
    return TaskKind(
        name=KIND,
        payload=RunCommand,
        handler=handler.run,
        retry=POLICY,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


class CommandRunner:
    """The handler of run-command and what is told about it."""

    def __init__(self, parts: CommandParts) -> None:
        self._parts = parts

    async def run(self, context: Context, wanted: RunCommand) -> None:
        """Run it, unless it has ended well; raises CommandFailed when it does not."""
        await context.step("run", self._run, context, wanted)

    async def dead(self, task: Task) -> None:
        """Note that it failed for good."""
        change = Change(RunState.FAILED, message=task.error)
        await self._parts.runs.settle(task.id, change)

    async def waiting(self, task: Task) -> None:
        """Note that it is tried again."""
        change = Change(RunState.WAITING, message=task.error)
        await self._parts.runs.settle(task.id, change)

    async def cancelled(self, task: Task) -> None:
        """Note that a person stopped it; by now the program is gone."""
        change = Change(RunState.CANCELLED, message="It was stopped on request.")
        await self._parts.runs.settle(task.id, change)

    async def _run(self, context: Context, wanted: RunCommand) -> int | None:
        runs = self._parts.runs
        run = await runs.get(wanted.run_id)
        if run.state is RunState.DONE:
            return run.exit_code
        command = await self._allowed(run)
        before = _attempts(run)
        if before > command.retries:
            raise CommandFailed(_interrupted(run))
        argv = command.filled_in(command.checked(dict(run.parameters)))
        attempt = Attempt(Plan(run, command, argv, before + 1), runs, self._parts.clock)
        return await attempt.make(_Watcher(context))

    async def _allowed(self, run: CommandRun) -> Command:
        """Return the command as this worker's file has it; raises NotFound."""
        allow_list = await self._parts.allow_list()
        identity = await self._parts.repository.identity(run.owner)
        return allow_list.command(run.command, identity)


class _Watcher:
    """Sees an attempt for its task."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def alive(self, note: str) -> None:
        await self._context.progress(0.0, note)

    async def stopped_by_person(self) -> bool:
        return await self._context.stopped_by_person()


def _attempts(run: CommandRun) -> int:
    """Return how many attempts count."""
    if run.state.ended:
        return 0  # It is here again because an administrator wishes so.
    return run.attempts - 1 if run.state is RunState.PAUSED else run.attempts


def _interrupted(run: CommandRun) -> str:
    """Say why a run that was started is not started again."""
    if run.state is RunState.QUEUED:
        what = "Its worker was stopped, and ended it halfway."
    else:
        what = "Its worker was lost while it ran, so nobody knows how far it came."
    return (
        f"{what} It was not run again by itself, because running it twice may do harm. Look at"
        " its output, then run it again."
    )
