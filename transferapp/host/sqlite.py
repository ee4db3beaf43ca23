"""The SQLite of this process: Python's own, with what the task queue misses in an old one.

DBOS 3.4 writes ``unixepoch('subsec')`` from Python 3.12 on, in statements and as a default
of its tables (dbos/_migration.py, dbos/_sys_db.py). SQLite knows ``subsec`` from 3.42 on
(sqlite.org/lang_datefunc.html); 3.38 to 3.41, which Debian 12 has, answer NULL, and older
ones have no ``unixepoch``. A default stays in the database's file: who opens that with an
older Python, or an older SQLite, needs the function, too.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from typing_extensions import override

from transferapp.errors import SettingsInvalid

__all__ = [
    "OLDEST",
    "Dialect",
    "check_new_enough",
    "provide_subseconds",
    "sqlite3",
    "through_ours",
]

#: The oldest that has RETURNING, which the task queue's engine writes.
OLDEST = (3, 35)
#: The first whose ``unixepoch`` takes 'subsec'.
_HAS_SUBSEC = (3, 42)
_DRIVER = "transferapp"


def _driver() -> Any:
    own = importlib.import_module("sqlite3")
    if own.sqlite_version_info >= OLDEST:
        return own
    try:
        return importlib.import_module("pysqlite3")
    except ModuleNotFoundError:
        return own


if TYPE_CHECKING:
    import sqlite3  # noqa: TID251 - here it is chosen
else:
    #: To be imported from here only: two copies of SQLite in one process break each other's
    #: locks on a file (sqlite.org/howtocorrupt.html, 2.2.1).
    sqlite3 = _driver()


class Dialect(SQLiteDialect_pysqlite):
    """SQLAlchemy's SQLite on our module, and with our function."""

    driver = _DRIVER
    supports_statement_cache = True

    @classmethod
    @override
    def import_dbapi(cls) -> Any:
        return sqlite3

    @override
    def on_connect(self) -> Callable[[Any], None]:
        prepare = super().on_connect()

        def connect(connection: Any) -> None:
            prepare(connection)
            provide_subseconds(connection)

        return connect


registry.register(f"sqlite.{_DRIVER}", __name__, Dialect.__name__)


def through_ours(url: sa.URL) -> sa.URL:
    """Return the URL of the same SQLite database that is opened through this module."""
    return url.set(drivername=f"sqlite+{_DRIVER}")


def check_new_enough(engine: sa.Engine) -> None:
    """Refuse a SQLite that the task queue does not run on; raises SettingsInvalid."""
    if engine.dialect.name == "sqlite" and sqlite3.sqlite_version_info < OLDEST:
        raise SettingsInvalid(
            f"SQLite {sqlite3.sqlite_version} of this Python is too old: the server and its"
            " workers need 3.35 or newer. Install one beside it: pip install"
            " 'transferapp[sqlite]'. Or keep the database in PostgreSQL: set"
            " TRANSFERAPP_DATABASE_URL (docs/cli.md)."
        )


def provide_subseconds(connection: sqlite3.Connection) -> None:
    """Let ``unixepoch('subsec')`` answer on this connection, as SQLite 3.42 does."""
    if sqlite3.sqlite_version_info >= _HAS_SUBSEC:
        return
    # Functions of ours may stand in defaults only where the file is trusted.
    connection.execute("PRAGMA trusted_schema=ON")
    connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: object) -> float:
    if modifier not in {"subsec", "subsecond"}:
        # SQLite's own would answer others; nobody asks, and a wrong time is worse than none.
        raise ValueError(f"unixepoch({modifier!r}) is not provided")
    # Seconds of whole milliseconds.
    return time.time_ns() // 1_000_000 / 1000.0
