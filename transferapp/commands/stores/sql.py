"""Runs of commands in SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from typing_extensions import override

from transferapp.commands.port import (
    Change,
    CommandAttempts,
    CommandRun,
    CommandRuns,
    NewRun,
    OldCommandRuns,
    OutputPiece,
    RunState,
)
from transferapp.commands.stores.schema import SCHEMA, outputs, runs
from transferapp.errors import NotFound, StateConflict
from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade

#: Runs that are forgotten in one transaction.
_PAGE = 50
_ENDED = [str(state) for state in RunState if state.ended]


class SqlCommandRuns(CommandRuns, CommandAttempts, OldCommandRuns):
    """The port on one database; makes its tables when they are missing."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)

    @override
    async def add(self, run: NewRun) -> CommandRun:
        return await asyncio.to_thread(self._add, run)

    @override
    async def get(self, run_id: str) -> CommandRun:
        return await asyncio.to_thread(self._get, run_id)

    @override
    async def runs(
        self, owner: str = "", *, after: str = "", limit: int = 50
    ) -> list[CommandRun]:
        return await asyncio.to_thread(self._list, owner, after, limit)

    @override
    async def begin(self, run_id: str, token: str, *, attempts: int) -> CommandRun:
        values = {
            "state": str(RunState.RUNNING),
            "token": token,
            "attempts": attempts,
            "started_at": self._clock.now(),
            "ended_at": None,
            "exit_code": None,
            "message": "",
        }
        await asyncio.to_thread(self._change, (runs.c.id == run_id,), values)
        return await self.get(run_id)

    @override
    async def append(self, run_id: str, token: str, piece: OutputPiece) -> None:
        await asyncio.to_thread(self._append, run_id, token, piece)

    @override
    async def attempt_ended(self, run_id: str, token: str, change: Change) -> None:
        mine = (runs.c.id == run_id, runs.c.token == token, runs.c.state.not_in(_ENDED))
        values = {**self._values(change), "exit_code": change.exit_code}
        await asyncio.to_thread(self._change, mine, values)

    @override
    async def settle(self, run_id: str, change: Change) -> None:
        still = (runs.c.id == run_id, runs.c.state.not_in(_ENDED))
        await asyncio.to_thread(self._change, still, self._values(change))

    @override
    async def output(self, run_id: str, after: int = 0, limit: int = 1 << 20) -> bytes:
        return await asyncio.to_thread(self._output, run_id, after, limit)

    @override
    async def forget_ended(self, age: timedelta) -> int:
        return await asyncio.to_thread(self._forget, self._clock.now() - age)

    def _add(self, run: NewRun) -> CommandRun:
        row = {
            "id": run.id,
            "command": run.command,
            "owner": run.owner,
            "parameters": dict(run.parameters),
            "state": str(RunState.QUEUED),
            "token": "",
            "attempts": 0,
            "created_at": self._clock.now(),
            "message": "",
            "output_bytes": 0,
            "truncated": False,
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(runs.insert().values(**row))
        except sa.exc.IntegrityError:
            pass  # this request came before
        return self._get(run.id)

    def _get(self, run_id: str) -> CommandRun:
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(runs).where(runs.c.id == run_id)).first()
        if row is None:
            raise NotFound("There is no such run, or it was forgotten.")
        return _run_of(row)

    def _list(self, owner: str, after: str, limit: int) -> list[CommandRun]:
        query = sa.select(runs).order_by(runs.c.created_at.desc(), runs.c.id.desc())
        if owner:
            query = query.where(runs.c.owner == owner)
        if after:
            last = self._get(after)
            position = sa.tuple_(runs.c.created_at, runs.c.id)
            at = sa.literal(last.created_at, runs.c.created_at.type)
            query = query.where(position < sa.tuple_(at, sa.literal(last.id)))
        with reading(self._engine) as connection:
            return [_run_of(row) for row in connection.execute(query.limit(limit))]

    def _values(self, change: Change) -> dict[str, Any]:
        ended_at = self._clock.now() if change.state.ended else None
        return {
            "state": str(change.state),
            "message": change.message,
            "ended_at": ended_at,
        }

    def _change(
        self, wanted: tuple[sa.ColumnElement[bool], ...], values: dict[str, Any]
    ) -> None:
        with writing(self._engine) as connection:
            connection.execute(runs.update().where(*wanted).values(**values))

    def _append(self, run_id: str, token: str, piece: OutputPiece) -> None:
        stop = piece.start + len(piece.text)
        mine = sa.and_(
            runs.c.id == run_id,
            runs.c.token == token,
            runs.c.state == str(RunState.RUNNING),
        )
        with writing(self._engine) as connection:
            locked = sa.select(runs.c.output_bytes).where(mine).with_for_update()
            kept = connection.execute(locked).scalar_one_or_none()
            if kept is None:
                raise StateConflict("The run has ended, or another worker has taken it over.")
            if kept >= stop:
                return  # it arrived before, only its receipt was lost
            piece_row = {"run_id": run_id, "start": piece.start, "stop": stop}
            connection.execute(outputs.insert().values(**piece_row, text=piece.text))
            truncated = sa.or_(runs.c.truncated, sa.literal(piece.cut))
            longer = {"output_bytes": stop, "truncated": truncated}
            connection.execute(runs.update().where(mine).values(**longer))

    def _output(self, run_id: str, after: int, limit: int) -> bytes:
        wanted = (outputs.c.run_id == run_id, outputs.c.stop > after)
        query = sa.select(outputs.c.start, outputs.c.text).where(*wanted)
        ordered = query.where(outputs.c.start < after + limit).order_by(outputs.c.start)
        with reading(self._engine) as connection:
            rows = connection.execute(ordered).all()
        return b"".join(row.text[max(0, after - row.start) :] for row in rows)

    def _forget(self, before: datetime) -> int:
        count = 0
        is_old = runs.c.ended_at < before
        # What another worker forgets just now is left to it.
        old = sa.select(runs.c.id).where(is_old).limit(_PAGE).with_for_update(skip_locked=True)
        # In small transactions: outputs may be large, and others want to write.
        while True:
            with writing(self._engine) as connection:
                ids = connection.execute(old).scalars().all()
                connection.execute(runs.delete().where(runs.c.id.in_(ids), is_old))
            count += len(ids)
            if len(ids) < _PAGE:
                return count


def _run_of(row: sa.Row[Any]) -> CommandRun:
    return CommandRun(
        id=row.id,
        command=row.command,
        owner=row.owner,
        parameters=row.parameters,
        state=RunState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        message=row.message,
        output_bytes=row.output_bytes,
        truncated=row.truncated,
    )
