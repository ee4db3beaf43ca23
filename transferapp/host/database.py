"""Open the database that a process keeps its truth in: SQLite by default, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

#: Seconds that a writer waits for another one on SQLite.
BUSY_TIMEOUT_S = 30


def sqlite_url(path: Path) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str) -> sa.Engine:
    """Open an engine; SQLite gets WAL, full sync and one writer at a time.

    Every SQLite transaction begins IMMEDIATE: engines that count before they write
    exceed their limits otherwise (measured, see docs/adr/0004).
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, pool_size=10, pool_pre_ping=True)
    engine = sa.create_engine(parsed, pool_size=10)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # isolation_level None hands BEGIN to us; pysqlite would begin late and deferred.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
