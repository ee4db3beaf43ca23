"""Commands as people ask for them: what may be run, runs, and what they printed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from transferapp.commands.allow_list import AllowList, Command
from transferapp.commands.port import CommandRun, CommandRuns, NewRun, RunState
from transferapp.errors import NotFound, StateConflict, TransferNotFound
from transferapp.operations.run_command import KIND, RunCommand
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import (
    NewTask,
    TargetControl,
    Task,
    TaskControl,
    TaskState,
    WorkClass,
)


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as a person sees it, with what the queue knows of it."""

    run: CommandRun
    #: ``paused`` or a RunState.
    state: str
    message: str
    #: Since when its worker gives no sign of life.
    stalled_since: datetime | None = None


class CommandRequests:
    """What the server does for people; ``allow_list`` reads the file anew.

    Every method raises SettingsInvalid, where it looks at a file that is wrong.
    """

    def __init__(
        self,
        runs: CommandRuns,
        queue: TaskControl,
        targets: TargetControl,
        repository: Repository,
        allow_list: Callable[[], Awaitable[AllowList]],
    ) -> None:
        self._runs = runs
        self._queue = queue
        self._targets = targets
        self._repository = repository
        self._allow_list = allow_list

    async def commands(self, username: str) -> dict[str, Command]:
        """Return the commands that this person may run, by name."""
        identity = await self._repository.identity(username)
        commands = (await self._allow_list()).commands
        return {name: one for name, one in commands.items() if one.allows(identity)}

    async def submit(
        self, username: str, name: str, parameters: Mapping[str, str], request_key: str
    ) -> SeenRun:
        """Queue a run; the same ``request_key`` gives the first again.

        Raises NotFound that lists what there is, Invalid for a parameter.
        """
        identity = await self._repository.identity(username)
        command = (await self._allow_list()).command(name, identity)
        values = command.checked(dict(parameters))
        command.filled_in(values)
        new = NewRun(_run_id(username, name, request_key), name, username, values)
        run = await self._runs.add(new)
        # Here too: workers know only the limits of the file they started with.
        await self._targets.configure_limit(target_of(name), command.limit)
        await self._queue.enqueue(_task(run))
        return await self._seen(run)

    async def run(self, username: str, run_id: str) -> SeenRun:
        """Return a run of this person, or to an administrator any; raises NotFound."""
        run = await self._runs.get(run_id)
        if run.owner != username and not await self._is_admin(username):
            raise NotFound("There is no such run of yours.")
        return await self._seen(run)

    async def again(self, run_id: str) -> SeenRun:
        """Look at a run again that the caller has got from ``run``."""
        return await self._seen(await self._runs.get(run_id))

    async def runs(self, username: str, *, after: str = "", limit: int = 50) -> list[SeenRun]:
        """List this person's runs, newest first."""
        found = await self._runs.runs(username, after=after, limit=limit)
        return [await self._seen(run) for run in found]

    async def cancel(self, username: str, run_id: str) -> SeenRun:
        """Stop a run; raises StateConflict when it has ended."""
        seen = await self.run(username, run_id)
        if seen.run.state.ended:
            raise StateConflict("It has ended already.")
        await self._queue.cancel(run_id)
        return await self._seen(seen.run)

    async def output(self, run_id: str, after: int = 0, limit: int = 1 << 20) -> bytes:
        """Return output after so many bytes; the caller has got the run before."""
        return await self._runs.output(run_id, after, limit)

    async def _is_admin(self, username: str) -> bool:
        return (await self._repository.identity(username)).is_admin

    async def _seen(self, run: CommandRun) -> SeenRun:
        if run.state.ended:
            return SeenRun(run, run.state, run.message)
        try:
            task = await self._queue.get(run.id)
        except TransferNotFound:
            return SeenRun(run, run.state, run.message)
        return SeenRun(run, _state(run, task), task.error or run.message, task.stalled_since)


def target_of(command: str) -> str:
    """Return the queue's target whose limit counts for a command."""
    return f"command:{command}"


def _state(run: CommandRun, task: Task) -> str:
    """Say where a run is that has not ended in our record: the queue may know more."""
    known = {
        TaskState.QUEUED: RunState.QUEUED,
        TaskState.WAITING: RunState.WAITING,
        TaskState.DEAD: RunState.FAILED,
        TaskState.CANCELLED: RunState.CANCELLED,
        TaskState.PAUSED: TaskState.PAUSED,
    }
    return known.get(task.state, run.state)


def _task(run: CommandRun) -> NewTask:
    parameters = dict(run.parameters)
    payload = RunCommand(run_id=run.id, command=run.command, parameters=parameters)
    return NewTask(
        id=run.id,
        kind=KIND,
        payload=payload,
        target=target_of(run.command),
        owner=run.owner,
        # They may take hours, and must keep no mail from going out.
        lane=WorkClass.CONVERSIONS,
    )


def _run_id(username: str, name: str, request_key: str) -> str:
    """Return the id that this person's request always has, and nobody else's."""
    whole = "\0".join((username, name, request_key))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]
