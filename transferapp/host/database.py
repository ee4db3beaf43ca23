"""Open the database that a process keeps its truth in: SQLite by default, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random
from typing_extensions import override

from transferapp.host.database_errors import database_errors
from transferapp.host.sqlite import sqlite3, through_ours

#: Seconds that a writer waits for another one on SQLite.
BUSY_TIMEOUT_S = 30
#: Execution option of a transaction that only reads.
_ONLY_READS = "transferapp_only_reads"
#: When a network swallows packets without a word, both ends of a connection notice after
#: some 10 s. By default a client waits for a quarter of an hour, and the server keeps a
#: vanished client's locks for two hours: with them, nobody could take a task. What the
#: URL says itself goes before.
_POSTGRES_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "options": "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2"
    " -c tcp_keepalives_count=3 -c tcp_user_timeout=10000"
    # A process that is frozen in the middle of a transaction answers for ever.
    " -c idle_in_transaction_session_timeout=20000",
}


def sqlite_url(path: Path) -> str:
    """Return the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str) -> sa.Engine:
    """Open an engine; SQLite gets WAL, full sync and one writer at a time.

    Every SQLite transaction begins IMMEDIATE: engines that count before they write
    exceed their limits otherwise (measured, see docs/adr/0004). PostgreSQL's URL gets
    time-outs for connections that died silently. An error's text never shows the values of
    its statement: some of them are secrets.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed = parsed.set(query={**_POSTGRES_PATIENCE, **parsed.query})
        return sa.create_engine(parsed, pool_size=10, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(through_ours(parsed), pool_size=10, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # isolation_level None hands BEGIN to us; pysqlite would begin late and deferred.
    connection.isolation_level = None
    pragmas = (f"busy_timeout={BUSY_TIMEOUT_S * 1000}", "synchronous=FULL", "foreign_keys=ON")
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        _into_wal(connection)
    except sqlite3.Error:
        # Nobody else knows of it yet, so nobody would close it.
        connection.close()
        raise


def _is_busy(error: BaseException) -> bool:
    # The lower byte; the rest tells more precisely with what.
    return (
        isinstance(error, sqlite3.OperationalError)
        and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    )


# A new file's first users turn it into WAL at the same time, for which SQLite does not
# wait: whoever is second is told "locked" at once, whatever busy_timeout says.
@retry(
    retry=retry_if_exception(_is_busy),
    wait=wait_random(0.001, 0.05),
    stop=stop_after_delay(BUSY_TIMEOUT_S),
    reraise=True,
)
def _into_wal(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_immediate(connection: sa.Connection) -> None:
    only_reads = connection.get_execution_options().get(_ONLY_READS, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that only reads; on SQLite it does not wait for writers."""
    with (
        database_errors(),
        engine.connect().execution_options(**{_ONLY_READS: True}) as connection,
    ):
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction that writes; committed when the block ends well."""
    with database_errors(), engine.begin() as connection:
        yield connection


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware time in UTC; SQLite forgets the zone, so it is put back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(
        self, value: datetime | None, dialect: sa.engine.Dialect
    ) -> datetime | None:
        """Store in UTC."""
        return None if value is None else value.astimezone(UTC)

    @override
    def process_result_value(
        self, value: datetime | None, dialect: sa.engine.Dialect
    ) -> datetime | None:
        """Return in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
