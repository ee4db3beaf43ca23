"""One attempt at a command: run it, record what it prints, and tell how it ended."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import humanize

from transferapp.commands.allow_list import Command
from transferapp.commands.port import Change, CommandAttempts, CommandRun, OutputPiece, RunState
from transferapp.commands.process import Ended, Launch, run_guarded
from transferapp.commands.recording import OutputKeeping, OutputRecorder
from transferapp.commands.redaction import is_secret_name
from transferapp.errors import CommandFailed, Unavailable
from transferapp.host.clock import Clock
from transferapp.host.patience import patiently

_STOPPED = "It was stopped before it ended."
_PAUSED = "It was stopped before it ended. When it goes on, it begins again."
#: How often a running command is said to live (seconds).
BEAT_S = 5.0


class Watcher(Protocol):
    """Who has the attempt made."""

    async def alive(self, note: str) -> None:
        """Called every BEAT_S seconds while it runs."""

    async def stopped_by_person(self) -> bool:
        """Asked when it is interrupted; True when a person paused or cancelled it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is attempted: the run, the command as the worker knows it, its arguments."""

    run: CommandRun
    command: Command
    argv: tuple[str, ...]
    #: 1 for the first.
    number: int


class Attempt:
    """Carries a plan out; use it once."""

    def __init__(self, plan: Plan, runs: CommandAttempts, clock: Clock) -> None:
        self._plan = plan
        self._runs = runs
        self._clock = clock
        self._token = uuid.uuid4().hex

    async def make(self, watcher: Watcher) -> int:
        """Run the command and return its exit code.

        Raises CommandFailed, or Unavailable when it is to be tried again; StateConflict
        when another worker has taken the run over. Cancelled, it leaves no process behind.
        """
        plan = self._plan
        run_id = plan.run.id
        begun = await self._runs.begin(run_id, self._token, attempts=plan.number)
        try:
            ended = await self._record(begun.output_bytes, watcher)
        except asyncio.CancelledError:
            await self._report(await _interrupted(watcher))
            raise
        if _ended_well(ended, plan.command):
            await self._report(Change(RunState.DONE, ended.exit_code))
            return ended.exit_code or 0
        reason = described(ended, plan.command)
        if plan.number <= plan.command.retries:
            again = f"{reason} It is tried again: {plan.number} of {plan.command.retries}."
            await self._report(Change(RunState.WAITING, ended.exit_code, again))
            raise Unavailable(again)
        await self._report(Change(RunState.FAILED, ended.exit_code, reason))
        raise CommandFailed(reason)

    async def _record(self, kept_bytes: int, watcher: Watcher) -> Ended:
        command = self._plan.command
        secrets = tuple(v for k, v in command.environment.items() if is_secret_name(k))
        keeping = OutputKeeping(command.output_limit_bytes, kept_bytes, secrets)
        recorder = OutputRecorder(self._write, self._clock, keeping)
        if self._plan.number > 1:
            recorder.show(f"Attempt {self._plan.number}.")
        async with recorder.recording() as writing:
            running = asyncio.create_task(run_guarded(self._launch(), recorder.take))
            try:
                await _watch(running, writing, watcher)
            except asyncio.CancelledError:
                await _stop(running)
                recorder.show(_STOPPED)
                raise
            finally:
                await _stop(running)
            ended = running.result()
            if not _ended_well(ended, command):
                recorder.show(described(ended, command))
        return ended

    def _launch(self) -> Launch:
        command = self._plan.command
        return Launch(
            argv=self._plan.argv,
            environment=command.environment,
            folder=command.folder,
            timeout_s=command.timeout_s,
            grace_s=command.grace_s,
            nice=command.nice,
        )

    async def _write(self, piece: OutputPiece) -> None:
        await patiently(self._runs.append, self._plan.run.id, self._token, piece)

    async def _report(self, change: Change) -> None:
        reported = patiently(self._runs.attempt_ended, self._plan.run.id, self._token, change)
        await asyncio.shield(asyncio.create_task(reported))


def described(ended: Ended, command: Command) -> str:
    """Say how a program ended that did not end well."""
    if ended.error:
        return f"It could not be run: {ended.error}."
    if ended.timed_out:
        most = humanize.precisedelta(timedelta(seconds=command.timeout_s))
        return f"It took longer than {most} and was stopped."
    if ended.exit_code is not None and ended.exit_code < 0:
        return f"It was ended by the signal {_signal_name(-ended.exit_code)}."
    return f"It ended with exit code {ended.exit_code}."


def _ended_well(ended: Ended, command: Command) -> bool:
    return not ended.timed_out and ended.exit_code in command.success_codes


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)  # a real-time signal


async def _interrupted(watcher: Watcher) -> Change:
    if await watcher.stopped_by_person():
        return Change(RunState.PAUSED, message=_PAUSED)
    return Change(RunState.QUEUED, message=_STOPPED)


async def _watch(
    running: asyncio.Task[Ended], writing: asyncio.Task[None], watcher: Watcher
) -> None:
    """Wait for the end of the program; raises what keeps its output from being written."""
    began = time.monotonic()
    while True:
        done, _ = await asyncio.wait(
            {running, writing}, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if writing in done:
            writing.result()
        if done:
            return
        seconds = timedelta(seconds=time.monotonic() - began)
        await watcher.alive(f"running for {humanize.naturaldelta(seconds)}")


async def _stop(running: asyncio.Task[Ended]) -> None:
    running.cancel()
    await asyncio.wait({running})
