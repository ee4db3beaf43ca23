"""The port to the runs of commands: how each ended, and what it printed.

A *command* is a program that the administrator allowed by name; a *run* is one execution
of it. A run is worked on by *attempts*; whoever holds the newest attempt's token may write
to it, so that a worker that was thought dead cannot mix its output into a later attempt's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    #: A person paused it while it ran; the attempt does not count.
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in {RunState.DONE, RunState.FAILED, RunState.CANCELLED}


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that somebody asked for; ``id`` is a uuid4 hex."""

    id: str
    command: str
    owner: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A run as it is now."""

    id: str
    command: str
    owner: str
    parameters: Mapping[str, str]
    state: RunState
    #: How often it was started; of these the last may still run.
    attempts: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    #: Of the program; None: it was never started, or it was stopped.
    exit_code: int | None = None
    #: Why it does not run or did not end well, as a sentence.
    message: str = ""
    #: Bytes of output that are kept, in UTF-8.
    output_bytes: int = 0
    #: Whether it printed more than is kept.
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt has to tell of its run."""

    state: RunState
    exit_code: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Whole lines of output in UTF-8, from byte ``start`` of it."""

    start: int
    text: bytes
    #: Whether the output ends here although the program printed more.
    cut: bool = False


class CommandRuns(Protocol):
    """Runs and their output, for who asks for them. All methods raise Unavailable
    for no database, and NotFound for a run that is not there.
    """

    async def add(self, run: NewRun) -> CommandRun:
        """Store a run; the same id again gives the first."""

    async def get(self, run_id: str) -> CommandRun:
        """Return a run."""

    async def runs(
        self, owner: str = "", *, after: str = "", limit: int = 50
    ) -> list[CommandRun]:
        """List runs of a person (or of all), newest first; ``after`` is the last id of the
        page before.
        """

    async def output(self, run_id: str, after: int = 0, limit: int = 1 << 20) -> bytes:
        """Return the output after so many bytes, about ``limit`` bytes of it."""


class CommandAttempts(Protocol):
    """Runs, for the worker that carries them out. All methods raise Unavailable
    for no database, and NotFound for a run that is not there.
    """

    async def get(self, run_id: str) -> CommandRun:
        """Return a run."""

    async def begin(self, run_id: str, token: str, *, attempts: int) -> CommandRun:
        """Start attempt number ``attempts``; from now on only ``token`` may write."""

    async def append(self, run_id: str, token: str, piece: OutputPiece) -> None:
        """Add output; nothing when it is there already. Raises StateConflict when another
        attempt has begun or the run has ended.
        """

    async def attempt_ended(self, run_id: str, token: str, change: Change) -> None:
        """Note how an attempt ended; nothing when another one has begun."""

    async def settle(self, run_id: str, change: Change) -> None:
        """Note what the queue decided; nothing when the run has ended. Idempotent."""


class OldCommandRuns(Protocol):
    """Runs, for who keeps house. Raises Unavailable."""

    async def forget_ended(self, age: timedelta) -> int:
        """Forget runs that ended so long ago, with their output; returns how many."""
