"""The port to the task queue: durable tasks with checkpoints, retries and limits.

A *task* is a kind (a name and a version), a pydantic payload and a handler. The handler
gets a Context; each ``step`` is a checkpoint: after a crash, finished steps give their
stored result again, so only the step that was in flight repeats. Steps must therefore be
idempotent. The id of a task is its idempotency key. The queue itself forgets tasks that were
done or cancelled long ago.

An error that a handler raises decides what follows: ``retryable`` ones (errors.py) are
retried with back-off over days without holding a slot; all others end the task at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from transferapp.host.backoff import Backoff

R = TypeVar("R")


class TaskState(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class WorkClass(StrEnum):
    """What sort of work a task is; each sort has places of its own in every worker."""

    TRANSFERS = "transfers"
    CONVERSIONS = "conversions"
    PREVIEWS = "previews"
    HOUSEKEEPING = "housekeeping"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long apart a retryable failure is tried again (seconds); no pause is
    longer than a week.
    """

    max_attempts: int = 60
    first_delay_s: float = 5.0
    factor: float = 2.0
    max_delay_s: float = 3600.0

    def delay_s(self, attempt: int, jitter: float) -> float:
        """Return the pause after attempt number ``attempt`` (from 0); ``jitter`` is 0..1."""
        pauses = Backoff(self.first_delay_s, self.max_delay_s, self.factor)
        return pauses.pause_s(attempt) * (0.8 + 0.4 * jitter)


@dataclass(frozen=True, slots=True)
class Task:
    """One task as lists show it; the payload stays inside the queue."""

    id: str
    kind: str
    version: int
    target: str
    owner: str
    priority: int
    state: TaskState
    attempts: int
    crashes: int
    created_at: datetime
    updated_at: datetime
    #: When a waiting task is tried again.
    retry_at: datetime | None = None
    error_code: str = ""
    error: str = ""
    step: str = ""
    progress: float = 0.0
    note: str = ""
    #: Bytes that were moved so far, where the task moves any.
    bytes_done: int = 0
    lane: WorkClass = WorkClass.TRANSFERS
    #: The worker that runs it, or still cleans up after it.
    worker: str = ""
    #: Since when a running task gives no sign of life; it is not failed.
    stalled_since: datetime | None = None
    #: Whether any worker ever had it; False only where none can have done anything for it.
    begun: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """What a target's tasks work on, and how hard it is pressed now."""

    name: str
    paused: bool
    #: How many tasks may run at once at most, and how many may now.
    ceiling: int
    limit: int
    #: It fails again and again: only one task at a time probes it, next at ``probe_at``.
    out: bool = False
    probe_at: datetime | None = None
    #: Why its record cannot be read as it stands; empty when it can.
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Depth:
    """The tasks of one target in one state, and when the oldest was enqueued."""

    target: str
    state: TaskState
    count: int
    retries: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class WorkerLife:
    """A worker that was not found dead, and how long it is silent (seconds)."""

    id: str
    pid: int
    silent_s: float
    #: What of its background work keeps failing, as a sentence.
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What is enqueued. ``id`` is the idempotency key; ``owner`` is the fairness unit."""

    id: str
    kind: str
    payload: BaseModel
    target: str
    owner: str
    priority: int = 100
    #: The version of the kind; a worker runs exactly this one.
    version: int = 1
    lane: WorkClass = WorkClass.TRANSFERS


class Context(Protocol):
    """What a handler may do."""

    @property
    def task(self) -> Task:
        """The task being run."""

    async def step(
        self, name: str, function: Callable[..., Awaitable[R]], *arguments: Any
    ) -> R:
        """Run ``function(*arguments)`` once and keep its result (JSON values only)."""

    async def progress(
        self, fraction: float, note: str = "", *, bytes_done: int | None = None
    ) -> None:
        """Tell how far it is (0..1) and give a sign of life; cheap to call often."""

    async def stopped_by_person(self) -> bool:
        """Whether this run was paused or cancelled: for a step that is interrupted, to tell
        a person's wish from a worker that stops or was replaced. False when unknown.
        """

    async def portions(self, portions: Sequence[NewTask]) -> None:
        """Let other tasks do portions of this one, on any worker; returns when all are done.

        Until then this task waits and holds no place; its handler runs again when they are
        over. Not for use inside a step. Portions that are known already stay as they are. One
        that ends dead or is cancelled ends this task, with its error. Whoever cancels, pauses,
        resumes or redrives this task does the same to its portions.
        """

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Wait for the lock of this name and hold it: one run at a time has it, over all
        workers. For moments, inside a step. Raises Unavailable for no database.
        """


Handler = Callable[[Context, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: its name and version, payload model, handler and retry policy.

    ``on_dead`` and ``on_waiting`` tell the owner's record (the ledger) that a task ended
    in failure or waits; ``on_cancelled`` cleans up once its last step has stopped. They
    get the task, are called at least once, and must be idempotent.
    """

    name: str
    payload: type[BaseModel]
    handler: Handler
    version: int = 1
    retry: RetryPolicy = RetryPolicy()
    on_dead: Callable[[Task], Awaitable[None]] | None = None
    on_waiting: Callable[[Task], Awaitable[None]] | None = None
    on_cancelled: Callable[[Task], Awaitable[None]] | None = None


class TaskSubmission(Protocol):
    """Hand tasks in. Raises Unavailable for no database."""

    async def enqueue(self, task: NewTask) -> bool:
        """Store a task; False when this id was there already (nothing changes)."""

    async def enqueue_all(self, tasks: Sequence[NewTask]) -> int:
        """Store many tasks in few transactions; returns how many were not there already.

        Repeated after a crash in its middle it stores the rest.
        """


class TaskControl(TaskSubmission, Protocol):
    """Look at a task, stop it, let it go on. Raises StateConflict where a task's state
    forbids it, TransferNotFound for an unknown id, Unavailable for no database.
    """

    async def get(self, task_id: str) -> Task:
        """Return one task."""

    async def cancel(self, task_id: str) -> None:
        """Stop it for good; a running step is interrupted at its next await."""

    async def pause(self, task_id: str) -> None:
        """Set it aside; finished steps are kept."""

    async def resume(self, task_id: str) -> None:
        """Let a paused or cancelled task go on."""

    async def redrive(self, task_id: str) -> None:
        """Run a dead task again from its failed step, with fresh attempts."""

    async def redrive_all(
        self, *, task_ids: Sequence[str] = (), error_code: str = "", resource: str = ""
    ) -> int:
        """Redrive the dead tasks that fit all that is given; returns how many."""


class TargetControl(Protocol):
    """How hard targets may be pressed. Raises Unavailable for no database."""

    async def pause_resource(self, resource: str, *, paused: bool) -> None:
        """Start no (or again) tasks for a target; running ones go on."""

    async def set_limit(self, resource: str, ceiling: int) -> None:
        """Let at most so many tasks run at once for a target, from now on; raises Invalid
        below one. It holds until the settings name another number than they did before.
        """

    async def configure_limit(self, resource: str, ceiling: int) -> None:
        """Say which limit the settings give a target. It counts when the settings gave
        another one before; else ``set_limit`` has the last word.
        """


class QueueOverview(Protocol):
    """How the queue is, as health, metrics and lists show it. Raises Unavailable for no
    database.
    """

    async def tasks(
        self,
        *,
        states: Sequence[TaskState] = (),
        resource: str = "",
        owner: str = "",
        after: str = "",
        limit: int = 50,
    ) -> list[Task]:
        """List tasks, newest first; ``after`` is the last id of the page before."""

    async def resources(self) -> list[Resource]:
        """List the targets that ever had a task, by name."""

    async def depths(self) -> list[Depth]:
        """Count the tasks by target and state, in one statement however many there are."""

    async def workers(self) -> list[WorkerLife]:
        """List the workers that were not found dead."""


class TaskQueue(TaskControl, TargetControl, QueueOverview, Protocol):
    """The whole queue, for wiring, adapters and suites."""


class TaskWorker(Protocol):
    """Runs tasks in this process until it is stopped."""

    async def start(self) -> None:
        """Begin to take tasks; recover those of dead workers."""

    async def stop(self) -> None:
        """Take no more, hand back what runs, so that another worker takes over at once."""
