"""Which workers live: heartbeats on the database's clock, and one leader by lease."""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path

import psutil
import sqlalchemy as sa

from transferapp.host.database import reading
from transferapp.host.supervise import failing
from transferapp.taskqueue.dbos.schema import database_now, leases, workers
from transferapp.taskqueue.dbos.values import number, text, whole
from transferapp.taskqueue.port import WorkerLife

#: A sign of life of the future is of a clock that went wrong, by more than this (seconds).
_CLOCKS_AGREE_S = 2.0
#: No lease is longer.
_LONGEST_LEASE_S = 3600.0
#: A process's start time is known to about a clock tick; pids are reused.
_SAME_START_S = 1.5


class WorkerRegistry:
    """This worker's row among the living. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine, dead_after_s: float) -> None:
        """Invent this worker's id; silent others count as dead after ``dead_after_s``."""
        self._engine = engine
        self._dead_after_s = dead_after_s
        self._host = host_identity()
        self._pid = os.getpid()
        self.id = f"{platform.node()}:{self._pid}:{uuid.uuid4().hex[:8]}"

    def beat(self) -> None:
        """Show that this worker lives, and what of it keeps failing."""
        with self._engine.begin() as connection:
            now = database_now(connection)
            seen = {"seen_at": now, "trouble": failing()}
            mine = sa.update(workers).where(workers.c.id == self.id).values(seen)
            if connection.execute(mine).rowcount == 0:
                row = {
                    "id": self.id,
                    "host": self._host,
                    "pid": self._pid,
                    "started_at": psutil.Process(self._pid).create_time(),
                    **seen,
                }
                connection.execute(sa.insert(workers).values(row))

    def leave(self) -> None:
        """Take this worker off at once, so that nobody waits for its silence to grow."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(workers).where(workers.c.id == self.id))
            connection.execute(sa.delete(leases).where(leases.c.holder == self.id))

    def living(self) -> set[str]:
        """Return the ids of workers that live, and remove the rows of dead ones."""
        with self._engine.begin() as connection:
            now = database_now(connection)
            # From now on it ages: a dead worker would seem to live until that time.
            future = sa.update(workers).where(workers.c.seen_at > now + _CLOCKS_AGREE_S)
            connection.execute(future.values(seen_at=now))
            rows = connection.execute(sa.select(workers)).mappings().all()
            alive = {row["id"] for row in rows if self._lives(row, now)}
            gone = [row["id"] for row in rows if row["id"] not in alive]
            if gone:
                connection.execute(sa.delete(workers).where(workers.c.id.in_(gone)))
        return alive

    def take_lease(self, name: str, for_s: float) -> bool:
        """Become or stay the one holder of a lease; False when another living worker
        holds it.
        """
        with self._engine.begin() as connection:
            now = database_now(connection)
            mine = {"holder": self.id, "until": now + for_s}
            alive = sa.select(workers.c.id).where(workers.c.id != self.id)
            untrue = leases.c.until > now + _LONGEST_LEASE_S + for_s
            free = sa.or_(leases.c.holder.notin_(alive), leases.c.until < now, untrue)
            taken = sa.update(leases).where(leases.c.name == name, free).values(mine)
            if connection.execute(taken).rowcount > 0:
                return True
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(leases).values(name=name, **mine))
        except sa.exc.IntegrityError:
            return False
        return True

    def _lives(self, row: sa.RowMapping, now: float) -> bool:
        if now - number(row["seen_at"]) > self._dead_after_s:
            return False
        # On this host the kernel knows at once what silence would tell only later.
        if row["host"] != self._host:
            return True
        return _runs(whole(row["pid"]), number(row["started_at"]))


def worker_lives(engine: sa.Engine) -> list[WorkerLife]:
    """List the workers that were not found dead; blocking."""
    with reading(engine) as connection:
        now = database_now(connection)
        rows = connection.execute(sa.select(workers).order_by(workers.c.id)).all()
    return [
        WorkerLife(
            text(r.id),
            whole(r.pid),
            round(max(0.0, now - number(r.seen_at)), 3),
            text(r.trouble),
        )
        for r in rows
    ]


def host_identity() -> str:
    """Name this machine, this boot of it, and this namespace of process ids: where two
    identities are equal, a pid means the same process.
    """
    parts = [platform.node()]
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists():
        parts.append(boot.read_text(encoding="ascii").strip())
    if namespace.exists():
        parts.append(str(namespace.stat().st_ino))
    return ":".join(parts)


def _runs(pid: int, started_at: float) -> bool:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started_at) < _SAME_START_S
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.NoSuchProcess, OverflowError):
        return False
