"""Count the queue for admins and monitoring, in a few statements however long it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from transferapp.host.clock import Clock
from transferapp.host.database import reading
from transferapp.protocol.messages import WorkerView
from transferapp.taskqueue.port import TaskQueue


@dataclass(frozen=True, slots=True)
class QueueTables:
    """What the queue's adapter keeps; handed over where adapters are met."""

    tasks: sa.Table
    workers: sa.Table
    #: The clock of the workers' signs of life (seconds).
    database_now: Callable[[sa.Connection], float]


@dataclass(frozen=True, slots=True)
class Depth:
    """The tasks of one target in one state; ages in seconds."""

    target: str
    state: str
    count: int
    retries: int
    oldest_s: float


class QueueCensus:
    """Reads the queue's tables; changes nothing."""

    def __init__(
        self, engine: sa.Engine, clock: Clock, queue: TaskQueue, tables: QueueTables
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._queue = queue
        self._tables = tables

    async def depths(self) -> list[Depth]:
        """Count tasks by target and state."""
        await self._made()
        return await asyncio.to_thread(self._depths)

    async def workers(self) -> list[WorkerView]:
        """List the workers that were not found dead, and how long they are silent."""
        await self._made()
        return await asyncio.to_thread(self._workers)

    async def _made(self) -> None:
        # The queue makes its tables at its first call.
        await self._queue.tasks(limit=1)

    def _depths(self) -> list[Depth]:
        columns = self._tables.tasks.c
        query = sa.select(
            columns.target,
            columns.state,
            sa.func.count().label("number"),
            sa.func.sum(columns.attempts).label("retries"),
            sa.func.min(columns.created_at).label("oldest"),
        ).group_by(columns.target, columns.state)
        now = self._clock.now().timestamp()
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Depth(r.target, r.state, r.number, int(r.retries), max(0.0, now - r.oldest))
            for r in rows
        ]

    def _workers(self) -> list[WorkerView]:
        with reading(self._engine) as connection:
            now = self._tables.database_now(connection)
            rows = connection.execute(sa.select(self._tables.workers)).all()
        return [
            WorkerView(id=r.id, pid=r.pid, silent_s=round(max(0.0, now - r.seen_at), 3))
            for r in rows
        ]
