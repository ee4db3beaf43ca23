"""Locks that one run at a time holds, over all workers of all hosts.

A lock is a lease in the database that its holder renews: of a worker that was killed it is
free again when the lease ends.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import sqlalchemy as sa
import structlog

from transferapp.errors import Unavailable
from transferapp.host.database import reading
from transferapp.host.supervise import supervised
from transferapp.taskqueue.dbos.failures import engine_failures
from transferapp.taskqueue.dbos.schema import database_now, leases

_log = structlog.get_logger(__name__)

#: How long a lock outlives a worker that was killed (seconds).
LEASE_S = 20.0
#: How often who waits asks again (seconds).
_ASK_EVERY_S = 0.05


class Locks:
    """Locks in the database of ``engine``."""

    def __init__(self, engine: sa.Engine, lease_s: float = LEASE_S) -> None:
        """Let locks of the dead end after ``lease_s``."""
        self._engine = engine
        self._lease_s = lease_s

    @asynccontextmanager
    async def hold(self, name: str, holder: str) -> AsyncIterator[None]:
        """Wait for a lock and hold it; ``holder`` is unlike all others. Raises Unavailable
        for no database.
        """
        row = _row_name(name)
        while not await asyncio.to_thread(self._take, row, holder):  # noqa: ASYNC110
            await asyncio.sleep(_ASK_EVERY_S)
        try:
            async with supervised("a lock's lease", partial(self._renew, row, holder)):
                yield
        finally:
            # Also by who is cancelled: others must not wait for the lease to end.
            await asyncio.shield(asyncio.to_thread(self._release, row, holder))

    async def _renew(self, row: str, holder: str) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 4)
            try:
                kept = await asyncio.to_thread(self._take, row, holder)
            except Unavailable as error:
                _log.warning("lock not renewed", error=error.message)
            else:
                if not kept:
                    _log.warning("lock lost: the database was away for too long")

    def _take(self, row: str, holder: str) -> bool:
        """Take or renew it; False when another holder has it. Blocking."""
        with engine_failures():
            with reading(self._engine) as connection:
                # Who only waits takes no lock of the database.
                if self._others(connection, row, holder):
                    return False
            with self._engine.begin() as connection:
                now = database_now(connection)
                free = sa.or_(leases.c.holder == holder, self._over(now))
                mine = {"holder": holder, "until": now + self._lease_s}
                taken = sa.update(leases).where(leases.c.name == row, free).values(mine)
                if connection.execute(taken).rowcount > 0:
                    return True
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(leases).values(name=row, **mine))
            except sa.exc.IntegrityError:
                return False
            return True

    def _others(self, connection: sa.Connection, row: str, holder: str) -> bool:
        held = sa.select(leases.c.name).where(
            leases.c.name == row,
            leases.c.holder != holder,
            ~self._over(database_now(connection)),
        )
        return connection.execute(held).first() is not None

    def _over(self, now: float) -> sa.ColumnElement[bool]:
        # One that ends far in the future is of a clock that went wrong.
        return ~leases.c.until.between(now, now + 2 * self._lease_s)

    def _release(self, row: str, holder: str) -> None:
        with suppress(Unavailable), engine_failures(), self._engine.begin() as connection:
            mine = sa.and_(leases.c.name == row, leases.c.holder == holder)
            connection.execute(sa.delete(leases).where(mine))


def _row_name(name: str) -> str:
    """Return a name that the column holds, however long a person's words are."""
    return "lock " + hashlib.blake2b(name.encode(), digest_size=24).hexdigest()
